"""Annotations against each other, and against the method."""

import pytest

from tests.generator.lint.small import build_small, found, told
from treenail_generator.build import Built


def annotated(operation: str, name: str, annotations: str) -> Built:
    return build_small(f"""
        - operation: {operation}
          name: {name}
          title: Does it
          description: Does to one order what its name says.
          annotations: {{{annotations}}}
    """)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("getOrder", "get_order"),
        ("createOrder", "create_order"),
        ("replaceOrder", "replace_order"),
        ("deleteOrder", "delete_order"),
    ],
)
def test_annotations_inferred_from_the_method_pass(operation: str, name: str) -> None:
    assert found("annotations", annotated(operation, name, "")) == []


@pytest.mark.parametrize(
    ("operation", "annotations", "message"),
    [
        ("deleteOrder", "read_only: true", "is annotated read-only, but DELETE changes something"),
        ("replaceOrder", "read_only: true", "is annotated read-only, but PUT changes something"),
        ("deleteOrder", "destructive: false", "is not annotated destructive, although it deletes"),
        ("createOrder", "idempotent: true", "is annotated idempotent, but POST is not by itself"),
        ("getOrder", "read_only: false", "is not annotated read-only, although GET only reads"),
    ],
)
def test_annotation_against_the_method_is_told_but_the_file_may_know_better(
    operation: str, annotations: str, message: str
) -> None:
    findings = found("annotations", annotated(operation, "do_it", annotations))

    assert ("info", "do_it", message) in told(findings)
    assert {each.severity for each in findings} == {"info"}


def test_read_only_tool_cannot_be_destructive() -> None:
    findings = found("annotations", annotated("getOrder", "get_order", "destructive: true"))

    assert told(findings) == [
        ("warning", "get_order", "is annotated read-only and destructive at once")
    ]


def test_read_only_tool_cannot_fail_to_be_idempotent() -> None:
    findings = found("annotations", annotated("getOrder", "get_order", "idempotent: false"))

    assert told(findings) == [
        ("warning", "get_order", "is annotated read-only, but not idempotent")
    ]


@pytest.mark.parametrize("name", ["search_orders", "checkOrders", "list-orders"])
def test_post_that_reads_by_its_name_is_found(name: str) -> None:
    """Clients ask before writes; a search that counts as one asks each time."""
    findings = found("annotations", annotated("createOrder", name, ""))

    assert told(findings) == [
        ("warning", name, "reads by its name, but counts as a write because it is a POST")
    ]


def test_post_that_is_annotated_as_reading_passes() -> None:
    assert found("annotations", annotated("createOrder", "search_orders", "read_only: true")) == []
