"""The open `subscriptions/listen` streams of one worker: who hears what, and when a stream ends.

A stream keeps no queue. That the tools have changed is true or not, however often it was said, so a
client that reads slowly costs what a fast one does.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypeAlias

from treenail_runtime.measures import UNMEASURED, Measures

from .callers import Caller

Word: TypeAlias = Literal["changed", "quiet", "ended"]
"""What a stream has to say: the tools have changed, nothing for a while, or that it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How many streams there may be, and how they are kept open.

    No instance can take all: the last quarter of the places is for those that have less than a
    sixteenth of them.

    Attributes:
        most: Of this worker.
        most_of_grant: Of one login.
        ping_s: After so many seconds without a word a stream shows that it is alive.
    """

    most: int = 1000
    most_of_grant: int = 8
    ping_s: float = 15.0

    def are_left_to_others(self, taken: int, of_instance: int) -> bool:
        """Whether the places that are left, of all that are taken, are for other instances."""
        return 4 * taken >= 3 * self.most and 16 * of_instance >= self.most


class TooManyStreamsError(Exception):
    """There are as many streams as there may be."""


class Stream:
    """One stream, open until it is closed; `with` closes it.

    Attributes:
        connector: Whose tools it is about.
        grant_id: Whose it is; empty where there is no authorization.
        instance_id: Where that listens; empty in the same case.
        may_stay: As of its `Caller`.
        wants_tools: Whether it is to say that the tools have changed.
    """

    __slots__ = (
        "_changed",
        "_ended",
        "_ping_s",
        "_streams",
        "_wake",
        "connector",
        "grant_id",
        "instance_id",
        "may_stay",
        "wants_tools",
    )

    def __init__(
        self, streams: "Streams", caller: Caller, *, wants_tools: bool, ping_s: float
    ) -> None:
        # Not the caller, who holds opened credentials.
        self.connector = caller.context.connector
        self.grant_id = caller.grant_id
        self.instance_id = caller.instance_id
        self.may_stay = caller.may_stay
        self._streams = streams
        self.wants_tools = wants_tools
        self._ping_s = ping_s
        self._wake = asyncio.Event()
        self._changed = False
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give its place to another one."""
        self._streams.leave(self)

    def tools_changed(self) -> None:
        """Have it said, once, that the tools are others; unless nobody wants to hear it."""
        if self.wants_tools:
            self._changed = True
            self._wake.set()

    def end(self) -> None:
        """Have the stream end, after what is still to be said."""
        self._ended = True
        self._wake.set()

    async def next(self) -> Word:
        """The next word, as soon as there is one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._ping_s):
                await self._wake.wait()
        if self._changed:
            self._changed = False
            if not self._ended:
                self._wake.clear()
            return "changed"
        return "ended" if self._ended else "quiet"


class Streams:
    """All of them."""

    def __init__(self, bounds: Bounds | None = None, measures: Measures = UNMEASURED) -> None:
        self._bounds = bounds or Bounds()
        self._measures = measures
        # By the order in which they were opened.
        self._open: dict[Stream, None] = {}
        self._of_grant = Counter[str]()
        self._of_instance = Counter[str]()
        self._is_over = False

    def open(self, caller: Caller, *, wants_tools: bool) -> Stream:
        """A new stream of `caller`, which has its place until it is closed.

        Raises:
            TooManyStreamsError: It would be one too many.
        """
        self._demand_place(caller)
        stream = Stream(self, caller, wants_tools=wants_tools, ping_s=self._bounds.ping_s)
        self._open[stream] = None
        self._of_grant[stream.grant_id] += 1
        self._of_instance[stream.instance_id] += 1
        self._measures.listening(len(self._open))
        if self._is_over:
            stream.end()
        return stream

    def _demand_place(self, caller: Caller) -> None:
        """See to it that there is a place for one more stream of `caller`.

        Raises:
            TooManyStreamsError: There is none.
        """
        bounds, grant, instance = self._bounds, caller.grant_id, caller.instance_id
        of_grant, of_instance = self._of_grant[grant], self._of_instance[instance]
        if len(self._open) >= bounds.most:
            raise TooManyStreamsError("Too many open streams at this server; try again later")
        if grant and of_grant >= bounds.most_of_grant:
            raise TooManyStreamsError(
                f"Too many open streams: {of_grant} of this login are open; close one of them"
            )
        if instance and bounds.are_left_to_others(len(self._open), of_instance):
            raise TooManyStreamsError(
                f"Too many open streams: {of_instance} of this instance are open; try again later"
            )

    def leave(self, stream: Stream) -> None:
        """Forget a stream that is closed."""
        if stream not in self._open:
            return
        del self._open[stream]
        self._measures.listening(len(self._open))
        _one_less(self._of_grant, stream.grant_id)
        _one_less(self._of_instance, stream.instance_id)

    def tools_changed(self, connector: str) -> int:
        """Have it said where `connector` is served that its tools have changed; to how many."""
        hearing = [each for each in self._open if each.connector == connector]
        for stream in hearing:
            stream.tools_changed()
        return len(hearing)

    def everyone(self) -> Sequence[Stream]:
        """Those that are open now."""
        return list(self._open)

    def withdraw(self, connector: str) -> None:
        """End those of a connector that is served no more."""
        for stream in self._open:
            if stream.connector == connector:
                stream.end()

    def end(self) -> None:
        """End all, and each that is still to come."""
        self._is_over = True
        for stream in self._open:
            stream.end()


def _one_less(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
