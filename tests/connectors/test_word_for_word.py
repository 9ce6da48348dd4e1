"""Every connector but Phorest word for word: what is published, and what each tool does.

`gen check --all` compares the modules with their inputs. After an intended change:
`make test ARGS="tests/connectors --snapshot-update"`, then read the diff.
"""

from functools import cache
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.support.connectors import Mocks, offering, tool_requests
from tests.support.exchanges import richest, shortened
from tests.support.phorest import CONNECTORS, ROOT, agent, answered
from tests.support.serving import serving
from tests.support.wire import JSON_HEADERS, modern, modern_headers, rpc
from treenail_generator.build import Built, build
from treenail_generator.cli.files import read_sources
from treenail_generator.project import Project
from treenail_runtime.loading import load_connector

NAMES = [name for name in Project(ROOT).names() if name != "phorest"]
TOOLS = [
    pytest.param(name, tool.name, id=f"{name}-{tool.name}")
    for name in NAMES
    for tool in load_connector(CONNECTORS, name).tools
]


@cache
def built(name: str) -> Built:
    return build(read_sources(Project(ROOT), name))


@pytest.mark.requirement("CONN-ALL")
@pytest.mark.parametrize("name", NAMES)
async def test_tools_list_is_published_like_this_in_both_eras(
    mocks: Mocks, snapshot: SnapshotAssertion, name: str
) -> None:
    async with serving(offering(name, mocks.of(name))) as server:
        now = await server.request(body=modern("tools/list"), headers=modern_headers("tools/list"))
        before = await server.request(body=rpc("tools/list"), headers=JSON_HEADERS)

    assert before.json["result"]["tools"] == now.json["result"]["tools"]
    assert now.json["result"] == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.requirement("CONN-ALL")
@pytest.mark.parametrize(("name", "tool"), TOOLS)
async def test_a_tool_sends_and_answers_this(
    mocks: Mocks, snapshot: SnapshotAssertion, name: str, tool: str
) -> None:
    """With its example, which also is answered, and with all of its arguments."""
    (declared,) = (each for each in load_connector(CONNECTORS, name).tools if each.name == tool)
    mock, told = mocks.of(name), dict[str, Any]()
    async with serving(offering(name, mock)) as server, agent(server.url) as client:
        example = dict(declared.example)
        answer = await answered(client, tool, **example)
        told["example"] = {"arguments": example, "answer": shortened(answer)}
        if mock is not None:
            told["example"]["requests"] = tool_requests(name, mock)
            mock.reset()
            if everything := richest(built(name), tool):
                await client.call_tool(tool, everything)
                told["everything"] = {
                    "arguments": everything,
                    "requests": tool_requests(name, mock),
                }

    assert told == snapshot(extension_class=JSONSnapshotExtension)
