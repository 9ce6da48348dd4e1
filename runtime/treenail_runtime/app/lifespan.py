"""What is opened when serving begins, and closed when it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.auth.login import Denied
from treenail_runtime.contract import Connector, ToolContext

from .checking import judge
from .upstreams import Upstreams

Probe: TypeAlias = Callable[[], Awaitable[bool]]
"""Whether something that requests need answers."""


class Part(Protocol):
    """Something that runs as long as the server does."""

    async def start(self) -> None:
        """Begin; returns when it can be used."""
        ...

    async def stop(self) -> None:
        """End, without delay."""
        ...


class Lifespan:
    """Start and stop, in one place: parts stop in the order opposite to their start."""

    def __init__(self) -> None:
        self._is_open = False
        self._parts: list[Part] = []
        self._probes: list[Probe] = []

    def add(self, part: Part) -> None:
        """Have `part` run between start and stop."""
        self._parts.append(part)

    async def join(self, part: Part) -> None:
        """Have `part` run from now on, or from the start if that is still to come."""
        self.add(part)
        if self._is_open:
            await part.start()

    def leave(self, part: Part) -> None:
        """Have nothing more to do with `part`, which ends by itself."""
        self._parts.remove(part)

    def probe(self, probe: Probe) -> None:
        """Ask `probe` before telling that requests can be served."""
        self._probes.append(probe)

    async def is_usable(self) -> bool:
        """Whether requests can be served now."""
        if not self._is_open:
            return False
        return all([await probe() for probe in self._probes])

    async def start(self) -> None:
        """Start every part."""
        for part in self._parts:
            await part.start()
        self._is_open = True

    async def stop(self) -> None:
        """Stop every part."""
        self._is_open = False
        for part in reversed(self._parts):
            await part.stop()


class Closed:
    """Opens itself when it is first used; only its end has to be told."""

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Close it."""
        await self._close()


class Started:
    """Starts at once and ends in its own time."""

    def __init__(self, start: Callable[[], None], stop: Callable[[], Awaitable[None]]) -> None:
        self._start = start
        self._stop = stop

    async def start(self) -> None:
        """Start it."""
        self._start()

    async def stop(self) -> None:
        """End it."""
        await self._stop()


class CredentialChecks:
    """Has the credentials of the environment checked after the start, whatever comes of it."""

    def __init__(
        self, checked: Sequence[tuple[Connector, ToolContext]], upstreams: Upstreams
    ) -> None:
        self._checked = checked
        self._upstreams = upstreams
        self._tasks: list[asyncio.Task[object]] = []

    async def start(self) -> None:
        """Check while requests are served already."""
        self._tasks = [
            asyncio.create_task(self._check(connector, context))
            for connector, context in self._checked
        ]

    async def _check(self, connector: Connector, context: ToolContext) -> None:
        """What comes of it stands in the log, and in the connector's health."""

        def note(reason: str) -> None:
            self._upstreams.check_failed(connector.name, reason)

        if isinstance(await judge(connector, context, note), Denied):
            note("the credentials of the environment are refused")

    async def stop(self) -> None:
        """Leave those that are still waiting."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class ManagerTask:
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
        """Run the manager."""
        self._task = asyncio.create_task(self._run())
        running = asyncio.create_task(self._running.wait())
        await asyncio.wait({self._task, running}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        if self._task.done():
            self._task.result()

    def end(self) -> None:
        """Have its task end, which nobody waits for."""
        self._ending.set()

    async def stop(self) -> None:
        """End its task."""
        self.end()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        async with self._manager.run():
            self._running.set()
            await self._ending.wait()
