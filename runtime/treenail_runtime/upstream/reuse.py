"""Has a connection's reads answered by what it was answered before, where its connector allows it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from typing import TypeAlias

from treenail_runtime.contract import Endpoint, ToolError, UpstreamAnswer
from treenail_runtime.contract.reading import read

from .answer_cache import AnswerCache, Owner, Shelf
from .exchange import OutgoingRequest
from .freshness import allowed_s

Ask: TypeAlias = Callable[[], Awaitable[UpstreamAnswer]]
"""Asks the upstream."""

_PATIENCE = 0.25
"""The part of its time that a read waits for an equal one; then it is sent itself."""


class Reuse:
    """What is held for one connection.

    Args:
        cache: Of all connections.
        owner: This one.
        tell: Has the other workers know that the connection wrote; never fails, and goes on when its
            caller is cancelled. None where there is nobody to tell.
    """

    def __init__(
        self, cache: AnswerCache, owner: Owner, tell: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._cache = cache
        self._owner = owner
        self._tell = tell

    async def answer(
        self, endpoint: Endpoint, outgoing: OutgoingRequest, ask: Ask
    ) -> UpstreamAnswer:
        """What is held, or what the upstream says.

        An equal read that is on its way is waited for. Whatever becomes of it, this one depends on
        it for a part of its time only.
        """
        shelf, what = self._cache.shelf(self._owner), _what(outgoing)
        found = self._cache.find(shelf, what, endpoint.cache_s)
        running = shelf.asking.get(what) if found is None else None
        if running is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(endpoint.timeout_s * _PATIENCE):
                    await running.wait()
            found = self._cache.find(shelf, what, endpoint.cache_s)
        self._cache.count(hit=found is not None)
        return found or await self._asked(shelf, what, endpoint, ask)

    def forget(self) -> int:
        """Ask the upstream from now on; how many answers were held."""
        return self._cache.forget(self._owner)

    async def wrote(self) -> None:
        """Ask the upstream from now on, also in other workers, since something has changed there."""
        self.forget()
        if self._tell is not None:
            await self._tell()

    async def _asked(
        self, shelf: Shelf, what: bytes, endpoint: Endpoint, ask: Ask
    ) -> UpstreamAnswer:
        over = asyncio.Event()
        leads = shelf.asking.setdefault(what, over) is over
        try:
            answer = await ask()
            lasts_s = min(endpoint.cache_s, allowed_s(answer.status, answer.headers))
            if lasts_s > 0 and not answer.is_cut and _is_sound(endpoint, answer):
                self._cache.put(shelf, what, answer, lasts_s)
            return answer
        finally:
            if leads:
                del shelf.asking[what]
                over.set()


def _is_sound(endpoint: Endpoint, answer: UpstreamAnswer) -> bool:
    """Whether a tool can be answered with it.

    The tool reads it once more: another one that asks the same must not get it in between.
    """
    try:
        read(endpoint, answer)
    except ToolError:
        return False
    return True


def _what(outgoing: OutgoingRequest) -> bytes:
    """The whole request, credentials and all, as a digest: whatever may vary is in it."""
    found = sha256()
    for part in _parts(outgoing):
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.digest()


def _parts(outgoing: OutgoingRequest) -> Iterator[bytes]:
    yield outgoing.method.encode()
    yield outgoing.target.encode()
    yield outgoing.body or b""
    for name, value in outgoing.headers.raw:
        yield name.lower()
        yield value
