"""Fetches client documents: from the public internet only, small, soon, and once at a time each.

MCP, Client Registration, "Client ID Metadata Documents"; draft-ietf-oauth-client-id-metadata-document
section 6 (SSRF).
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from socket import AF_INET, AF_INET6, AddressFamily
from typing import Final, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from treenail_runtime.auth.client_documents import (
    DocumentError,
    FetchedDocument,
    UnchangedDocument,
    is_document_url,
)

from .addresses import is_admitted
from .resolving import Resolve, SystemResolver

LARGEST: Final = 5 * 1024
SECONDS: Final = 5.0
_AT_ONCE: Final = 16
_MOST_WAITING: Final = 64
_HTTPS: Final = 443
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500

_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "treenail",  # not which versions of what
}

Fetched: TypeAlias = FetchedDocument | UnchangedDocument


class DocumentFetcher:
    """Fetches documents over https without trusting where a URL, or the name in it, leads to.

    Every address of the name is checked, and the connection goes to a checked one: a second look-up
    could have another answer. No redirects, proxies, cookies, credentials or compression.
    """

    def __init__(
        self,
        *,
        allowed_networks: Sequence[str] = (),
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Open nothing yet.

        Args:
            allowed_networks: Networks that may be reached although they are not public, such as
                `10.0.0.0/8`. Where there are any, URLs may also name another port than 443, and an
                address instead of a name: private sites are like that, public ones are not.
            resolve: Names to addresses; the system's resolver unless given.
            tls: Trusted authorities; the system's unless given.
            seconds: For everything together.
        """
        self._networks = [ip_network(network) for network in allowed_networks]
        self._resolve = resolve or SystemResolver()
        self._tls = tls
        self._seconds = seconds
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[str, asyncio.Task[Fetched]] = {}

    async def fetch(self, url: str, *, etag: str | None = None) -> Fetched:
        """The document at `url`, or that it has not changed since it had `etag`.

        Raises:
            DocumentError: It cannot be had.
        """
        if not is_document_url(url):
            raise DocumentError("is no URL of a document")
        task = self._running.get(url)
        if task is None:
            if len(self._running) >= _MOST_WAITING:
                raise DocumentError("too many documents are being fetched", may_pass=True)
            task = asyncio.create_task(self._fetch_in_time(url, etag))
            self._running[url] = task
            task.add_done_callback(lambda done: self._ended(url, done))
        # Others wait for the same one: whoever gives up first must not end it for them.
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Give up whatever is being fetched."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, url: str, task: asyncio.Task[Fetched]) -> None:
        del self._running[url]
        if not task.cancelled():
            task.exception()  # seen, also when nobody waits any more

    async def _fetch_in_time(self, url: str, etag: str | None) -> Fetched:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._fetch(URL(url, encoded=True), etag)
        except TimeoutError:
            raise DocumentError("took too long", may_pass=True) from None

    async def _fetch(self, url: URL, etag: str | None) -> Fetched:
        host, port = url.raw_host or "", url.port or _HTTPS
        if not self._networks and (port != _HTTPS or _is_address(host)):
            raise DocumentError("has another port than 443, or an address for a name")
        # A name that hangs takes the room of its kin among the look-ups, and none of this.
        addresses = await self._addresses(host, port)
        try:
            async with self._room, self._session(host, addresses) as session:
                return await _received(session, url, etag)
        except aiohttp.ClientError as error:
            raise _failed(error) from None

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of `host`, each of them checked."""
        try:
            found = [host] if _is_address(host) else await self._resolve(host, port)
        except OSError:
            raise DocumentError("its host has no address", may_pass=True) from None
        if not found:
            raise DocumentError("its host has no address", may_pass=True)
        if not all(is_admitted(address, self._networks) for address in found):
            # As if it had none: whoever asks must not learn which internal names there are.
            raise DocumentError("its host has an address that is not public", may_pass=True)
        return found

    def _session(self, host: str, addresses: Sequence[str]) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Pinned(host, addresses),
                use_dns_cache=False,
                force_close=True,
                ssl=self._tls or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
            auto_decompress=False,
            middlewares=(_once,),
        )


class _Pinned(AbstractResolver):
    """Knows one name, and the addresses that were checked."""

    def __init__(self, host: str, addresses: Sequence[str]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: AddressFamily = AF_INET,  # noqa: ARG002  # both families were checked
    ) -> list[ResolveResult]:
        if host != self._host:
            raise OSError("another name than the checked one")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=AF_INET6 if ":" in address else AF_INET,
                proto=0,
                flags=0,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from asking a second time, as it does by itself when a connection breaks."""
    try:
        return await handler(request)
    except aiohttp.ClientError as error:
        raise _failed(error) from None


def _failed(error: aiohttp.ClientError) -> DocumentError:
    # Never its text, which quotes the URL and what was received.
    return DocumentError(f"cannot be fetched: {type(error).__name__}", may_pass=True)


async def _received(session: aiohttp.ClientSession, url: URL, etag: str | None) -> Fetched:
    headers = dict(_HEADERS)
    if etag is not None:
        headers["If-None-Match"] = etag
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        told = _headers(response)
        if response.status == _NOT_MODIFIED and etag is not None:
            return UnchangedDocument(headers=told)
        _check(response.status, told)
        return FetchedDocument(body=await _body(response), headers=told)


def _headers(response: aiohttp.ClientResponse) -> Mapping[str, str]:
    names = {name.lower() for name in response.headers}
    return {name: ", ".join(response.headers.getall(name)) for name in names}


def _check(status: int, headers: Mapping[str, str]) -> None:
    if status != _OK:
        may_pass = status == _TOO_MANY or status >= _SERVER_ERRORS
        raise DocumentError(f"is answered with status {status}", may_pass=may_pass)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise DocumentError("is not application/json")
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise DocumentError("is compressed, which was not asked for")


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > LARGEST:
            response.close()
            raise DocumentError(f"is larger than {LARGEST} bytes")
    return body


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
