"""The Phorest connector word for word: its module, what is published, and what each tool does.

After an intended change: `make test ARGS="tests/connectors --snapshot-update"`, then read the diff.
"""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.support import exchanges
from tests.support.exchanges import richest, shortened
from tests.support.mock_upstream import MockUpstream
from tests.support.phorest import (
    CONNECTORS,
    ROOT,
    agent,
    answered,
    phorest,
    tool_requests,
)
from tests.support.serving import serving
from tests.support.wire import JSON_HEADERS, modern, modern_headers, rpc
from treenail_generator.build import Built, build
from treenail_generator.cli.files import read_sources
from treenail_generator.project import Project
from treenail_runtime.loading import load_connector

TOOLS = {tool.name: tool for tool in load_connector(CONNECTORS, "phorest").tools}


class ModuleExtension(SingleFileSnapshotExtension):
    """A snapshot that is a Python file."""

    _write_mode = WriteMode.TEXT
    file_extension = "py"


@pytest.fixture(scope="module")
def built() -> Built:
    return build(read_sources(Project(ROOT), "phorest"))


def sent(mock: MockUpstream) -> dict[str, Any] | None:
    """The one request since the last reset; None without any."""
    requests = tool_requests(mock)
    if not requests:
        return None
    (request,) = requests
    return exchanges.sent(request)


def test_the_module_is_built_word_for_word(built: Built, snapshot: SnapshotAssertion) -> None:
    assert built.module == snapshot(extension_class=ModuleExtension)


@pytest.mark.requirement("RS-24", "S0-45")
async def test_tools_list_is_published_like_this_in_both_eras(
    mock_upstream: MockUpstream, snapshot: SnapshotAssertion
) -> None:
    async with serving(phorest(mock_upstream.url)) as server:
        now = await server.request(body=modern("tools/list"), headers=modern_headers("tools/list"))
        before = await server.request(body=rpc("tools/list"), headers=JSON_HEADERS)

    assert before.json["result"]["tools"] == now.json["result"]["tools"]
    assert now.json["result"] == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.requirement("S0-16", "OAS-STYLE")
@pytest.mark.parametrize("name", TOOLS)
async def test_a_tool_sends_and_answers_this(
    built: Built,
    mock_upstream: MockUpstream,
    phorest_url: str,
    snapshot: SnapshotAssertion,
    name: str,
) -> None:
    """With its example, which also is answered, and with all of its arguments."""
    example, everything = dict(TOOLS[name].example), richest(built, name)

    mock_upstream.reset()
    async with agent(phorest_url) as client:
        answer = await answered(client, name, **example)
        sent_for_example = sent(mock_upstream)
        mock_upstream.reset()
        await client.call_tool(name, everything)
        sent_for_everything = sent(mock_upstream)

    assert {
        "example": {
            "arguments": example,
            "request": sent_for_example,
            "answer": shortened(answer),
        },
        "everything": {"arguments": everything, "request": sent_for_everything},
    } == snapshot(extension_class=JSONSnapshotExtension)
