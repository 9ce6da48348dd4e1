"""httpx's transport interface over one shared aiohttp session."""

import errno
import ssl
from collections.abc import Sequence
from typing import Final
from weakref import WeakSet

import aiohttp
import httpx
from aiohttp.connector import Connection
from aiohttp.http_exceptions import ContentEncodingError
from multidict import CIMultiDict
from yarl import URL

from .exchange import AnswerError, ExhaustedError, OutgoingRequest, WholeResponse

_OWN_HEADERS: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
"""What aiohttp would add by itself."""

_CODINGS: Final = frozenset({"gzip", "deflate"})


_OWN_WANT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})

_used: Final[WeakSet[object]] = WeakSet()
"""Connections that have carried a request."""


class _StaleError(httpx.ReadError):
    """A kept connection broke: probably the upstream had closed it before the request came."""


class _Sent(aiohttp.ClientRequest):
    """A request that knows whether its connection had carried another one before."""

    on_kept_connection = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        self.on_kept_connection = conn.protocol in _used
        _used.add(conn.protocol)
        return await super().send(conn)


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a second time.

    It does so by itself for GET, HEAD, OPTIONS, TRACE, PUT and DELETE, on any broken connection
    (aiohttp 3.14, `ClientSession._request`); only the connector knows whether that is harmless,
    and on a connection that was new it would double the client's retries.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        kept = isinstance(request, _Sent) and request.on_kept_connection
        raise (_StaleError if kept else httpx.ReadError)(_reason(error)) from None


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends a request once, or a repeatable one once more when a kept connection turns out closed.

    No redirects, no cookies, no proxies or credentials from the environment, no header that the
    request does not have (apart from `Host` and `Content-Length`). Every exception is httpx's or an
    `AnswerError`, and its text holds neither URL, header nor body.

    Args:
        connections: Most open connections; further requests wait.
        connections_per_host: The same for one host; 0 for no limit of its own.
        keep_alive_s: How long an idle connection is kept.
        connect_timeout_s: For the TCP connection and TLS together, per address.
        max_bytes: Largest answer to a request that does not say its own limit.
        tls: Trusted authorities; None for the system's.
    """

    def __init__(
        self,
        *,
        connections: int = 256,
        connections_per_host: int = 0,
        keep_alive_s: float = 15.0,
        connect_timeout_s: float = 5.0,
        max_bytes: int = 1_000_000,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._connections = connections
        self._connections_per_host = connections_per_host
        self._keep_alive_s = keep_alive_s
        self._connect_timeout_s = connect_timeout_s
        self._max_bytes = max_bytes
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> WholeResponse:
        """The response, read whole.

        Raises:
            httpx.TransportError: No answer; `ConnectError` and `ConnectTimeout` mean that nothing
                was sent.
            AnswerError: An answer that is too large, cannot be decompressed or was cut short.
        """
        outgoing = request if isinstance(request, OutgoingRequest) else await self._plain(request)
        try:
            response = await self._send(outgoing)
        except _StaleError:
            if not outgoing.repeatable:
                raise
            outgoing.maybe_received = True
            response = await self._send(outgoing)
        try:
            return await _read(response, outgoing.max_bytes)
        except BaseException:
            response.close()
            raise

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        # Not in __init__: aiohttp ties a session to the running event loop.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                limit_per_host=self._connections_per_host,
                keepalive_timeout=self._keep_alive_s,
                ssl=self._tls or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # The caller has a deadline for the whole call; a second timer would only cost.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout_s),
            trust_env=False,
            middlewares=(_once,),
            request_class=_Sent,
        )
        return self._session

    async def _send(self, outgoing: OutgoingRequest) -> aiohttp.ClientResponse:
        session = self._session or self._open()
        try:
            headers = CIMultiDict(
                [(name.decode(), value.decode()) for name, value in outgoing.headers.raw]
            )
            return await session.request(
                outgoing.method,
                URL(outgoing.target, encoded=True),
                headers=headers,
                data=outgoing.body,
                skip_auto_headers=_missing(outgoing, headers),
                allow_redirects=False,
            )
        except aiohttp.ClientError as error:
            raise _translated(error) from None
        except ValueError as error:
            # A URL or header field that HTTP cannot carry.
            raise httpx.LocalProtocolError(type(error).__name__) from None

    async def _plain(self, request: httpx.Request) -> OutgoingRequest:
        headers = httpx.Headers(request.headers)
        headers.pop("Transfer-Encoding", None)  # the body is sent with its length
        return OutgoingRequest(
            request.method,
            str(request.url),
            headers,
            await request.aread() or None,
            max_bytes=self._max_bytes,
        )


def _missing(outgoing: OutgoingRequest, headers: CIMultiDict[str]) -> Sequence[str] | None:
    names = [name for name in _OWN_HEADERS if name not in headers]
    if names == ["Content-Type"] and outgoing.method == "GET" and outgoing.body is None:
        # aiohttp adds none to such a request, and skipping is slow.
        return None
    return names


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> WholeResponse:
    chunks: list[bytes] = []
    size = 0
    try:
        # aiohttp decompresses at most 64 KiB at a time and then waits for us, so a bomb ends here.
        while chunk := await response.content.readany():
            chunks.append(chunk)
            size += len(chunk)
            if size > max_bytes:
                raise AnswerError("too large", _received(response, [b"".join(chunks)[:max_bytes]]))
    except aiohttp.ClientError as error:
        undecodable = isinstance(error.__cause__, ContentEncodingError)
        fault = "undecodable" if undecodable else "cut short"
        raise AnswerError(fault, _received(response, chunks)) from None
    received = _received(response, chunks)
    if response.headers.get("Content-Encoding", "gzip").lower() not in _CODINGS:
        raise AnswerError("undecodable", received)
    return received


def _received(response: aiohttp.ClientResponse, chunks: list[bytes]) -> WholeResponse:
    headers = httpx.Headers(response.raw_headers)
    # Decoded already, which httpx would do once more.
    headers.pop("Content-Encoding", None)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    return WholeResponse(response.status, headers, body)


def _translated(error: aiohttp.ClientError) -> httpx.TransportError:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout(_reason(error))
        case aiohttp.ClientConnectorError() if error.os_error.errno in _OWN_WANT:
            return ExhaustedError(_reason(error))
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(_reason(error))
        case aiohttp.ServerTimeoutError():
            return httpx.ReadTimeout(_reason(error))
        case aiohttp.ClientConnectionError():
            return httpx.ReadError(_reason(error))
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return httpx.UnsupportedProtocol(_reason(error))
        case _:
            return httpx.RemoteProtocolError(_reason(error))


def _reason(error: aiohttp.ClientError) -> str:
    # Never `str(error)`: it may quote the URL, with an API key in it, or bytes of the answer.
    name = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{name}: {error.os_error.strerror}"
    return name
