"""The provider on a loopback port, in this event loop or as a program."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from treenail_runtime.app.serving import serve_app
from treenail_runtime.clock import Clock, utc_now

from .app import make_app
from .ledger import FakeClient
from .modes import Mode, ModeName
from .provider import FakeProvider

_DRAIN_S: Final = 1.0
_HOST: Final = "127.0.0.1"


@asynccontextmanager
async def serving_provider(
    mode: ModeName | Mode = "oidc",
    *,
    clients: Iterable[FakeClient] = (),
    clock: Clock = utc_now,
    port: int = 0,
) -> AsyncGenerator[FakeProvider]:
    """A provider that answers for as long as the block lasts."""
    sock = socket.create_server((_HOST, port))
    base_url = f"http://{_HOST}:{sock.getsockname()[1]}"
    provider = FakeProvider(base_url, mode, clients=clients, clock=clock)
    listening, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(
        serve_app(
            make_app(provider),  # pyright: ignore[reportArgumentType]  # Quart names its own ASGI types
            sock,
            listening=listening.set,
            stopped=stop.wait,
            drain_seconds=_DRAIN_S,
        )
    )
    try:
        await listening.wait()
        yield provider
    finally:
        provider.switches.recover()
        stop.set()
        await task
