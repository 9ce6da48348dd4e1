"""What whoever asks too often is told."""

import asyncio
import json

import pytest
from quart import Quart, Response

from treenail_runtime.edge.limiting import (
    HELD_SECONDS,
    first_refusal,
    limit_headers,
    too_many,
    too_many_calls,
)
from treenail_runtime.limits import UNLIMITED, Bucket, Limiter, LimitRules, Verdict

REFUSED = Verdict(allowed=False, limit=5, remaining=0, reset_s=300, retry_after_s=300)


@pytest.mark.requirement("T-069", "S1-36")
async def test_an_oauth_endpoint_says_slow_down_and_when_to_come_back() -> None:
    app = Quart(__name__, static_folder=None)
    limiter = Limiter(LimitRules.parsed("revoke=1/h"))

    @app.post("/revoke")
    async def revoke() -> Response:
        refusal = await first_refusal(limiter, ("revoke", "203.0.113.9"))
        return Response("") if refusal is None else too_many(refusal)

    _ = revoke
    client = app.test_client()
    first, second = await client.post("/revoke"), await client.post("/revoke")

    assert (first.status_code, second.status_code) == (200, 429)
    assert await second.get_json() == {
        "error": "slow_down",
        "error_description": "Too many requests; see Retry-After",
    }
    assert second.headers["Retry-After"] == "3600"
    assert second.headers["RateLimit-Limit"] == "1"
    assert second.headers["RateLimit-Remaining"] == "0"
    assert second.headers["RateLimit-Reset"] == "3600"
    assert second.headers["Cache-Control"] == "no-store"
    assert second.headers["Content-Type"] == "application/json"


@pytest.mark.requirement("S0-31")
def test_an_mcp_endpoint_says_it_as_a_json_rpc_error() -> None:
    reply, fields = too_many_calls(REFUSED)
    headers = dict(fields)

    assert reply.status == 429
    assert (headers[b"retry-after"], headers[b"ratelimit-limit"]) == (b"300", b"5")
    assert json.loads(reply.body) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {
            "code": -32_000,
            "message": "Too many requests; see Retry-After",
            "data": {"retryAfterSeconds": 300},
        },
    }


def test_whoever_is_not_limited_is_told_of_no_limit() -> None:
    assert limit_headers(UNLIMITED) == {}
    assert "Retry-After" not in limit_headers(Verdict(allowed=True, limit=5, remaining=4))


@pytest.mark.requirement("OWN-LIMITS")
async def test_a_refusal_is_held_back_and_nothing_else_is() -> None:
    limiter = Limiter(LimitRules.parsed("register=50/m"))
    loop = asyncio.get_running_loop()
    start = loop.time()
    for _ in range(50):
        assert await first_refusal(limiter, ("register", "203.0.113.9")) is None
    admitted = loop.time()
    assert await first_refusal(limiter, ("register", "203.0.113.9")) is not None
    refused = loop.time()

    assert admitted - start < HELD_SECONDS * 0.8 <= refused - admitted


async def test_the_first_limit_that_is_reached_decides_and_the_others_are_not_counted() -> None:
    limiter = Limiter(LimitRules.parsed("register=2/m,register_hour=3/h"))
    both: tuple[tuple[Bucket, str], ...] = (("register", "a"), ("register_hour", "a"))

    found = [await first_refusal(limiter, *both) for _ in range(3)]

    assert [each is None for each in found] == [True, True, False]
    assert found[2] is not None
    assert found[2].limit == 2
    assert (await limiter.hit("register_hour", "a")).remaining == 0
