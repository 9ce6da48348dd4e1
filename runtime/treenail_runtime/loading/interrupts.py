"""Ctrl-C while code of others runs, which may raise the same for reasons of its own."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class _Interrupt:
    """Does what Python does at Ctrl-C, and remembers that it came."""

    came = False

    def __call__(self, _: int, __: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt


@contextmanager
def heeding_interrupts() -> Generator[None]:
    """Raise KeyboardInterrupt at the end if Ctrl-C came, whatever was made of it meanwhile.

    Where signals end somewhere else, or are somebody else's, there is nothing to heed.
    """
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not is_ours:
        yield
        return
    interrupt = _Interrupt()
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if interrupt.came:
            raise KeyboardInterrupt
