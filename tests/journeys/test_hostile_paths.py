"""Values that want out of their path segment, in every path parameter of every tool.

Each is refused before anything is sent, which the upstream's own log confirms.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pydantic
import pytest

from tests.support.mock_upstream import MockUpstream
from tests.support.phorest import CONNECTORS, ENVIRONMENT, agent, refused, tool_requests
from treenail_runtime.contract import Input, Request, Tool, ToolContext, UpstreamAnswer
from treenail_runtime.loading import load_connector

HOSTILE: Final = {
    "parent": "..",
    "sibling": "../x",
    "self": ".",
    "slash": "a/b",
    "backslash": "a\\b",
    "encoded": "%2e%2e",
    "twice encoded": "%252e%252e%252fx",
    "query": "a?b=c",
    "fragment": "a#b",
    "path parameter": "..;/x",
    "null": "a\x00b",
    "newline": "a\n",
    "carriage return": "a\r\nX-Evil: 1",
    "space": "a b",
    "empty": "",
    "long": "a" * 5000,
    "fullwidth dots": "\uff0e\uff0e",
    "two-dot leader": "\u2025",
    "combining": "a\u0338",
}
MARK: Final = "zz-mark"


class SentError(Exception):
    """Ends a call that would have been sent."""


@dataclass
class Recorder:
    """An upstream that keeps what it should have sent."""

    paths: list[str] = field(default_factory=list[str])

    async def send(self, request: Request) -> UpstreamAnswer:
        self.paths.append(request.path)
        raise SentError


async def _run(tool: Tool, arguments: Input, context: ToolContext) -> None:
    await tool.run(arguments, context)


def is_in_path(tool: Tool, name: str) -> bool:
    """Whether the tool writes its argument `name` into the path of its request."""
    recorder = Recorder()
    connection = {"business_id": "b1", "branch_id": ENVIRONMENT["PHOREST_BRANCH_ID"]}
    try:
        arguments = tool.arguments.model_validate({**tool.example, name: MARK})
        asyncio.run(_run(tool, arguments, ToolContext("phorest", connection, recorder)))
    except (SentError, pydantic.ValidationError):
        pass
    return any(MARK in path for path in recorder.paths)


def path_arguments() -> Iterator[tuple[str, str]]:
    """Tool and argument, for each argument that becomes a segment of a path."""
    for tool in load_connector(CONNECTORS, "phorest").tools:
        for name in tool.input_schema.get("properties", {}):
            if is_in_path(tool, name):
                yield tool.name, name


PATH_ARGUMENTS: Final = list(path_arguments())


def test_the_path_arguments_are_these() -> None:
    by_name: dict[str, list[str]] = {}
    for tool, name in PATH_ARGUMENTS:
        by_name.setdefault(name, []).append(tool)

    assert by_name == {
        "branch_id": [
            "list_staff",
            "get_staff",
            "list_services",
            "get_service",
            "list_products",
            "list_appointments",
            "get_appointment",
            "check_availability",
            "create_booking",
            "list_rooms",
            "get_room",
        ],
        "staff_id": ["get_staff"],
        "service_id": ["get_service"],
        "client_id": ["get_client", "update_client", "list_purchase_items"],
        "appointment_id": ["get_appointment"],
        "voucher_id": ["get_voucher"],
        "room_id": ["get_room"],
    }


@pytest.mark.requirement("S0-09", "S0-33", "T-112", "T-113", "V-09")
@pytest.mark.parametrize(("tool", "name"), PATH_ARGUMENTS, ids=map(".".join, PATH_ARGUMENTS))
async def test_no_hostile_value_reaches_the_upstream(
    mock_upstream: MockUpstream, phorest_url: str, tool: str, name: str
) -> None:
    mock_upstream.reset()
    (found,) = (each for each in load_connector(CONNECTORS, "phorest").tools if each.name == tool)
    example: dict[str, Any] = dict(found.example)

    async with agent(phorest_url) as client:
        texts = {
            case: await refused(client, tool, **(example | {name: value}))
            for case, value in HOSTILE.items()
        }

    assert tool_requests(mock_upstream) == []
    for case, text in texts.items():
        assert text.startswith(f"{name}: "), case
        assert "Nothing was sent." in text, case


@pytest.mark.requirement("S0-33")
async def test_the_same_values_are_harmless_where_they_are_data(
    mock_upstream: MockUpstream, phorest_url: str
) -> None:
    """In a query or a body they arrive as they were given."""
    mock_upstream.reset()
    sent = [value for value in HOSTILE.values() if value]

    async with agent(phorest_url) as client:
        for value in sent:
            await client.call_tool("list_clients", {"external_id": value})

    paths = {request["path"] for request in tool_requests(mock_upstream)}
    assert {path.removeprefix("/third-party-api-server") for path in paths} == {
        "/api/business/b1/client"
    }
    assert len(tool_requests(mock_upstream)) == len(sent)
