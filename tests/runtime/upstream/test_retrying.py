from datetime import timedelta
from email.utils import format_datetime
from typing import Literal

import httpx
import pytest
import structlog

from tests.support.loopback import Reply, loopback, reply
from tests.support.upstreams import NOON, FakeTime, connected, mocked
from treenail_runtime.contract import (
    Endpoint,
    JsonBody,
    Retries,
    UpstreamAnswer,
    UpstreamRefused,
    UpstreamUnavailable,
)

READ = Endpoint("GET", "/things", reads=True, repeatable=True)
SEARCH = Endpoint("POST", "/search", body=JsonBody(), reads=True, repeatable=True)
REPLACE = Endpoint("PUT", "/things", body=JsonBody(), repeatable=True)
WRITE = Endpoint("POST", "/things", body=JsonBody())
DELETE = Endpoint("DELETE", "/things")


class Upstream:
    """Plays back outcomes, the last one again and again."""

    def __init__(self, *outcomes: httpx.Response | httpx.RequestError) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.calls += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, httpx.RequestError):
            raise outcome
        return outcome


@pytest.mark.requirement("UP-RETRY", "S2-16", "T-121")
@pytest.mark.parametrize("endpoint", [READ, SEARCH, REPLACE])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_repeatable_request_is_tried_again(endpoint: Endpoint, status: int) -> None:
    upstream = Upstream(httpx.Response(status), httpx.Response(200, content=b"{}"))
    assert await mocked(upstream).send(endpoint.request()) == UpstreamAnswer(200, b"{}")
    assert upstream.calls == 2


@pytest.mark.requirement("UP-RETRY", "T-121")
@pytest.mark.parametrize("endpoint", [WRITE, DELETE])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_any_other_request_is_not(endpoint: Endpoint, status: int) -> None:
    upstream = Upstream(httpx.Response(status))
    with pytest.raises(UpstreamRefused):
        await mocked(upstream).send(endpoint.request())
    assert upstream.calls == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 409, 500, 501])
async def test_other_statuses_are_final(status: int) -> None:
    upstream = Upstream(httpx.Response(status))
    with pytest.raises(UpstreamRefused):
        await mocked(upstream).send(READ.request())
    assert upstream.calls == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError("x"), httpx.ConnectTimeout("x")])
@pytest.mark.parametrize("endpoint", [READ, WRITE])
async def test_what_was_never_sent_may_be_sent_again(
    failure: httpx.RequestError, endpoint: Endpoint
) -> None:
    upstream = Upstream(failure, httpx.Response(200))
    await mocked(upstream).send(endpoint.request())
    assert upstream.calls == 2


@pytest.mark.parametrize(
    "failure", [httpx.ReadError("x"), httpx.WriteError("x"), httpx.ReadTimeout("x")]
)
async def test_what_may_have_been_received_is_not(failure: httpx.RequestError) -> None:
    repeatable, write = Upstream(failure, httpx.Response(200)), Upstream(failure)
    await mocked(repeatable).send(READ.request())
    with pytest.raises(Exception, match="whether the change was made is unknown"):
        await mocked(write).send(WRITE.request())
    assert (repeatable.calls, write.calls) == (2, 1)


async def test_pauses_double_with_jitter_and_end() -> None:
    time = FakeTime()
    upstream = Upstream(httpx.Response(503))
    with pytest.raises(UpstreamRefused):
        await mocked(upstream, time=time, retries=Retries(most=3, pause_s=0.5)).send(READ.request())
    assert upstream.calls == 4
    assert time.slept == [0.5, 1.0, 2.0]


async def test_a_connector_may_forbid_retries() -> None:
    upstream = Upstream(httpx.Response(503))
    with pytest.raises(UpstreamRefused):
        await mocked(upstream, retries=Retries(most=0)).send(READ.request())
    assert upstream.calls == 1


@pytest.mark.requirement("UP-RETRY")
@pytest.mark.parametrize(
    "fields",
    [
        {"Retry-After": "3"},
        {"Retry-After": format_datetime(NOON + timedelta(seconds=3), usegmt=True)},
        # The upstream's clock is an hour ahead.
        {
            "Date": format_datetime(NOON + timedelta(hours=1), usegmt=True),
            "Retry-After": format_datetime(NOON + timedelta(hours=1, seconds=3), usegmt=True),
        },
    ],
)
async def test_retry_after_is_honoured(fields: dict[str, str]) -> None:
    """RFC 9110 10.2.3: seconds or a date."""
    time = FakeTime()
    upstream = Upstream(httpx.Response(429, headers=fields), httpx.Response(200))
    await mocked(upstream, time=time).send(READ.request())
    assert time.slept == [3.0]


@pytest.mark.requirement("UP-RETRY")
@pytest.mark.parametrize("status", [429, 503])
async def test_a_wait_beyond_the_deadline_is_told_at_once(status: int) -> None:
    time = FakeTime()
    upstream = Upstream(httpx.Response(status, headers={"Retry-After": "30"}))
    with pytest.raises(UpstreamRefused) as error:
        await mocked(upstream, time=time).send(READ.request())
    assert (upstream.calls, time.slept) == (1, [])
    assert error.value.advice
    assert error.value.retry_after_s == 30


async def test_a_write_is_told_when_to_come_back() -> None:
    upstream = Upstream(httpx.Response(429, headers={"Retry-After": "5"}))
    with pytest.raises(UpstreamRefused) as error:
        await mocked(upstream).send(WRITE.request())
    assert error.value.advice
    assert error.value.retry_after_s == 5


@pytest.mark.parametrize(
    "told",
    [
        "",
        "soon",
        "-1",
        "1.5",
        "٣",
        "9" * 400,
        "Fri, 20 Nov 2026 11:00:00 GMT",
        "Fri, 99 Nov 2026",
        "Fri, 20 Nov 2026 99999999999999999999:00:00 GMT",
        f"Fri, 20 Nov {'9' * 30} 11:00:00 GMT",
        "Fri, 20 Nov 2026 11:00:00 +99999999999999999999",
    ],
)
async def test_a_useless_retry_after_changes_nothing(told: str) -> None:
    time = FakeTime()
    fields = [(b"Retry-After", told.encode())]
    upstream = Upstream(httpx.Response(503, headers=fields), httpx.Response(200))
    await mocked(upstream, time=time).send(READ.request())
    assert time.slept == [0.25]


async def test_a_malformed_date_of_the_answer_changes_nothing() -> None:
    time = FakeTime()
    fields = {
        "Retry-After": format_datetime(NOON + timedelta(seconds=3), usegmt=True),
        "Date": "Fri, 20 Nov 2026 11:00:00 +99999999999999999999",
    }
    upstream = Upstream(httpx.Response(503, headers=fields), httpx.Response(200))
    await mocked(upstream, time=time).send(READ.request())
    assert time.slept == [0.25]


@pytest.mark.requirement("UP-RETRY")
@pytest.mark.parametrize("endpoint", [READ, SEARCH, REPLACE])
@pytest.mark.parametrize("most", [0, 2])
async def test_no_more_attempts_than_allowed_reach_the_wire(endpoint: Endpoint, most: int) -> None:
    async with (
        loopback(Reply(then="close")) as site,
        connected(site.url, retries=Retries(most=most)) as client,
    ):
        with pytest.raises(UpstreamUnavailable):
            await client.send(endpoint.request())
    assert len(site.requests) == most + 1


@pytest.mark.requirement("UP-RETRY")
@pytest.mark.parametrize("status", [400, 404, 409, 412])
@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_refusal_after_a_broken_attempt_may_be_our_own_change(
    status: int, then: Literal["close", "reset"]
) -> None:
    async with (
        loopback(Reply(then=then), reply(status)) as site,
        connected(site.url) as client,
    ):
        with pytest.raises(UpstreamRefused) as error:
            await client.send(REPLACE.request(body={"a": 1}))
    assert len(site.requests) == 2
    assert (error.value.status, error.value.maybe_done) == (status, True)


async def test_what_was_sent_again_at_once_counts_as_an_earlier_attempt() -> None:
    async with (
        loopback(reply(), Reply(then="close"), reply(409)) as site,
        connected(site.url, retries=Retries(most=0)) as client,
    ):
        await client.send(READ.request())
        with pytest.raises(UpstreamRefused) as error:
            await client.send(REPLACE.request(body={"a": 1}))
    assert (len(site.requests), error.value.maybe_done) == (3, True)


@pytest.mark.parametrize(
    ("endpoint", "first"),
    [
        (REPLACE, httpx.ConnectError("x")),
        (REPLACE, httpx.Response(429)),
        (READ, httpx.ReadError("x")),
    ],
)
async def test_a_refusal_after_an_attempt_that_changed_nothing_is_just_that(
    endpoint: Endpoint, first: httpx.Response | httpx.RequestError
) -> None:
    upstream = Upstream(first, httpx.Response(409))
    with pytest.raises(UpstreamRefused) as error:
        await mocked(upstream).send(endpoint.request())
    assert (upstream.calls, error.value.maybe_done) == (2, False)


async def test_a_reset_in_mid_answer_is_tried_again_only_when_repeatable() -> None:
    broken = Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "reset")
    async with loopback(broken, reply()) as site, connected(site.url) as client:
        assert (await client.send(READ.request())).body == b"{}"
        assert len(site.requests) == 2
    once = Endpoint("GET", "/things", reads=True)
    async with loopback(broken, reply()) as site, connected(site.url) as client:
        with pytest.raises(UpstreamUnavailable, match="connection to the upstream broke"):
            await client.send(once.request())
        assert len(site.requests) == 1


async def test_a_post_on_a_stale_connection_is_not_sent_twice() -> None:
    async with (
        loopback(reply(), Reply(then="close"), reply()) as site,
        connected(site.url) as client,
    ):
        await client.send(READ.request())
        with pytest.raises(UpstreamUnavailable, match="whether the change was made is unknown"):
            await client.send(WRITE.request(body={"a": 1}))
    assert [request.line.split()[0] for request in site.requests] == ["GET", "POST"]


async def test_a_read_on_a_stale_connection_succeeds_even_without_retries() -> None:
    async with (
        loopback(reply(), Reply(then="close"), reply(200, b"[1]")) as site,
        connected(site.url, retries=Retries(most=0)) as client,
    ):
        await client.send(READ.request())
        assert (await client.send(READ.request())).body == b"[1]"


@pytest.mark.requirement("NO-SECRETS")
async def test_logs_tell_the_operation_and_nothing_that_was_sent() -> None:
    upstream = Upstream(httpx.Response(503, text="b0dy"), httpx.ReadError("broken"))
    endpoint = Endpoint("GET", "/things/{id}", reads=True, repeatable=True)
    with structlog.testing.capture_logs() as logs, pytest.raises(UpstreamUnavailable):
        await mocked(upstream).send(endpoint.request(path={"id": "i1"}, query={"q": "qu3ry"}))
    assert logs == [
        {
            "event": "upstream.retried",
            "log_level": "info",
            "method": "GET",
            "path": "/things/{id}",
            "status": 503,
            "attempt": 1,
            "pause_s": 0.25,
        },
        {
            "event": "upstream.retried",
            "log_level": "info",
            "method": "GET",
            "path": "/things/{id}",
            "reason": "ReadError: broken",
            "attempt": 2,
            "pause_s": 0.5,
        },
        {
            "event": "upstream.failed",
            "log_level": "warning",
            "method": "GET",
            "path": "/things/{id}",
            "reason": "ReadError: broken",
            "attempt": 3,
        },
    ]
