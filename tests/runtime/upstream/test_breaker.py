import httpx
import pytest
import structlog

from tests.support.loopback import Reply, loopback
from tests.support.upstreams import FakeTime, connected, mocked
from treenail_runtime.contract import (
    Endpoint,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from treenail_runtime.upstream import CircuitBreaker
from treenail_runtime.upstream.exchange import ExhaustedError

READ = Endpoint("GET", "/things", reads=True)


def _breaker(time: FakeTime) -> CircuitBreaker:
    return CircuitBreaker(failures=3, cool_down_s=10.0, stopwatch=lambda: time.seconds)


def test_closed_until_the_run_of_failures_is_full() -> None:
    breaker = _breaker(FakeTime())
    assert [breaker.failed(), breaker.failed()] == [False, False]
    assert breaker.state == "closed"
    assert breaker.failed()
    assert breaker.state == "open"


def test_a_success_ends_the_run() -> None:
    breaker = _breaker(FakeTime())
    for _ in range(5):
        assert not breaker.failed()
        assert not breaker.failed()
        assert not breaker.succeeded()


def test_open_tells_how_long_to_wait() -> None:
    time = FakeTime()
    breaker = _breaker(time)
    for _ in range(3):
        breaker.failed()
    time.seconds = 4.0
    assert breaker.admit() == 6.0


def test_a_look_claims_nothing() -> None:
    time = FakeTime()
    breaker = _breaker(time)
    assert breaker.wait_s == 0.0
    for _ in range(3):
        breaker.failed()
    assert breaker.wait_s == 10.0
    time.seconds = 10.0
    assert [breaker.wait_s, breaker.wait_s, breaker.admit()] == [0.0, 0.0, 0.0]


def test_half_open_admits_one_and_closes_on_its_success() -> None:
    time = FakeTime()
    breaker = _breaker(time)
    for _ in range(3):
        breaker.failed()
    time.seconds = 10.0
    assert breaker.state == "half-open"
    assert breaker.admit() == 0.0
    assert [breaker.admit(), breaker.wait_s] == [1.0, 1.0]
    assert breaker.succeeded()
    assert breaker.state == "closed"
    assert breaker.admit() == 0.0


def test_half_open_opens_again_on_failure() -> None:
    time = FakeTime()
    breaker = _breaker(time)
    for _ in range(3):
        breaker.failed()
    time.seconds = 12.0
    breaker.admit()
    assert not breaker.failed()
    assert breaker.state == "open"
    assert breaker.admit() == 10.0


def test_a_lost_test_does_not_keep_the_circuit_open() -> None:
    """A cancelled call reports nothing; the next test must not wait for it."""
    time = FakeTime()
    breaker = _breaker(time)
    for _ in range(3):
        breaker.failed()
    time.seconds = 10.0
    breaker.admit()
    time.seconds = 20.0
    assert breaker.admit() == 0.0


@pytest.mark.requirement("UP-BREAKER")
@pytest.mark.parametrize("status", [502, 503, 504])
async def test_server_errors_open_the_circuit_and_calls_end_at_once(status: int) -> None:
    time = FakeTime()
    calls: list[httpx.Request] = []

    def upstream(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(status)

    client = mocked(upstream, time=time, breaker=_breaker(time))
    for _ in range(3):
        with pytest.raises(UpstreamRefused):
            await client.send(READ.request())
    with pytest.raises(UpstreamUnavailable) as refused:
        await client.send(READ.request())
    assert len(calls) == 3
    assert refused.value.retry_after_s == 10.0


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 501])
async def test_an_upstream_that_answers_is_not_away(status: int) -> None:
    """Nor with 500: one record that it cannot serve would lock everybody out."""
    breaker = _breaker(FakeTime())
    client = mocked(lambda _: httpx.Response(status), breaker=breaker)
    for _ in range(5):
        with pytest.raises(UpstreamRefused):
            await client.send(READ.request())
    assert breaker.state == "closed"


async def test_no_connection_opens_the_circuit() -> None:
    def upstream(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    breaker = _breaker(FakeTime())
    client = mocked(upstream, breaker=breaker)
    with pytest.raises(UpstreamUnavailable):
        await client.send(READ.request())
    assert breaker.state == "open"


async def test_our_own_want_of_resources_is_no_failure_of_the_upstream() -> None:
    def upstream(_: httpx.Request) -> httpx.Response:
        raise ExhaustedError("Too many open files")

    breaker = _breaker(FakeTime())
    client = mocked(upstream, breaker=breaker)
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            with pytest.raises(UpstreamUnavailable):
                await client.send(READ.request())
    assert breaker.state == "closed"
    assert {"upstream.exhausted"} == {
        entry["event"] for entry in logs if entry["log_level"] == "error"
    }


async def test_a_silent_upstream_opens_the_circuit() -> None:
    breaker = CircuitBreaker(failures=1)
    silent = Endpoint("GET", "/things", reads=True, timeout_s=0.03)
    async with (
        loopback(Reply(then="hang")) as site,
        connected(site.url, breaker=breaker) as client,
    ):
        with pytest.raises(UpstreamTimeout):
            await client.send(silent.request())
    assert breaker.state == "open"


async def test_retries_stop_when_the_circuit_opens() -> None:
    breaker = CircuitBreaker(failures=1)
    time = FakeTime()
    client = mocked(lambda _: httpx.Response(503), time=time, breaker=breaker)
    with pytest.raises(UpstreamRefused):
        await client.send(Endpoint("GET", "/things", reads=True, repeatable=True).request())
    assert time.slept == []
