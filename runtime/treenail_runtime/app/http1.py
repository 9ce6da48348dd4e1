"""HTTP/1.1 to the letter and nothing else, by connections that end when their client leaves.

Hypercorn 0.18 has no settings for any of it, so two of its classes are replaced by their heirs; and
h11 0.16 is lenient about line ends, so its buffer is.
"""

import re
from typing import Any, Final, NoReturn

import h11
from h11._receivebuffer import ReceiveBuffer  # pyright: ignore[reportPrivateUsage]  # no public name
from hypercorn import protocol as hypercorn_protocol
from hypercorn.asyncio import run as hypercorn_run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, Event, Updated
from hypercorn.protocol.h11 import H11Protocol
from typing_extensions import override

_VERSIONS: Final = frozenset({b"1.0", b"1.1"})
_VERSION_NOT_SUPPORTED: Final = 505
_BAD_REQUEST: Final = 400

_WEB_SOCKET: Final = (b"upgrade", b"websocket")
_CRLF: Final = b"\r\n"
_HEAD_END: Final = b"\r\n\r\n"
_BARE_OR_FOLDED: Final = re.compile(rb"\n(?:(?<!\r\n)|[ \t])")


def mend_hypercorn() -> None:
    """Have Hypercorn serve by the classes of this module, in this process."""
    setattr(hypercorn_run, "TCPServer", EndingConnection)  # noqa: B010  # no public name to assign
    setattr(hypercorn_protocol, "H11Protocol", Http1Protocol)  # noqa: B010  # the same


class UnservedError(Exception):
    """The request was answered and the connection closed; there is nothing left to read."""


class EndingConnection(TCPServer):
    """One client's connection.

    Hypercorn's own waits for the end of its keep-alive time after the client has closed, and keeps
    the descriptor until then: clients that come and go take all descriptors there are.
    """

    _left = False

    @override
    async def protocol_send(self, event: Event) -> None:
        # An answer that nobody waits for any more would begin another keep-alive time.
        if not (self._left and isinstance(event, Updated)):
            await super().protocol_send(event)

    @override
    async def _read_data(self) -> None:
        try:
            await super()._read_data()
        except UnservedError:
            return
        finally:
            self._left = True
            await self.idle_task.stop()


class StrictLines(ReceiveBuffer):
    """Heads of requests, and trailers, whose lines end in CRLF and are not folded.

    h11 takes a bare LF for a line end and joins folded lines (both allowed by RFC 9112, sections 2.2
    and 5.2, and both read differently by other software): what is one header to us may be two to a
    proxy. Neither leaves a trace in what h11 hands on.
    """

    _searched = 0

    @override
    def maybe_extract_lines(self) -> list[bytearray] | None:
        if self._data.startswith(_CRLF):
            self._searched = 0
            self._extract(len(_CRLF))
            return []
        end = self._data.find(_HEAD_END, max(0, self._searched - 3))
        until = len(self._data) if end < 0 else end
        if _BARE_OR_FOLDED.search(self._data, max(0, self._searched - 2), until):
            raise h11.LocalProtocolError("bare line feed or folded line")
        if end < 0:
            self._searched = until
            return None
        self._searched = 0
        return self._extract(end + len(_HEAD_END))[:end].split(_CRLF)


class Http1Protocol(H11Protocol):
    """Never becomes HTTP/2, of which the guard would see only what Hypercorn makes of it."""

    @override
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        setattr(self.connection, "_receive_buffer", StrictLines())  # noqa: B010  # no public name

    @override
    async def _check_protocol(self, event: h11.Request) -> None:
        """Switch to nothing: the guard and `_create_stream` refuse what asks for it."""

    @override
    async def _create_stream(self, request: h11.Request) -> None:
        if request.http_version not in _VERSIONS:
            await self._refuse(_VERSION_NOT_SUPPORTED)
        # The guard would see a web socket as a connection of another kind, and could only answer
        # 403; and it would see `post` as `POST`, which others tell apart (RFC 9110 9.1).
        is_web_socket = any((name, value.lower()) == _WEB_SOCKET for name, value in request.headers)
        if is_web_socket or not request.method.isupper():
            await self._refuse(_BAD_REQUEST)
        await super()._create_stream(request)

    async def _refuse(self, status: int) -> NoReturn:
        await self._send_error_response(status)
        await self.send(Closed())
        raise UnservedError
