"""Connectors with hand-written tools alone."""

import pytest

from tests.support.connectors import offering
from tests.support.phorest import CONNECTORS, ROOT, agent, answered
from tests.support.serving import serving
from treenail_generator.build import Built, Sources, build
from treenail_generator.diagnostics import BuildError

TOOL = (CONNECTORS / "samples_custom.py").read_text(encoding="utf-8")
FILE = (CONNECTORS / "samples.yaml").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "specs" / "wikipedia.yaml").read_text(encoding="utf-8")
pytestmark = pytest.mark.requirement("CONN-NO-UPSTREAM")


def built(file: str, document: str | None = None) -> Built:
    return build(
        Sources(
            connector=file,
            connector_name="connectors/samples.yaml",
            spec=document,
            spec_name="specs/samples.yaml" if document is not None else "",
            custom=TOOL,
            custom_name="connectors/samples_custom.py",
        )
    )


def faults(file: str, document: str | None = None) -> list[tuple[int, str, str]]:
    with pytest.raises(BuildError) as refused:
        built(file, document)
    return [(each.location.line, each.code, each.message) for each in refused.value.diagnostics]


def test_it_builds_without_a_document_and_locks_none() -> None:
    done = built(FILE)

    assert [tool.name for tool in done.tools] == ["calculator"]
    assert "specs/" not in done.module
    assert '"spec"' not in done.lock


async def test_it_is_served_without_an_upstream() -> None:
    async with serving(offering("samples", None)) as server, agent(server.url) as client:
        told = await answered(client, "calculator", expression="6 * 7")

    assert told == {"expression": "6 * 7", "result": 42}


def test_what_is_about_an_upstream_needs_a_document() -> None:
    file = FILE.replace("auth: {kind: none}", "auth: {kind: bearer, value: '{token}'}").replace(
        "tools: []\n",
        "tools: [{operation: a, name: a, description: Does it.}]\n"
        "servers: {default: a, regions: {a: {title: A, url: 'https://a.example'}}}\n",
    )

    told = "is about an upstream, and there is no document of one"
    assert faults(file) == [
        (10, "no-document", f"'auth' {told}"),
        (14, "no-document", f"'tools' {told}"),
        (15, "no-document", f"'servers' {told}"),
    ]


def test_a_document_needs_servers() -> None:
    file = FILE + "spec: specs/samples.yaml\n"

    assert faults(file, DOCUMENT) == [(3, "missing-key", "the connector file needs 'servers'")]
