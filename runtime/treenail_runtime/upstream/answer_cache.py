"""Answers of upstreams that are at hand, each for the connection that got it and for no other.

Also where an upstream knows nobody: from how fast an answer comes, one person could otherwise
learn what another has asked.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.contract import UpstreamAnswer
from treenail_runtime.measures import UNMEASURED, CacheFigures, Measures

MOST_BYTES: Final = 32_000_000
_MOST: Final = 10_000
_SHARE: Final = 8
"""One connection gets no more than this part, so that it pushes out its own answers first."""

_BESIDE: Final = 1_000
"""Bytes that an answer takes beside its body and its header fields."""

_FIELDS: Final = ("content-disposition", "link", "location")
"""What `UpstreamAnswer` promises of the header; the rest would take more than most bodies."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose answers they are.

    Attributes:
        instance: Where it calls.
        connection: Who calls.
        version: Another one whenever what was answered before may be wrong: of its credentials,
            of its instance, of what was written through it.
    """

    instance: str
    connection: str
    version: str


@dataclass(frozen=True, slots=True)
class _Held:
    answer: UpstreamAnswer
    at: float
    lasts_s: float
    size: int


@dataclass(slots=True, eq=False)
class Shelf:
    """The answers of one owner until it writes; whoever reads meanwhile keeps to the old shelf.

    Attributes:
        asking: Reads that have been sent, by what is asked; set when they are over.
    """

    owner: Owner
    asking: dict[bytes, asyncio.Event] = field(default_factory=dict[bytes, asyncio.Event])
    held: OrderedDict[bytes, _Held] = field(default_factory=OrderedDict[bytes, _Held])
    size: int = 0


class AnswerCache:
    """What one process holds, the least recently used given up first.

    Args:
        max_bytes: Of all answers together; 0 holds none.
        stopwatch: Where time comes from.
        measures: Told of each look, and of what is held.
    """

    def __init__(
        self,
        max_bytes: int = MOST_BYTES,
        *,
        stopwatch: Stopwatch = monotonic,
        measures: Measures = UNMEASURED,
    ) -> None:
        self._max_bytes = max_bytes
        self._stopwatch = stopwatch
        self._measures = measures
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._used: OrderedDict[tuple[tuple[str, str], bytes], None] = OrderedDict()
        self._size = 0
        self._hits = 0
        self._misses = 0

    @property
    def held(self) -> int:
        """How many answers there are."""
        return len(self._used)

    @property
    def is_on(self) -> bool:
        """Whether anything is ever held."""
        return self._max_bytes > 0

    def figures(self) -> CacheFigures:
        """How much is held, and how often that was enough."""
        return CacheFigures(
            name="responses",
            entries=len(self._used),
            most=_MOST if self.is_on else 0,
            hits=self._hits,
            misses=self._misses,
        )

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._size

    @property
    def connections(self) -> frozenset[str]:
        """Those that have a shelf."""
        return frozenset(connection for _, connection in self._shelves)

    def shelf(self, owner: Owner) -> Shelf:
        """The shelf of `owner`; what an earlier version of it had is gone."""
        key = _key(owner)
        found = self._shelves.get(key)
        if found is None or found.owner != owner:
            self._clear(key)
            found = self._shelves[key] = Shelf(owner)
        return found

    def find(self, shelf: Shelf, what: bytes, lasts_s: float) -> UpstreamAnswer | None:
        """The answer to `what`, when there is one that is not older than `lasts_s` seconds."""
        held = shelf.held.get(what)
        if held is None or not self._is_fresh(held, lasts_s):
            return None
        shelf.held.move_to_end(what)
        self._used.move_to_end((_key(shelf.owner), what))
        return held.answer

    def count(self, *, hit: bool) -> None:
        """Count what came of a request, however often that looked."""
        self._measures.looked_up("responses", hit=hit)
        self._hits += hit
        self._misses += not hit

    def put(self, shelf: Shelf, what: bytes, answer: UpstreamAnswer, lasts_s: float) -> None:
        """Hold an answer that may be used again for `lasts_s` seconds.

        Not one that was asked for before its owner wrote, and not one that is very large. Of its
        header, only what tools need.
        """
        answer = _without_rest(answer)
        key, size = _key(shelf.owner), _size(answer)
        most = self._max_bytes // _SHARE
        if lasts_s <= 0 or size > most or self._shelves.get(key) is not shelf:
            return
        self._drop(shelf, what)
        shelf.held[what] = _Held(answer, self._stopwatch(), lasts_s, size)
        self._used[key, what] = None
        shelf.size += size
        self._size += size
        while shelf.size > most:
            self._drop(shelf, next(iter(shelf.held)))
        while self._size > self._max_bytes or len(self._used) > _MOST:
            (owner, oldest), _ = next(iter(self._used.items()))
            self._drop(self._shelves[owner], oldest)
        self._tell()

    def forget(self, owner: Owner) -> int:
        """Hold nothing of a connection, since it wrote or ended; how much was held."""
        return self._forget([_key(owner)])

    def forget_connections(self, connections: Iterable[str]) -> int:
        """The same of these, by their ids."""
        gone = frozenset(connections)
        return self._forget([key for key in self._shelves if key[1] in gone])

    def forget_where(self, belongs: Callable[[str], bool]) -> int:
        """The same of all connections of the instances to whose ids that applies."""
        return self._forget([key for key in self._shelves if belongs(key[0])])

    def forget_all(self) -> int:
        """The same of everybody."""
        return self._forget([*self._shelves])

    def sweep(self) -> int:
        """Give up what is over, and empty shelves; how much was held."""
        before = len(self._used)
        for key, shelf in [*self._shelves.items()]:
            for what, held in [*shelf.held.items()]:
                if not self._is_fresh(held, held.lasts_s):
                    self._drop(shelf, what)
            if not shelf.held and not shelf.asking:
                del self._shelves[key]
        self._tell()
        return before - len(self._used)

    def _is_fresh(self, held: _Held, lasts_s: float) -> bool:
        return self._stopwatch() - held.at < min(held.lasts_s, lasts_s)

    def _forget(self, keys: Iterable[tuple[str, str]]) -> int:
        count = sum(self._clear(key) for key in keys)
        self._tell()
        return count

    def _clear(self, key: tuple[str, str]) -> int:
        shelf = self._shelves.pop(key, None)
        if shelf is None:
            return 0
        count = len(shelf.held)
        for what in [*shelf.held]:
            self._drop(shelf, what)
        return count

    def _drop(self, shelf: Shelf, what: bytes) -> None:
        held = shelf.held.pop(what, None)
        if held is not None:
            del self._used[_key(shelf.owner), what]
            shelf.size -= held.size
            self._size -= held.size

    def _tell(self) -> None:
        self._measures.holds("responses", len(self._used), self._size)


def _key(owner: Owner) -> tuple[str, str]:
    return owner.instance, owner.connection


def _without_rest(answer: UpstreamAnswer) -> UpstreamAnswer:
    fields = {name: answer.headers[name] for name in _FIELDS if name in answer.headers}
    return replace(answer, headers=fields)


def _size(answer: UpstreamAnswer) -> int:
    fields = sum(len(name) + len(value) for name, value in answer.headers.items())
    return len(answer.body) + fields + _BESIDE
