"""What a tool may use while it runs: its connection's values and the upstream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import pydantic_core
from pydantic import MISSING, JsonValue

from .errors import NotConfigured, UpstreamMalformed
from .request import Endpoint, Request
from .types import JsonObject

_NOTHING: Final[Mapping[str, object]] = {}
_NO_CONTENT: Final = frozenset({204, 205})


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """A successful answer (status 2xx), read whole and decompressed."""

    status: int
    body: bytes


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


@dataclass(frozen=True, slots=True)
class ToolContext:
    """One call's surroundings.

    Attributes:
        connector: The connector's name.
        connection: The connection's values by login field: region, ids, defaults; never a secret.
        upstream: The upstream, authenticated as this connection.
    """

    connector: str
    connection: Mapping[str, str]
    upstream: Upstream

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
        return read(endpoint, await self.upstream.send(request))


def read(endpoint: Endpoint, answer: UpstreamAnswer) -> JsonObject:
    """The tool's answer; for a write, also when the upstream's success cannot be read.

    Raises:
        UpstreamMalformed: A read whose answer is empty, no JSON, or not where it is declared.
    """
    if not answer.body.strip():
        may_be_empty = endpoint.may_be_empty or answer.status in _NO_CONTENT
        if endpoint.reads and not may_be_empty:
            raise _malformed(f"the upstream answered {answer.status} with nothing")
        return {"ok": True, "status": answer.status}
    try:
        value: JsonValue = pydantic_core.from_json(answer.body, allow_inf_nan=False)
    except ValueError:
        if endpoint.reads:
            raise _malformed(
                f"the upstream answered {answer.status} with something that is not JSON"
            ) from None
        # The write took place: an error here would invite the agent to repeat it.
        return {"ok": True, "status": answer.status, "note": "the answer could not be read"}
    lost = endpoint.answer.lost(value) if endpoint.reads else 0
    if lost:
        raise _malformed(
            f"the upstream tells of {lost} items, but not where its document says they are"
        )
    return endpoint.answer.of(value)


def _malformed(message: str) -> UpstreamMalformed:
    return UpstreamMalformed(
        message, advice="Try again; if it stays, the upstream or its connector is at fault."
    )
