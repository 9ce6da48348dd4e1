"""The real server on a free loopback port, in the test's event loop."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from tests.support import sample
from tests.support.wire import Answer, parse
from treenail_runtime.app.composition import create_app
from treenail_runtime.app.connecting import Offering
from treenail_runtime.app.registry import Registry
from treenail_runtime.app.serving import listen, serve_app
from treenail_runtime.app.tracing import traced
from treenail_runtime.contract import Connector
from treenail_runtime.edge.asgi import AsgiApp
from treenail_runtime.loading import Connection
from treenail_runtime.settings import Settings
from treenail_runtime.tracing import Traces

CANARY = "s3cr3t-canary-7f2b"
"""The password of every connection in these tests; it must appear nowhere."""


@dataclass(frozen=True)
class Running:
    """A server that answers at `port`."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def raw(self, request: bytes, *, patience_s: float = 1.0) -> bytes:
        """Everything the server sends until it closes the connection, or is silent for a while."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        received = b""
        try:
            writer.write(request)
            await writer.drain()
            async with asyncio.timeout(patience_s):
                while chunk := await reader.read(65536):
                    received += chunk
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()
        return received

    async def request(
        self,
        method: str = "POST",
        path: str = "/mcp",
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Answer:
        """One exchange over a connection of its own."""
        names = {name.lower() for name, _ in headers}
        lines = [f"{method} {path} HTTP/1.1"]
        if "host" not in names:
            lines.append(f"Host: 127.0.0.1:{self.port}")
        if method == "POST" and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in headers]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        return parse(await self.raw(head + body, patience_s=30.0))


def offering(
    upstream_url: str = "http://127.0.0.1:9", connector: Connector = sample.CONNECTOR
) -> Offering:
    """The connector, connected with the canary as its password."""
    return Offering(
        connector=connector,
        connection=Connection(
            values={"email": "ann@example.test", "region": "eu"},
            secrets={"password": SecretStr(CANARY)},
            server_url=upstream_url,
        ),
    )


@asynccontextmanager
async def serving_app(app: AsgiApp, *, drain_seconds: float = 2.0) -> AsyncGenerator[Running]:
    """`app` under Hypercorn, in this event loop."""
    listening, stop = asyncio.Event(), asyncio.Event()
    sock = listen(Settings(port=0))
    running = Running(sock.getsockname()[1])
    task = asyncio.create_task(
        serve_app(
            app,
            sock,
            listening=listening.set,
            stopped=stop.wait,
            drain_seconds=drain_seconds,
        )
    )
    try:
        async with asyncio.timeout(10):
            await listening.wait()
        yield running
    finally:
        stop.set()
        await task


@asynccontextmanager
async def tracing(settings: Settings) -> AsyncGenerator[Traces]:
    """What a server keeps its traces with, as the environment says; all are sent at the end."""
    opened = ExitStack()
    traces = opened.enter_context(traced(settings))
    try:
        yield traces
    finally:
        # The collector may answer from this event loop.
        await asyncio.to_thread(opened.close)


@asynccontextmanager
async def serving(*offerings: Offering, **settings: Any) -> AsyncGenerator[Running]:
    """The product's own application without authorization, in this event loop."""
    registry = Registry.of(offerings or (offering(),))
    chosen = Settings(no_auth=True, **settings)
    async with (
        tracing(chosen) as traces,
        serving_app(create_app(chosen, registry, traces=traces)) as running,
    ):
        yield running
