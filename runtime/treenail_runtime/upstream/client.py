"""Sends the requests of one connection: its credentials, a deadline, retries, a circuit breaker."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Final, TypeAlias
from urllib.parse import unquote, unquote_plus

import httpx
import structlog

from treenail_runtime.contract import Connector, Endpoint, InvalidArguments, Request, UpstreamAnswer

from .credentials import Credentials
from .exchange import (
    AnswerError,
    ExhaustedError,
    Outcome,
    OutgoingRequest,
    WholeResponse,
    whole,
)
from .retrying import Timing, pause_before_retry, retry_after_s
from .routes import Routes
from .telling import resting, timed_out, told

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_AWAY: Final = frozenset({502, 503, 504})
"""Statuses of an upstream that is down. 500 is not among them: one odd record may cause it."""

_MOST_DIGITS: Final = 16

_FIXED: Final = {
    # Without it any coding would be welcome (RFC 9110 12.5.3), also one we cannot undo.
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"treenail/{version('treenail')}",
}


Refused: TypeAlias = Callable[[int], None]
"""Told the status with which the upstream refuses a call for good; must return at once."""


class UpstreamClient:
    """The contract's `Upstream` for one connection.

    Args:
        connector: Its fixed headers, retries and error rules are used.
        routes: Where each request goes.
        credentials: Go with every request, and go before a header of the same name.
        transport: Shared by all connections.
        timing: Where time and chance come from.
        refused: Told of each call that the upstream refuses.
    """

    def __init__(
        self,
        connector: Connector,
        routes: Routes,
        credentials: Credentials,
        transport: httpx.AsyncBaseTransport,
        timing: Timing | None = None,
        *,
        refused: Refused | None = None,
    ) -> None:
        self._routes = routes
        self._credentials = credentials
        self._transport = transport
        self._timing = timing or Timing()
        self._refused = refused
        self._retries = connector.retries
        self._rules = connector.errors
        self._key = "&".join(f"{name}={value}" for name, value in credentials.query)
        self._fixed_headers = connector.headers

    async def send(self, request: Request) -> UpstreamAnswer:
        """The answer, when its status is 2xx; see `Upstream.send`."""
        endpoint = request.endpoint
        try:
            async with asyncio.timeout(endpoint.timeout_s):
                return await self._answer(endpoint, self._outgoing(request))
        except TimeoutError:
            self._count_failure(endpoint)
            _log.warning("upstream.timed_out", **_facts(endpoint))
            raise timed_out(endpoint) from None

    def _outgoing(self, request: Request) -> OutgoingRequest:
        query = self._query(request.query)
        own = {"Accept": request.endpoint.accept}
        if request.content is not None:
            own["Content-Type"] = request.content.content_type
        path = f"{self._routes.url(request.endpoint)}{request.path}"
        return OutgoingRequest(
            request.endpoint.method,
            f"{path}?{query}" if query else path,
            _joined(
                own,
                _FIXED,
                self._fixed_headers,
                request.headers,
                self._credentials.headers,
                self._cookies(request.cookie),
            ),
            request.body,
            max_bytes=_most(request.endpoint),
            repeatable=request.endpoint.repeatable,
        )

    def _query(self, asked: str) -> str:
        """The query of a request, with the credentials that go there.

        Raises:
            InvalidArguments: It holds their name already; which one the upstream would read, nobody
                can tell.
        """
        if not asked or not self._key:
            return asked or self._key
        taken = {unquote(name) for name, _ in self._credentials.query}
        for pair in asked.split("&"):
            name = unquote_plus(pair.partition("=")[0])
            if name in taken:
                raise InvalidArguments([f"{name}: the connection sets this query parameter itself"])
        return f"{asked}&{self._key}"

    def _cookies(self, asked: str) -> Sequence[tuple[str, str]]:
        """One `Cookie` field (RFC 6265 5.4) of what the connector, its credentials and the tool say.

        A name goes to the credentials first, and then to the connector.
        """
        if not asked and not self._credentials.cookies:
            return ()
        own = [f"{name}={value}" for name, value in self._credentials.cookies]
        fixed = [text for name, text in self._fixed_headers.items() if name.lower() == "cookie"]
        field = _one_cookie_field("; ".join(own), *fixed, asked)
        return (("Cookie", field),)

    async def _answer(self, endpoint: Endpoint, outgoing: OutgoingRequest) -> UpstreamAnswer:
        deadline = self._timing.stopwatch() + endpoint.timeout_s
        breaker, attempt = self._routes.breaker(endpoint), 0
        while True:
            if (wait_s := breaker.admit()) > 0:
                raise resting(endpoint, wait_s)
            attempt += 1
            outcome = await self._attempt(endpoint, outgoing)
            if isinstance(outcome, WholeResponse) and _is_answer(outcome, endpoint):
                return self._answered(outcome)
            await self._pause(outcome, attempt, endpoint, outgoing, deadline)
            outgoing.maybe_received |= _may_have_been_received(outcome)

    def _answered(self, response: WholeResponse) -> UpstreamAnswer:
        headers = response.headers
        if "Location" in headers and self._credentials.appear_in(headers["Location"]):
            headers = headers.copy()
            del headers["Location"]
        length = headers.get("Content-Length", "") if response.is_cut else ""
        return UpstreamAnswer(
            response.status_code,
            response.body,
            headers.get("Content-Type", ""),
            headers,
            is_cut=response.is_cut,
            size=int(length) if length.isdecimal() and len(length) < _MOST_DIGITS else None,
        )

    async def _attempt(self, endpoint: Endpoint, outgoing: OutgoingRequest) -> Outcome:
        try:
            response = await self._transport.handle_async_request(outgoing)
            outcome = await whole(response, _most(endpoint))
        except AnswerError as error:
            # The status says enough of a refusal, and of a write: it took place, and an error
            # would invite the agent to repeat it. Of a large file, its size and type are told.
            told = error.fault == "too large" and endpoint.answer.promises_file
            lost = error.received.is_success and endpoint.reads and not told
            outcome = error if lost else error.received
            error.received.is_cut = True
        except httpx.RequestError as error:
            outcome = error
        if isinstance(outcome, ExhaustedError):
            _log.error("upstream.exhausted", **_facts(endpoint), reason=str(outcome))
        elif _is_failure_of_upstream(outcome):
            self._count_failure(endpoint)
        elif self._routes.breaker(endpoint).succeeded():
            _log.info("upstream.circuit_closed", **_facts(endpoint))
        return outcome

    async def _pause(
        self,
        failure: Outcome,
        attempt: int,
        endpoint: Endpoint,
        outgoing: OutgoingRequest,
        deadline: float,
    ) -> None:
        """Wait for the next attempt.

        Raises:
            ToolError: There is none: it is not allowed, or would come after the deadline.
        """
        facts = {**_facts(endpoint), **_outcome(failure), "attempt": attempt}
        pause_s = pause_before_retry(failure, attempt, endpoint, self._retries, self._timing)
        left_s = deadline - self._timing.stopwatch()
        is_open = self._routes.breaker(endpoint).state == "open"
        if pause_s is None or pause_s >= left_s or is_open:
            log = _log.warning if _is_server_fault(failure) else _log.info
            log("upstream.failed", **facts)
            if self._refused is not None and isinstance(failure, WholeResponse):
                self._refused(failure.status_code)
            after_s = retry_after_s(failure, self._timing.now)
            raise told(
                failure,
                endpoint,
                self._rules,
                self._credentials,
                after_s,
                maybe_received=outgoing.maybe_received,
            )
        _log.info("upstream.retried", **facts, pause_s=round(pause_s, 3))
        await self._timing.sleep(pause_s)

    def _count_failure(self, endpoint: Endpoint) -> None:
        if self._routes.breaker(endpoint).failed():
            _log.warning("upstream.circuit_opened", **_facts(endpoint))


def _most(endpoint: Endpoint) -> int:
    """Bytes of the largest answer that is read."""
    answer = endpoint.answer
    return answer.max_file_bytes if answer.promises_file else endpoint.max_bytes


def _is_answer(response: WholeResponse, endpoint: Endpoint) -> bool:
    if response.is_success:
        return True
    return endpoint.answer.tells_redirects and response.has_redirect_location


def _joined(*parts: Mapping[str, str] | Sequence[tuple[str, str]]) -> httpx.Headers:
    """One header of each name, of the last part that has it.

    Not by `httpx.Headers.update`, which decodes every name again: a client is made for each call.
    """
    fields: dict[str, tuple[str, str]] = {}
    for part in parts:
        for field in part.items() if isinstance(part, Mapping) else part:
            fields[field[0].lower()] = field
    return httpx.Headers(list(fields.values()))


def _one_cookie_field(*fields: str) -> str:
    """Cookie fields in one, each without the names of those before it."""
    pairs: list[str] = []
    for field in fields:
        taken = {pair.partition("=")[0] for pair in pairs}
        pairs += [
            pair for pair in field.split("; ") if pair and pair.partition("=")[0] not in taken
        ]
    return "; ".join(pairs)


def _is_failure_of_upstream(outcome: Outcome) -> bool:
    match outcome:
        case WholeResponse():
            return outcome.status_code in _AWAY
        case AnswerError():
            return outcome.fault == "cut short"
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return False
        case _:
            return True


def _is_server_fault(outcome: Outcome) -> bool:
    if isinstance(outcome, WholeResponse):
        return outcome.is_server_error
    return _is_failure_of_upstream(outcome)


def _may_have_been_received(failure: Outcome) -> bool:
    match failure:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return False
        case WholeResponse():
            # A refusal of the server itself; a gateway's 5xx says nothing of what is behind it.
            return failure.is_server_error
        case _:
            return True


def _facts(endpoint: Endpoint) -> dict[str, str]:
    return {"method": endpoint.method, "path": endpoint.path}


def _outcome(failure: Outcome) -> dict[str, object]:
    if isinstance(failure, WholeResponse):
        return {"status": failure.status_code}
    return {"reason": f"{type(failure).__name__}: {failure}"}
