"""calculator, get_weather and search_web, end to end: the command line, and both eras of MCP."""

import json
from typing import Any

import pytest

from tests.support.commands import run
from tests.support.connectors import ENVIRONMENT, Mocks, offering
from tests.support.phorest import BOTH_ERAS, CONNECTORS, agent, answered
from tests.support.serving import serving

TOOLS: list[tuple[str, str, dict[str, Any]]] = [
    ("samples", "calculator", {"expression": "6 * 7"}),
    ("open_meteo", "get_weather", {"place": "Dublin"}),
    ("wikipedia", "search_web", {"query": "tide tables"}),
]
pytestmark = [
    pytest.mark.requirement("S1-05", "S2-14", "CONN-NO-UPSTREAM", "CONN-WEATHER", "CONN-SEARCH"),
    pytest.mark.parametrize(("connector", "tool", "arguments"), TOOLS),
]


@BOTH_ERAS
async def test_an_agent_gets_an_answer(
    mocks: Mocks, connector: str, tool: str, arguments: dict[str, Any], mode: str
) -> None:
    async with (
        serving(offering(connector, mocks.of(connector))) as server,
        agent(server.url, mode) as client,
    ):
        told = await answered(client, tool, **arguments)

    assert told.get("result", told.get("now", told.get("pages")))


async def test_the_command_line_gets_an_answer(
    mocks: Mocks, connector: str, tool: str, arguments: dict[str, Any]
) -> None:
    mock = mocks.of(connector)
    where = ("--upstream-url", mock.url) if mock is not None else ()
    given = [f"{name}={value}" for name, value in arguments.items()]

    status, out, err = await run(
        *("call", connector, tool, *given, *where), folder=CONNECTORS, environment=ENVIRONMENT
    )

    assert (status, err) == (0, "")
    assert json.loads(out)
