"""SIGHUP before there is somebody to obey it: kept in mind, as it would end the process."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

HANGUP: Final = getattr(signal, "SIGHUP", None)
"""Has connectors loaded again; None where there is no such signal."""


class _HeldBack:
    """Remembers whether a signal came."""

    came = False

    def __call__(self, _: int, __: FrameType | None) -> None:
        self.came = True


def hold_back_hangups() -> None:
    """Have them wait until one of the others below is called."""
    if HANGUP is not None:
        signal.signal(HANGUP, _HeldBack())


def obey_hangups(obey: Callable[[], None]) -> None:
    """Have the running loop call `obey` for each, and for those that were held back."""
    if HANGUP is None:
        return
    loop, before = asyncio.get_running_loop(), signal.getsignal(HANGUP)
    loop.add_signal_handler(HANGUP, obey)
    if _was_held(before):
        obey()


def pass_on_hangups(obey: Callable[[], None]) -> None:
    """The same, where no loop runs."""
    if HANGUP is not None and _was_held(signal.signal(HANGUP, lambda _, __: obey())):
        obey()


@contextmanager
def without_hangups() -> Generator[None]:
    """Have processes that are started meanwhile get none before they call `ignore_hangups`.

    Whoever signals the whole group means the parent; a process that has only begun would end of it.
    """
    if HANGUP is None:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {HANGUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_hangups() -> None:
    """Take none, neither those that were kept away so far."""
    if HANGUP is not None:
        signal.signal(HANGUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {HANGUP})


def _was_held(handler: object) -> bool:
    return isinstance(handler, _HeldBack) and handler.came
