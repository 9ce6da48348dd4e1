"""Many workers whose upstream's provider is out for a while, with people who call all the same.

By hand, with as long an outage as wanted: `python -m tests.support.provider_outage --help`.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr
from sqlalchemy import select, update

from tests.support.authorizing import SECRET
from tests.support.deployment import Deployment, deployment
from tests.support.loopback import loopback
from tests.support.postgres import running_postgres
from tests.support.provider_login import ITEM
from tests.support.providers import CLIENT_ID, CLIENT_SECRET
from tests.support.wire import modern, modern_headers
from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider
from treenail_runtime.demo.provider.ledger import new_grant
from treenail_runtime.demo.provider.switches import Outage
from treenail_runtime.storage.credentials import CredentialStore
from treenail_runtime.storage.database import now_ms
from treenail_runtime.storage.tables import connections, credentials, grants

PATIENCE_SECONDS: Final = 120
_EVERY_SECONDS: Final = 0.5
"""Between two calls of a person during an outage; agents in earnest wait for `Retry-After`."""

_MODULE: Final = """
from dataclasses import replace

from tests.support import sample
from treenail_runtime.contract import OAuthCodeAuth, OAuthProvider

CONNECTOR = replace(
    sample.CONNECTOR,
    auth=OAuthCodeAuth(provider={provider!r}, scopes=("jobs",)),
    login=tuple(each for each in sample.CONNECTOR.login if each.name == "region"),
)
"""
_CALL: Final = modern("tools/call", {"name": "get_item", "arguments": {"item_id": "i-1"}})
_HEADERS: Final = dict(modern_headers("tools/call", "get_item"))


@dataclass(frozen=True)
class Told:
    """What a call was answered.

    Attributes:
        retry_s: Of its `Retry-After`; 0 without one.
        result: Whether a tool answered, and not with an error.
    """

    status: int
    result: bool
    retry_s: int
    took_ms: float


@dataclass
class Town:
    """A server of many workers, its provider, and people who are logged in.

    Attributes:
        people: Our access tokens of those who have not called yet: no worker holds theirs of the
            upstream in memory, so that it is over once the database says so.
    """

    site: Deployment
    fake: FakeProvider
    people: list[str] = field(default_factory=list[str])

    async def log_in(self, people: int) -> None:
        """Have so many people logged in, with tokens of the provider."""
        for _ in range(people):
            self.people.append((await self.site.log_in(account="somebody")).access)
        store = CredentialStore(self.site.database, Sealer(_ring()))
        for row in await self.site.rows(select(connections.c.id)):
            grant = new_grant(CLIENT_ID, row.id, ("jobs",))
            await store.put(
                row.id,
                ObtainedTokens(
                    access=SecretStr(f"first of {row.id}"),
                    refresh=SecretStr(self.fake.ledger.new_refresh(grant)),
                    expires_in_s=3600,
                    issuer=self.fake.issuer,
                ),
            )

    async def expire(self) -> None:
        """Have the access tokens be over; no attempt is counted."""
        over = {"expires_at": now_ms - 1000, "next_attempt_at": None, "refresh_attempts": 0}
        await self.site.execute(update(credentials).values(over))

    @property
    def refreshes(self) -> int:
        """How often the provider was asked to refresh."""
        return len(self.fake.journal.of("token", grant_type="refresh_token"))

    async def call(self, session: aiohttp.ClientSession, token: str) -> Told:
        """One call over a connection of its own, so of any worker."""
        start = time.perf_counter()
        async with session.post(
            f"{self.site.base_url}/mcp",
            data=_CALL,
            headers={**_HEADERS, "Authorization": f"Bearer {token}"},
        ) as answer:
            told = await answer.json()
        result = "result" in told and not told["result"].get("isError")
        retry_s = int(answer.headers.get("Retry-After", "0"))
        return Told(answer.status, result, retry_s, (time.perf_counter() - start) * 1000)

    async def active(self) -> tuple[int, int]:
        """How many connections and grants are active."""
        counts = [
            len(await self.site.rows(select(table.c.id).where(table.c.status == "active")))
            for table in (connections, grants)
        ]
        return counts[0], counts[1]


@dataclass(frozen=True)
class Report:
    """What an outage did.

    Attributes:
        during: Answers of the outage, after the first one of each person.
        first: These, which found out.
        asked: Requests to the provider meanwhile.
        recovered_s: For each person, how long after the outage the first result came.
        waited_s: For each person, the `Retry-After` that was told last.
        refreshed: Refreshes after the outage.
        active: Connections and grants that are active afterwards.
    """

    first: Sequence[Told]
    during: Sequence[Told]
    asked: int
    recovered_s: Sequence[float]
    waited_s: Sequence[int]
    refreshed: int
    active: tuple[int, int]

    def __str__(self) -> str:
        statuses = dict(Counter(each.status for each in (*self.first, *self.during)))
        return (
            f"{len(self.first)} people; answers {statuses}; the first ones within "
            f"{max(each.took_ms for each in self.first):.0f} ms, the others p50 "
            f"{_percentile(self.during, 50):.1f} ms, p99 {_percentile(self.during, 99):.1f} ms; "
            f"the provider was asked {self.asked} times; results again after p50 "
            f"{statistics.median(self.recovered_s):.1f} s, at most {max(self.recovered_s):.1f} s "
            f"(told to wait {max(self.waited_s)} s at most), with {self.refreshed} refreshes; "
            f"connections and grants that are active: {self.active}"
        )


@asynccontextmanager
async def town(
    folder: Path, database_url: str, *, workers: int, people: int
) -> AsyncGenerator[Town]:
    """The servers are up and everybody is logged in."""
    registered = FakeClient(CLIENT_ID, CLIENT_SECRET)
    async with (
        serving_provider("oidc", clients=[registered]) as fake,
        loopback(ITEM) as upstream,
        deployment(folder, database_url, upstream_url=upstream.url) as site,
    ):
        module = _MODULE.format(provider=fake.declared())
        (folder / "connectors/sample.py").write_text(module, encoding="utf-8")
        variables = {
            "SAMPLE_OAUTH_CLIENT_ID": CLIENT_ID,
            "SAMPLE_OAUTH_CLIENT_SECRET": CLIENT_SECRET,
        }
        async with site.server(variables, workers=workers):
            made = Town(site, fake)
            await made.log_in(people)
            yield made


async def refreshed_at_once(town: Town, calls: int) -> int:
    """How often the provider is asked when so many calls of one person find the token expired.

    Raises:
        AssertionError: A call had no result.
    """
    await town.expire()
    before, token = town.refreshes, town.people.pop()
    async with _session() as session:
        told = await asyncio.gather(*(town.call(session, token) for _ in range(calls)))
    assert all(each.result for each in told), Counter(each.status for each in told)
    return town.refreshes - before


async def outage(town: Town, kind: Outage, seconds: float) -> Report:
    """Have the provider be out while everybody's token is over, and wait until all is well."""
    await town.expire()
    town.fake.switches.fall_ill(kind)
    entries = len(town.fake.journal.entries)
    async with _session() as session:
        first = await asyncio.gather(*(town.call(session, each) for each in town.people))
        until = time.monotonic() + seconds
        called = await asyncio.gather(
            *(_calling(town, session, each, until) for each in town.people)
        )
        asked = len(town.fake.journal.entries) - entries
        before = town.refreshes
        town.fake.switches.recover()
        recovered = await asyncio.gather(*(_recovered(town, session, each) for each in town.people))
    return Report(
        first=first,
        during=[each for person in called for each in person],
        asked=asked,
        recovered_s=recovered,
        waited_s=[person[-1].retry_s for person in called],
        refreshed=town.refreshes - before,
        active=await town.active(),
    )


async def _calling(
    town: Town, session: aiohttp.ClientSession, token: str, until: float
) -> list[Told]:
    told: list[Told] = []
    while not told or time.monotonic() < until:
        told.append(await town.call(session, token))
        await asyncio.sleep(_EVERY_SECONDS)
    return told


async def _recovered(town: Town, session: aiohttp.ClientSession, token: str) -> float:
    """Seconds until a call has a result again, by an agent that heeds `Retry-After`."""
    start = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (told := await town.call(session, token)).result:
            assert told.status == 503, told
            await asyncio.sleep(told.retry_s)
    return time.monotonic() - start


def _session() -> aiohttp.ClientSession:
    # Each call at whichever worker takes the connection.
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0))


def _ring() -> KeyRing:
    return KeyRing.from_settings(SecretStr(SECRET), None)


def _percentile(told: Sequence[Told], percent: int) -> float:
    return statistics.quantiles((each.took_ms for each in told), n=100)[percent - 1]


async def _main(workers: int, people: int, seconds: float, kind: Outage, rounds: int) -> None:
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        async with town(
            Path(folder), postgres.fresh_database(), workers=workers, people=people + rounds
        ) as made:
            refreshed = [await refreshed_at_once(made, 8 * workers) for _ in range(rounds)]
            print(f"refreshes for {8 * workers} calls at once: {refreshed}")  # noqa: T201  # a script by hand
            print(await outage(made, kind, seconds))  # noqa: T201  # the same


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Call while the upstream's provider is out.")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kind", choices=("error", "hang", "cut"), default="error")
    parser.add_argument("--rounds", type=int, default=20, help="of calls with an expired token")
    given = parser.parse_args()
    asyncio.run(_main(given.workers, given.people, given.seconds, given.kind, given.rounds))
