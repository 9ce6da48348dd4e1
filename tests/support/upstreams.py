"""An upstream client for tests: time moves only when the client waits."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from treenail_runtime.contract import CONTRACT_VERSION, Connector, NoAuth
from treenail_runtime.upstream import (
    AiohttpTransport,
    CircuitBreaker,
    Credentials,
    CredentialSource,
    OutgoingRequest,
    Reuse,
    Routes,
    Timing,
    UpstreamClient,
    WholeResponse,
)

FIELDS = httpx.Headers({"Accept": "application/json", "User-Agent": "test"})
NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@dataclass
class FakeTime:
    """A stopwatch that only `sleep` and the test move; `slept` lists the pauses."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    async def sleep(self, pause_s: float) -> None:
        self.slept.append(pause_s)
        self.seconds += pause_s

    @property
    def timing(self) -> Timing:
        return Timing(
            stopwatch=lambda: self.seconds,
            now=lambda: NOON,
            sleep=self.sleep,
            jitter=lambda: 0.5,
        )


def connector(**facts: Any) -> Connector:
    """A connector without tools."""
    base: dict[str, Any] = {
        "contract": CONTRACT_VERSION,
        "name": "sample",
        "title": "Sample",
        "version": "1.0.0",
        "instructions": "",
        "servers": {},
        "default_server": "",
        "auth": NoAuth(),
        "tools": (),
    }
    return Connector(**(base | facts))


def mocked(
    handler: Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]],
    *,
    time: FakeTime | None = None,
    breaker: CircuitBreaker | None = None,
    credentials: CredentialSource | None = None,
    refused: Callable[[int], None] | None = None,
    reuse: Reuse | None = None,
    server: str = "http://upstream.test/v1",
    **facts: Any,
) -> UpstreamClient:
    """A client whose upstream is the function `handler`."""
    return UpstreamClient(
        connector(**facts),
        Routes(server, _breakers(server, breaker)),
        credentials or Credentials(),
        httpx.MockTransport(handler),
        (time or FakeTime()).timing,
        refused=refused,
        reuse=reuse,
    )


@asynccontextmanager
async def connected(
    url: str,
    *,
    time: FakeTime | None = None,
    breaker: CircuitBreaker | None = None,
    credentials: CredentialSource | None = None,
    transport: AiohttpTransport | None = None,
    **facts: Any,
) -> AsyncGenerator[UpstreamClient]:
    """A client that talks to the server at `url` over the real transport."""
    wire = transport or AiohttpTransport()
    try:
        yield UpstreamClient(
            connector(**facts),
            Routes(url, _breakers(url, breaker)),
            credentials or Credentials(),
            wire,
            (time or FakeTime()).timing,
        )
    finally:
        await wire.aclose()


def _breakers(url: str, breaker: CircuitBreaker | None) -> dict[str, CircuitBreaker]:
    return {url: breaker} if breaker else {}


def outgoing(
    url: str,
    method: str = "GET",
    *,
    body: bytes | None = None,
    max_bytes: int = 10_000,
    repeatable: bool = False,
    headers: httpx.Headers = FIELDS,
) -> OutgoingRequest:
    """A request as the client makes it."""
    return OutgoingRequest(method, url, headers, body, max_bytes=max_bytes, repeatable=repeatable)


async def sent(request: httpx.Request) -> WholeResponse:
    """The answer to `request` over a transport of its own."""
    async with AiohttpTransport() as transport:
        return await transport.handle_async_request(request)
