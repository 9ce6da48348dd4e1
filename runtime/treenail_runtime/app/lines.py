"""The pipes between the workers of a server and their parent, on which nobody waits for the other.

Words ask to read again, to load again. Whoever is stopped, or stuck in a tool, does not read them:
what the pipe has no room for is kept, and sent when it has; what is too much becomes two words
that stand for all of them, but for connectors to be loaded although nothing has changed.
"""

import os
import select
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from .messages import Message

LISTENING: Final = "listening"
RELOAD: Final = "reload"

MOST_WAITING: Final = 1000
"""Words; each is as long as a message at most."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one worker tells the others."""

    text: str


class HungUp(Exception):  # noqa: N818  # nothing went wrong
    """Nobody will say anything more."""


_EVERYTHING: Final = (Word(str(Message("all"))), RELOAD)


class Line:
    """One end of a pipe."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self._waiting: deque[object] = deque()

    def say(self, word: object) -> bool:
        """Send `word`, or keep it; one to an end that is gone is lost.

        Returns:
            Whether it is the first that is kept: from now on, `catch_up` has to be called.
        """
        was_behind = bool(self._waiting)
        self._waiting.append(word)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self._waiting.extend(_EVERYTHING)
        return self.catch_up() and not was_behind

    def catch_up(self) -> bool:
        """Send what was kept, as far as there is room; whether there is any left."""
        while self._waiting and self._has_room():
            # Emptied meanwhile by a signal's handler, or the other end is gone.
            with suppress(IndexError, OSError):
                self.pipe.send(self._waiting.popleft())
        return bool(self._waiting)

    def hear(self) -> object:
        """The next word; None when there is none after all.

        Raises:
            HungUp: There will be no more.
        """
        try:
            return self.pipe.recv()
        except BlockingIOError:
            return None
        except (EOFError, OSError):
            raise HungUp from None

    def hang_up(self) -> None:
        """Say nothing more, which the other end hears behind what was sent; it may still speak."""
        self._waiting.clear()
        with suppress(OSError), socket.socket(fileno=os.dup(self.pipe.fileno())) as both_ways:
            both_ways.shutdown(socket.SHUT_WR)

    def _has_room(self) -> bool:
        """Whether the pipe takes a word whole, at once: they are shorter than what is free then."""
        room = select.poll()
        room.register(self.pipe.fileno(), select.POLLOUT)
        return bool(room.poll(0))
