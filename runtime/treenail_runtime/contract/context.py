"""What a tool may use while it runs: its connection's values and the upstream."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from pydantic import MISSING, JsonValue

from .errors import NotConfigured, UpstreamRefused
from .paging import Paging, read_pages
from .reading import read, read_page
from .request import Endpoint, Request
from .types import JsonObject

_NOTHING: Final[Mapping[str, object]] = {}
_NO_HEADERS: Final[Mapping[str, str]] = {}

_NO_SUCH_PAGE: Final = frozenset({400, 404, 409, 410, 412, 416, 422})
"""How upstreams say that they do not know a cursor, or not any more."""


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """A successful answer, read whole and decompressed.

    Attributes:
        status: 2xx; 3xx where `Answer.tells_redirects`.
        content_type: As sent; empty when it was not.
        headers: By lower-case name, or by any; holds what is needed of `content-disposition`,
            `link` and `location`.
        is_cut: Whether `body` is only the beginning, because the whole was too large.
        size: Bytes of the whole body, when a cut answer told it.
    """

    status: int
    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(
        default_factory=lambda: _NO_HEADERS, compare=False, repr=False
    )
    is_cut: bool = False
    size: int | None = None


class Upstream(Protocol):
    """Sends a tool's request with the connection's credentials."""

    async def send(self, request: Request) -> UpstreamAnswer:
        """The answer, when its status is 2xx.

        Raises:
            UpstreamRefused: Any other status, with the advice of the connector.
            UpstreamTimeout: No answer within the endpoint's `timeout_s`.
            UpstreamUnavailable: No connection.
            UpstreamMalformed: The answer is larger than `max_bytes` or breaks HTTP.
        """
        ...


def _nothing() -> None:
    """Nothing is held."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """One call's surroundings.

    Attributes:
        connector: The connector's name.
        connection: The connection's values by login field: region, ids, defaults; never a secret.
        upstream: The upstream, authenticated as this connection.
        forget: Has no earlier answer be given again to this connection: one of them was wrong.
    """

    connector: str
    connection: Mapping[str, str]
    upstream: Upstream
    forget: Callable[[], object] = _nothing

    def connected(self, field: str) -> str:
        """The connection's value of `field`.

        Raises:
            NotConfigured: The connection has none.
        """
        value = self.connection.get(field)
        if not value:
            raise NotConfigured(
                f"the connection has no {field}",
                advice="The person who connected this server must connect again and set it.",
            )
        return value

    def either(self, argument: str | MISSING | None, field: str) -> str | None:
        """`argument`, or the connection's default when it was left out.

        Raises:
            NotConfigured: Neither is there.
        """
        if argument is not MISSING:
            return argument
        value = self.connection.get(field)
        if not value:
            raise NotConfigured(
                f"{field} was not given and the connection has no default",
                advice=f"Call again with {field}.",
            )
        return value

    def default(self, argument: str | MISSING | None, field: str) -> str | MISSING | None:
        """`argument`, or the connection's default; `MISSING` when there is neither."""
        if argument is not MISSING:
            return argument
        return self.connection.get(field) or argument

    def connection_info(self, fields: Sequence[str]) -> JsonObject:
        """The connection's values of `fields`; null for what is not set. Sends nothing."""
        return {
            "connector": self.connector,
            **{name: self.connection.get(name) or None for name in fields},
        }

    async def call(
        self,
        endpoint: Endpoint,
        *,
        path: Mapping[str, object] = _NOTHING,
        query: Mapping[str, object] = _NOTHING,
        headers: Mapping[str, object] = _NOTHING,
        cookies: Mapping[str, object] = _NOTHING,
        querystring: object = MISSING,
        body: object = MISSING,
    ) -> JsonObject:
        """Send one request, made as `Endpoint.request` says, and shape its answer.

        Raises:
            ToolError: Whatever kept the call from succeeding; see `treenail_runtime.contract.errors`.
        """
        request = endpoint.request(
            path=path,
            query=query,
            headers=headers,
            cookies=cookies,
            querystring=querystring,
            body=body,
        )
        paging = endpoint.answer.paging
        if paging is None:
            return read(endpoint, await self.upstream.send(request))
        answer = await self._page(endpoint, request, query.get(paging.parameter, MISSING))

        def page(query: Mapping[str, object]) -> Request:
            return endpoint.request(path=path, query=query, headers=headers, cookies=cookies)

        return await self._paged(endpoint, paging, query, answer, page)

    async def _page(self, endpoint: Endpoint, request: Request, which: object) -> UpstreamAnswer:
        """The upstream's answer for one page; `which` is missing for the first.

        Where a further one is refused, the page that told of it may have been kept for too long.
        """
        try:
            return await self.upstream.send(request)
        except UpstreamRefused as error:
            is_further = which is not MISSING and which is not None
            if endpoint.cache_s and is_further and error.status in _NO_SUCH_PAGE:
                self.forget()
            raise

    async def _paged(
        self,
        endpoint: Endpoint,
        paging: Paging,
        query: Mapping[str, object],
        answer: UpstreamAnswer,
        page: Callable[[Mapping[str, object]], Request],
    ) -> JsonObject:
        """The page that was asked for, those behind it as far as allowed, and how to go on."""
        first = read_page(endpoint, paging, query, answer)
        if paging.most_pages == 1:
            return paging.telling(*first)
        deadline = asyncio.get_running_loop().time() + endpoint.timeout_s

        async def ask(value: JsonValue) -> tuple[JsonObject, JsonValue]:
            further = {**query, paging.parameter: value}
            async with asyncio.timeout_at(deadline):
                sent = await self._page(endpoint, page(further), value)
            return read_page(endpoint, paging, further, sent)

        name = endpoint.answer.name or "value"
        return await read_pages(paging, name, endpoint.answer.max_items, first, ask)
