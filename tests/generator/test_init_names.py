"""Names that `gen init` proposes, over documents made up by hypothesis."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_generator.document import read_document
from treenail_generator.init import Wishes, propose
from treenail_generator.naming import snake_case

IDS = st.text(st.sampled_from("abGet_-./ 1é"), max_size=90)
METHODS = ("get", "put", "post", "delete")
ENDPOINTS = st.tuples(st.sampled_from(METHODS), st.text(st.sampled_from("ab{}/1"), max_size=12))


def is_sound(path: str) -> bool:
    return re.fullmatch(r"(?:[ab1/]|\{[ab1]+\}(?=/|$))*", path) is not None


DOCUMENTS = st.dictionaries(
    ENDPOINTS.filter(lambda each: is_sound(each[1])), st.none() | IDS, max_size=8
)


def names(operations: dict[tuple[str, str], str | None]) -> dict[str, str]:
    """The proposed name of each operation, by its endpoint."""
    paths: dict[str, Any] = {}
    for (method, path), operation_id in operations.items():
        own = {"responses": {"200": {"description": "Done."}}}
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in dict.fromkeys(re.findall(r"\{([^}]+)\}", path))
        ]
        entry = {**own, "parameters": parameters}
        paths.setdefault(f"/{path}", {})[method] = (
            entry if operation_id is None else {**entry, "operationId": operation_id}
        )
    text = json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths})
    document = read_document(text, "specs/t.json")
    wishes = Wishes(name="t", spec="specs/t.json", everything=True)
    proposal = propose(document, wishes, tuple(document.operations))
    return {tool.endpoint: tool.name for tool in proposal.tools}


@pytest.mark.requirement("INIT-LEGAL")
@given(DOCUMENTS)
def test_names_are_legal_and_each_once(operations: dict[tuple[str, str], str | None]) -> None:
    found = list(names(operations).values())

    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in found)
    assert all(len(f"mcp__t__{name}") <= 64 for name in found)


@pytest.mark.requirement("INIT-STABLE")
@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_operations_changes_no_name(
    operations: dict[tuple[str, str], str | None], random: Any
) -> None:
    shuffled = list(operations.items())
    random.shuffle(shuffled)

    assert names(dict(shuffled)) == names(operations)


@pytest.mark.requirement("INIT-STABLE")
@given(DOCUMENTS, DOCUMENTS)
def test_more_operations_never_give_a_name_to_another_operation(
    operations: dict[tuple[str, str], str | None], more: dict[tuple[str, str], str | None]
) -> None:
    before = names(operations)
    after = names(more | operations)

    owners = {name: endpoint for endpoint, name in after.items()}
    assert all(owners.get(name, endpoint) == endpoint for endpoint, name in before.items())


@pytest.mark.requirement("INIT-STABLE")
def test_an_operation_with_other_words_renames_nothing() -> None:
    long = "list" + "OfEverythingThatGrows" * 4
    before = names({("get", "a"): long, ("get", "b"): "getPlot"})
    after = names({("get", "a"): long, ("get", "b"): "getPlot", ("get", "c"): f"{long}Now"})

    assert before.items() <= after.items()
    assert len(set(after.values())) == 3
    assert before["GET /b"] == snake_case("getPlot") == "get_plot"
