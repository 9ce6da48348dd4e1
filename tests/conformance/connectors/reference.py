"""What the conformance suite asks of a server's tools, as far as a connector can answer it."""

import os
import re
import signal
from pathlib import Path
from typing import Annotated

from pydantic import Field

from treenail_runtime.contract import (
    CONTRACT_VERSION,
    Annotations,
    Connector,
    Input,
    JsonObject,
    NoAuth,
    Server,
    Tool,
    ToolContext,
    ToolError,
)

_LOCAL = Annotations(read_only=True, destructive=False, idempotent=True, open_world=False)


class Nothing(Input):
    """No arguments."""


class Region(Input):
    region: Annotated[
        str, Field(description="Where.", json_schema_extra={"x-mcp-header": "Region"})
    ]


async def simple_text(_: Nothing, __: ToolContext) -> JsonObject:
    return {"text": "This is a simple text response for testing."}


async def failing(_: Nothing, __: ToolContext) -> JsonObject:
    raise ToolError("This tool intentionally returns an error for testing")


async def in_region(arguments: Region, _: ToolContext) -> JsonObject:
    return {"region": arguments.region}


async def trigger_tool_change(_: Nothing, __: ToolContext) -> JsonObject:
    _change(Path(__file__))
    os.kill(os.getpid(), signal.SIGHUP)
    return {"changed": True}


def _change(module: Path) -> None:
    """Write this module with another description, for the server to load it."""
    text = module.read_text(encoding="utf-8")
    count = re.search(r"(?<=Changed )\d+", text)
    assert count is not None
    module.write_text(
        f"{text[: count.start()]}{int(count[0]) + 1}{text[count.end() :]}", encoding="utf-8"
    )


CONNECTOR = Connector(
    contract=CONTRACT_VERSION,
    name="reference",
    title="Reference",
    version="1.0.0",
    instructions="For the conformance suite.",
    servers={"only": Server("Only", "http://127.0.0.1:9")},
    default_server="only",
    auth=NoAuth(),
    tools=(
        Tool(
            name="test_simple_text",
            title="Simple text",
            description="Answers with a text.",
            arguments=Nothing,
            run=simple_text,
            annotations=_LOCAL,
        ),
        Tool(
            name="test_error_handling",
            title="Error",
            description="Always fails.",
            arguments=Nothing,
            run=failing,
            annotations=_LOCAL,
        ),
        Tool(
            name="test_x_mcp_header",
            title="Region",
            description="Takes an argument that is repeated in a header.",
            arguments=Region,
            run=in_region,
            annotations=_LOCAL,
        ),
        Tool(
            name="test_trigger_tool_change",
            title="Change",
            description="Changes the list of tools. Changed 0 times.",
            arguments=Nothing,
            run=trigger_tool_change,
            annotations=_LOCAL,
        ),
    ),
)
