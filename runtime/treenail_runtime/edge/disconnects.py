"""Stop working for a client that has gone away."""

import asyncio
from types import TracebackType
from typing import Final, Self

from .asgi import Receive

_AFTER_SECONDS: Final = 0.1
"""Most calls are done by then, and are spared the task that watches."""


class CancelledWhenGone:
    """`with`: cancels the block when the client closes its connection, and ends it quietly.

    MCP 2026-07-28, Transports: closing the response stream is how a client cancels. Earlier
    versions say the opposite, so this is not for them.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(_AFTER_SECONDS, self._watch)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if not self._gone or kind is not asyncio.CancelledError or self._task is None:
            return False
        return self._task.uncancel() == 0

    def _watch(self) -> None:
        self._watcher = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel()
