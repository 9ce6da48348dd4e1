"""HTTP/1.1 and nothing else, by connections that end when their client leaves.

Hypercorn 0.18 has no settings for either, so two of its classes are replaced by their heirs.
"""

from typing import Final

import h11
from hypercorn import protocol as hypercorn_protocol
from hypercorn.asyncio import run as hypercorn_run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, Event, Updated
from hypercorn.protocol.h11 import H11Protocol
from typing_extensions import override

_VERSIONS: Final = frozenset({b"1.0", b"1.1"})
_VERSION_NOT_SUPPORTED: Final = 505


def mend_hypercorn() -> None:
    """Have Hypercorn serve by the classes of this module, in this process."""
    setattr(hypercorn_run, "TCPServer", EndingConnection)  # noqa: B010  # no public name to assign
    setattr(hypercorn_protocol, "H11Protocol", Http1Protocol)  # noqa: B010  # the same


class UnservedVersionError(Exception):
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
        except UnservedVersionError:
            return
        finally:
            self._left = True
            await self.idle_task.stop()


class Http1Protocol(H11Protocol):
    """Never becomes HTTP/2, of which the guard would see only what Hypercorn makes of it."""

    @override
    async def _check_protocol(self, event: h11.Request) -> None:
        """Switch to nothing: the guard refuses `Upgrade`, and `_create_stream` the versions."""

    @override
    async def _create_stream(self, request: h11.Request) -> None:
        if request.http_version in _VERSIONS:
            await super()._create_stream(request)
            return
        await self._send_error_response(_VERSION_NOT_SUPPORTED)
        await self.send(Closed())
        raise UnservedVersionError
