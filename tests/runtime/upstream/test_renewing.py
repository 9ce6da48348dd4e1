"""Credentials that change: a token that the upstream refuses, and the one that follows it."""

import asyncio
from dataclasses import dataclass, field, replace

import httpx
import pytest

from tests.support.upstreams import mocked
from treenail_runtime.contract import Endpoint, JsonBody, UpstreamRefused, UpstreamUnavailable
from treenail_runtime.upstream import Credentials

_READ = Endpoint("GET", "/things", reads=True)
_WRITE = Endpoint("POST", "/things", body=JsonBody())


@dataclass
class Tokens:
    """A source whose tokens follow one another; None when there are no more."""

    names: list[str]
    asked: list[str] = field(default_factory=list[str])

    async def current(self) -> Credentials:
        return _bearer(self.names[0])

    async def renewed(self, refused: Credentials) -> Credentials | None:
        self.asked.append(refused.headers[0][1])
        return _bearer(self.names[1]) if len(self.names) > 1 else None


def _bearer(token: str) -> Credentials:
    return Credentials((("Authorization", f"Bearer {token}"),), hidden=frozenset({token}))


async def test_a_write_that_was_refused_with_401_is_sent_again_with_the_next_token() -> None:
    seen: list[str] = []

    def upstream(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(401 if seen[-1] == "Bearer old" else 200, json={"made": True})

    client = mocked(upstream, credentials=Tokens(["old", "new"]))
    answer = await client.send(_WRITE.request(body={"a": 1}))

    assert (answer.status, seen) == (200, ["Bearer old", "Bearer new"])


@pytest.mark.parametrize(("names", "sent"), [(["old"], 1), (["old", "new"], 2)])
async def test_after_one_renewal_the_refusal_is_told(names: list[str], sent: int) -> None:
    told: list[int] = []
    seen: list[str] = []

    def upstream(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(401)

    source = Tokens(names)
    client = mocked(upstream, credentials=source, refused=told.append)
    with pytest.raises(UpstreamRefused) as refused:
        await client.send(_READ.request())

    assert (refused.value.status, len(seen), told) == (401, sent, [401])
    assert source.asked == ["Bearer old"]


async def test_another_refusal_does_not_cost_the_token() -> None:
    source = Tokens(["old", "new"])
    client = mocked(lambda _: httpx.Response(403), credentials=source)
    with pytest.raises(UpstreamRefused):
        await client.send(_READ.request())

    assert source.asked == []


@dataclass
class Slow(Tokens):
    """A source whose provider does not answer, for the first or for the next token."""

    first: bool = False
    is_well: bool = False

    async def current(self) -> Credentials:
        if self.first and not self.is_well:
            await asyncio.get_running_loop().create_future()
        return await super().current()

    async def renewed(self, refused: Credentials) -> Credentials | None:
        if not self.is_well:
            await asyncio.get_running_loop().create_future()
        return await super().renewed(refused)


@pytest.mark.requirement("T-075")
@pytest.mark.parametrize("first", [True, False])
async def test_a_provider_that_is_slow_does_not_count_as_a_failure_of_the_upstream(
    first: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    source = Slow(["old", "new"], first=first)
    client = mocked(
        lambda request: httpx.Response(
            401 if request.headers["Authorization"] == "Bearer old" else 200, json={}
        ),
        credentials=source,
    )
    hurried = replace(_READ, timeout_s=0.02)
    for _ in range(12):
        with pytest.raises(UpstreamUnavailable, match="login server did not answer in time"):
            await client.send(hurried.request())
    source.is_well = True

    assert (await client.send(_READ.request())).status == 200
