"""What is opened when serving begins, and closed when it ends."""

import asyncio

import httpx
import structlog
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.contract import Connector, ToolContext

from .credential_check import check_credentials

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Lifespan:
    """Start and stop, in one place."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        """Own `transport`: it opens itself at its first request and is closed at the end."""
        self.is_ready = False
        self._transport = transport
        self._managers: list[_ManagerTask] = []
        self._checked: list[tuple[Connector, ToolContext]] = []
        self._checks: list[asyncio.Task[None]] = []

    def run(self, manager: StreamableHTTPSessionManager) -> None:
        """Keep `manager` running between start and stop."""
        self._managers.append(_ManagerTask(manager))

    def check(self, connector: Connector, context: ToolContext) -> None:
        """Have the connection's credentials checked after the start."""
        self._checked.append((connector, context))

    async def start(self) -> None:
        """Open everything; the credentials are checked meanwhile, whatever comes of it."""
        for manager in self._managers:
            await manager.start()
        self._checks = [
            asyncio.create_task(check_credentials(connector, context))
            for connector, context in self._checked
        ]
        self.is_ready = True

    async def stop(self) -> None:
        """Close everything."""
        self.is_ready = False
        for check in self._checks:
            check.cancel()
        await asyncio.gather(*self._checks, return_exceptions=True)
        for manager in self._managers:
            await manager.stop()
        await self._transport.aclose()


class _ManagerTask:
    """A session manager in a task of its own.

    `manager.run()` holds a task group, which must be left in the task that entered it; the
    lifespan's two ends run in different tasks under some servers and under pytest.
    """

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self._manager = manager
        self._running = asyncio.Event()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())
        running = asyncio.create_task(self._running.wait())
        await asyncio.wait({self._task, running}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        self._ending.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        async with self._manager.run():
            self._running.set()
            await self._ending.wait()
