"""Sends the requests of one connection: its credentials, a deadline, retries, a circuit breaker."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version
from typing import Final, TypeAlias, TypeVar

import httpx
import structlog

from treenail_runtime.contract import (
    Connector,
    Endpoint,
    Request,
    UpstreamAnswer,
    UpstreamRefused,
)
from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.tracing import UNTRACED, Traces

from .credentials import Credentials, CredentialSource
from .exchange import (
    AnswerError,
    ExhaustedError,
    Outcome,
    OutgoingRequest,
    WholeResponse,
    whole,
)
from .joining import cookie_field, joined, with_query
from .retrying import Timing, pause_before_retry, retry_after_s
from .reuse import Reuse
from .routes import Routes
from .telling import not_proven, resting, timed_out, told

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_T = TypeVar("_T")

_AWAY: Final = frozenset({502, 503, 504})
"""Statuses of an upstream that is down. 500 is not among them: one odd record may cause it."""

_UNAUTHORIZED: Final = 401
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
        source: Of the credentials, which go with every request and before a header of the same
            name.
        transport: Shared by all connections.
        timing: Where time and chance come from.
        refused: Told of each call that the upstream refuses.
        measures: Told of each request.
        traces: The same.
        reuse: Asked before the upstream where an endpoint allows it; None when nothing is held.
    """

    def __init__(  # noqa: PLR0913  # one parameter a neighbour, most of them optional
        self,
        connector: Connector,
        routes: Routes,
        source: CredentialSource,
        transport: httpx.AsyncBaseTransport,
        timing: Timing | None = None,
        *,
        refused: Refused | None = None,
        measures: Measures = UNMEASURED,
        traces: Traces = UNTRACED,
        reuse: Reuse | None = None,
    ) -> None:
        self._reuse = reuse
        self._connector = connector.name
        self._measures = measures
        self._traces = traces
        self._routes = routes
        self._source = source
        self._transport = transport
        self._timing = timing or Timing()
        self._refused = refused
        self._retries = connector.retries
        self._rules = connector.errors
        self._fixed_headers = connector.headers

    async def send(self, request: Request) -> UpstreamAnswer:
        """The answer, when its status is 2xx; see `Upstream.send`."""
        endpoint = request.endpoint
        until = asyncio.get_running_loop().time() + endpoint.timeout_s
        try:
            return await self._proven(request, until)
        finally:
            if self._reuse is not None and not endpoint.reads:
                # Also when it failed: it may have taken place. Behind the deadline, which is the
                # upstream's: what took place must not fail for a slow database.
                await self._reuse.wrote()

    async def _proven(self, request: Request, until: float) -> UpstreamAnswer:
        """The answer to the request, with other credentials when the first ones are refused.

        An upstream that says 401 has done nothing, so that a write, too, may be sent again.
        """
        credentials = await _in_time(self._source.current(), until)
        try:
            return await self._answered_by(until, request, credentials)
        except UpstreamRefused as error:
            renewed = None
            if error.status == _UNAUTHORIZED:
                renewed = await _in_time(self._source.renewed(credentials), until)
            if renewed is None:
                self._tell(error.status)
                raise
        try:
            return await self._answered_by(until, request, renewed)
        except UpstreamRefused as error:
            self._tell(error.status)
            raise

    async def _answered_by(
        self, until: float, request: Request, credentials: Credentials
    ) -> UpstreamAnswer:
        endpoint = request.endpoint
        try:
            async with asyncio.timeout_at(until):
                return await self._answer(request, credentials)
        except TimeoutError:
            self._count_failure(endpoint)
            _log.warning("upstream.timed_out", **_facts(endpoint))
            raise timed_out(endpoint) from None

    def _tell(self, status: int) -> None:
        if self._reuse is not None and status == _UNAUTHORIZED:
            self._reuse.forget()
        if self._refused is not None:
            self._refused(status)

    def _outgoing(self, request: Request, credentials: Credentials) -> OutgoingRequest:
        query = with_query(request.query, credentials)
        own = {"Accept": request.endpoint.accept}
        if request.content is not None:
            own["Content-Type"] = request.content.content_type
        path = f"{self._routes.url(request.endpoint)}{request.path}"
        return OutgoingRequest(
            request.endpoint.method,
            f"{path}?{query}" if query else path,
            joined(
                own,
                _FIXED,
                self._fixed_headers,
                request.headers,
                credentials.headers,
                cookie_field(request.cookie, self._fixed_headers, credentials),
            ),
            request.body,
            max_bytes=_most(request.endpoint),
            repeatable=request.endpoint.repeatable,
        )

    async def _answer(self, request: Request, credentials: Credentials) -> UpstreamAnswer:
        endpoint, outgoing = request.endpoint, self._outgoing(request, credentials)
        ask = partial(self._asked, endpoint, outgoing, credentials)
        if self._reuse is None or not endpoint.cache_s:
            return await ask()
        return await self._reuse.answer(endpoint, outgoing, ask)

    async def _asked(
        self, endpoint: Endpoint, outgoing: OutgoingRequest, credentials: Credentials
    ) -> UpstreamAnswer:
        deadline = self._timing.stopwatch() + endpoint.timeout_s
        breaker, attempt = self._routes.breaker(endpoint), 0
        while True:
            if (wait_s := breaker.admit()) > 0:
                raise resting(endpoint, wait_s)
            attempt += 1
            outcome = await self._attempt(endpoint, outgoing, attempt)
            if isinstance(outcome, WholeResponse) and _is_answer(outcome, endpoint):
                return _answered(outcome, credentials)
            await self._pause(outcome, attempt, endpoint, outgoing, credentials, deadline)
            outgoing.maybe_received |= _may_have_been_received(outcome)

    async def _attempt(
        self, endpoint: Endpoint, outgoing: OutgoingRequest, attempt: int
    ) -> Outcome:
        begun = self._timing.stopwatch()
        method, path, url = endpoint.method, endpoint.path, self._routes.url(endpoint)
        with self._traces.asking(self._connector, method, path, url, attempt) as span:
            outgoing.carry(span.traceparent)
            outcome = await self._attempted(endpoint, outgoing)
            status = None
            if isinstance(outcome, WholeResponse):
                status = outcome.status_code
                span.answered(status)
            else:
                span.failed(type(outcome).__name__)
        self._measures.asked(self._connector, status, self._timing.stopwatch() - begun)
        return outcome

    async def _attempted(self, endpoint: Endpoint, outgoing: OutgoingRequest) -> Outcome:
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
        credentials: Credentials,
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
            after_s = retry_after_s(failure, self._timing.now)
            raise told(
                failure,
                endpoint,
                self._rules,
                credentials,
                after_s,
                maybe_received=outgoing.maybe_received,
            )
        _log.info("upstream.retried", **facts, pause_s=round(pause_s, 3))
        await self._timing.sleep(pause_s)

    def _count_failure(self, endpoint: Endpoint) -> None:
        if self._routes.breaker(endpoint).failed():
            self._measures.opened(self._connector)
            _log.warning("upstream.circuit_opened", **_facts(endpoint))


async def _in_time(waiting: Awaitable[_T], until: float) -> _T:
    """What a source of credentials gives; how long that takes says nothing of the upstream."""
    try:
        async with asyncio.timeout_at(until):
            return await waiting
    except TimeoutError:
        raise not_proven() from None


def _most(endpoint: Endpoint) -> int:
    """Bytes of the largest answer that is read."""
    answer = endpoint.answer
    return answer.max_file_bytes if answer.promises_file else endpoint.max_bytes


def _answered(response: WholeResponse, credentials: Credentials) -> UpstreamAnswer:
    headers = response.headers
    if "Location" in headers and credentials.appear_in(headers["Location"]):
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


def _is_answer(response: WholeResponse, endpoint: Endpoint) -> bool:
    if response.is_success:
        return True
    return endpoint.answer.tells_redirects and response.has_redirect_location


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
