"""A listening socket that knows its connections, so that one can be reset."""

import socket
import struct
from weakref import WeakValueDictionary

from typing_extensions import override

# struct linger: on, and no time for what was not sent yet, so that closing sends RST.
_LINGER = struct.pack("ii", 1, 0)


class Connection(socket.socket):
    """An accepted connection."""

    is_reset = False

    def reset(self) -> None:
        """End it: its owner reads an end of file, closes it, and the peer sees a reset."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self.is_reset = True
        super().shutdown(socket.SHUT_RD)

    @override
    def shutdown(self, how: int, /) -> None:
        """Say nothing to the peer after a reset: a polite end would come before it."""
        if not self.is_reset:
            super().shutdown(how)


class Connections(socket.socket):
    """A listening socket."""

    _open: "WeakValueDictionary[tuple[str, int], Connection]"

    @classmethod
    def listen_on(cls, host: str, port: int) -> "Connections":
        """Listen on a TCP port; 0 takes a free one.

        Raises:
            OSError: The port is taken, or the host is not here.
        """
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = cls(family, kind, protocol)
        listening._open = WeakValueDictionary()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
        listening.setblocking(False)
        listening.listen()
        return listening

    @override
    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        """As usual, and remember the connection as long as somebody holds it."""
        plain, address = super().accept()
        connection = Connection(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self._open[address[:2]] = connection
        return connection, address

    def reset(self, client: tuple[str, int]) -> bool:
        """Reset the connection of that client; False when there is none."""
        connection = self._open.get(client[:2])
        if connection is not None:
            connection.reset()
        return connection is not None
