"""A client that keeps a `subscriptions/listen` stream open, and reads it frame by frame."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.support.wire import modern, modern_headers

LISTEN = "subscriptions/listen"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
CHANGED = "notifications/tools/list_changed"
ENDED = "ended"
CUT = "cut"
TOOLS = {"toolsListChanged": True}


@dataclass
class Heard:
    """A stream, or the refusal of one.

    Attributes:
        response: Its head has come.
    """

    response: aiohttp.ClientResponse

    async def json(self) -> Any:
        """The whole answer where it is no stream."""
        return json.loads(await self.response.text())

    async def frame(self) -> bytes:
        """The next frame, comments included; nothing at the end."""
        try:
            return (await self.response.content.readuntil(b"\r\n\r\n")).strip()
        except aiohttp.ClientPayloadError:
            return CUT.encode()

    async def message(self) -> Any:
        """The next JSON-RPC message; None when there is none any more."""
        while (frame := await self.frame()).startswith(b":"):
            pass
        return json.loads(frame.partition(b"data: ")[2]) if frame.startswith(b"event:") else None

    async def word(self) -> str:
        """What the next message is: a method, `ended`, or `cut` for an end without a result."""
        message = await self.message()
        if message is None:
            return CUT
        return ENDED if "result" in message else message["method"]

    async def rest(self) -> list[str]:
        """All words from here to the end."""
        words = [await self.word()]
        while words[-1] not in {ENDED, CUT}:
            words.append(await self.word())
        return words


@asynccontextmanager
async def listening(
    url: str,
    token: str = "",
    *,
    wanted: Mapping[str, object] = TOOLS,
    identifier: object = "s-1",
    headers: Mapping[str, str] | None = None,
) -> AsyncGenerator[Heard]:
    """Ask for a stream; leaving the block closes it."""
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    body = modern(LISTEN, {"notifications": dict(wanted)}, identifier)
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            url, data=body, headers={**dict(modern_headers(LISTEN)), **shown, **(headers or {})}
        ) as response,
    ):
        yield Heard(response)


@asynccontextmanager
async def acknowledged(url: str, token: str = "", **asked: Any) -> AsyncGenerator[Heard]:
    """As `listening`, of a stream that has begun."""
    async with listening(url, token, **asked) as heard:
        assert heard.response.status == 200, await heard.json()
        assert await heard.word() == ACKNOWLEDGED
        yield heard
