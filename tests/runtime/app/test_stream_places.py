"""The places of streams: taken by those that are open, and by nobody else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import connectors_folder
from tests.support.listening import LISTEN, TOOLS
from tests.support.wire import modern, modern_headers
from treenail_runtime.app.composition import create_app
from treenail_runtime.app.registry import open_registry
from treenail_runtime.edge.asgi import AsgiApp, Message, Send
from treenail_runtime.settings import Settings

ANN = {"SAMPLE_EMAIL": "ann@example.test", "SAMPLE_PASSWORD": "p4ssw0rd"}


async def ask(app: AsgiApp, send: Send) -> None:
    """Ask for a stream, as a server whose client neither sends more nor leaves."""
    body = modern(LISTEN, {"notifications": TOOLS})
    given = (
        *modern_headers(LISTEN),
        ("Host", "127.0.0.1:8000"),
        ("Content-Length", str(len(body))),
    )
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given],
        "client": ("127.0.0.1", 50_000),
    }
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else await asyncio.Future[Message]()

    await app(scope, receive, send)


@pytest.mark.requirement("LISTEN-BOUNDS")
@pytest.mark.parametrize("how", ["cancelled", "failed"])
@pytest.mark.parametrize("what", ["http.response.start", "http.response.body"])
async def test_a_stream_that_does_not_get_through_leaves_its_place(
    tmp_path: Path, how: str, what: str
) -> None:
    chosen = Settings(no_auth=True, connectors_dir=connectors_folder(tmp_path), max_streams=1)
    app = create_app(chosen, open_registry(chosen, ANN))
    reached = asyncio.Event()

    async def stuck(message: Message) -> None:
        if message["type"] == what:
            reached.set()
            if how == "failed":
                raise ConnectionResetError
            await asyncio.Future[None]()

    first = asyncio.create_task(ask(app, stuck))
    await reached.wait()
    if how == "cancelled":
        first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    begun = asyncio.Event()
    heads: list[Message] = []

    async def send(message: Message) -> None:
        heads.append(message)
        begun.set()

    second = asyncio.create_task(ask(app, send))
    await begun.wait()
    app.drain()
    await second

    assert dict(heads[0]["headers"])[b"content-type"] == b"text/event-stream"
