"""A database in trouble is told as such, gives nothing by halves, and is used again by itself."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tests.support.deployment import Deployment, Pair, Server, deployment, until
from tests.support.postgres import Postgres
from tests.support.wire import JSON_HEADERS, Answer, rpc

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLE = "treenail_app"
INITIALIZE = rpc(
    "initialize",
    {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
)


_SERVERS_CONNECTIONS = f"pg_stat_activity WHERE usename = '{ROLE}'"
_WAITING = f"SELECT count(*) FROM {_SERVERS_CONNECTIONS} AND wait_event_type = 'Lock'"  # noqa: S608  # a constant
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@dataclass
class Trouble:
    """A server, its database, and an administrator who makes trouble there."""

    site: Deployment
    server: Server
    postgres: Postgres
    name: str

    def administer(self, *statements: str) -> None:
        for statement in statements:
            self.postgres.execute(statement, self.name)

    def ask(self, question: str) -> str:
        return self.postgres.execute(question, self.name)

    def reconnect(self) -> None:
        """Have the server connect again, as settings of a database count for new connections."""
        self.administer(f"SELECT pg_terminate_backend(pid) FROM {_SERVERS_CONNECTIONS}")  # noqa: S608  # a constant

    @asynccontextmanager
    async def holding(self, *statements: str) -> AsyncGenerator[AsyncConnection]:
        """A transaction that has executed `statements` and stays open."""
        where = f"postgresql+asyncpg://postgres@127.0.0.1:{self.postgres.port}/{self.name}"
        engine = create_async_engine(where)
        try:
            async with engine.begin() as connection:
                for statement in statements:
                    await connection.execute(text(statement))
                yield connection
        finally:
            await engine.dispose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trouble(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Trouble]:
    """One server for all that is done to it here: it must survive everything."""
    url = postgres.fresh_database()
    name = url.rpartition("/")[2]
    restricted = f"postgresql://{ROLE}@127.0.0.1:{postgres.port}/{name}"
    folder = tmp_path_factory.mktemp("trouble")
    async with deployment(folder, url, server_url=restricted) as site:
        postgres.execute(f"CREATE ROLE {ROLE} LOGIN", name)
        postgres.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}", name)
        async with site.server() as server:
            yield Trouble(site, server, postgres, name)
            assert server.process.returncode is None
        postgres.execute(f"DROP OWNED BY {ROLE}", name)
        postgres.execute(f"DROP ROLE {ROLE}")


def says_later(answer: Answer) -> bool:
    """Whether a client is told, in the words of its endpoint, to come back."""
    code = answer.json["error"]
    is_told = code == "temporarily_unavailable" or code["code"] == -32_002
    return answer.status == 503 and is_told and 0 < int(answer.headers["retry-after"]) <= 60


async def initialize(site: Deployment, pair: Pair) -> Answer:
    headers = {**dict(JSON_HEADERS), "Authorization": f"Bearer {pair.access}"}
    return await site.send("POST", "/mcp", INITIALIZE, headers)


async def all_is_well(trouble: Trouble, pair: Pair, standing: "Counter[tuple[str, int]]") -> None:
    """The refresh token of before still gives its first successor, and nothing was given by halves."""
    assert await trouble.site.standing() == standing
    replayed = (await trouble.site.audited())["token.replayed"]
    following = Pair.of(await trouble.site.refresh(pair.refresh))
    assert (await trouble.site.list_tools(following.access)).status == 200
    assert (await trouble.site.audited())["token.replayed"] == replayed
    assert await trouble.site.standing() == standing


@pytest.mark.requirement("T-136")
async def test_a_read_only_database_still_serves_tools(trouble: Trouble) -> None:
    site, pair = trouble.site, await trouble.site.log_in()
    standing = await site.standing()

    trouble.administer(f"ALTER ROLE {ROLE} SET default_transaction_read_only = on")
    trouble.reconnect()
    refreshed, listed = await site.refresh(pair.refresh), await site.list_tools(pair.access)
    opened = await initialize(site, pair)
    trouble.administer(f"ALTER ROLE {ROLE} RESET default_transaction_read_only")
    trouble.reconnect()

    assert says_later(refreshed)
    assert says_later(opened)
    assert listed.status == 200
    await all_is_well(trouble, pair, standing)


@pytest.mark.requirement("T-136")
async def test_a_database_without_a_connection_to_spare_is_told(trouble: Trouble) -> None:
    site, pair = trouble.site, await trouble.site.log_in()
    standing = await site.standing()

    trouble.administer(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
    trouble.reconnect()
    refreshed, listed = await site.refresh(pair.refresh), await site.list_tools(pair.access)
    ready = await site.send("GET", "/readyz")
    trouble.administer(f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")

    assert says_later(refreshed)
    assert says_later(listed)
    assert ready.status == 503
    await all_is_well(trouble, pair, standing)


@pytest.mark.requirement("T-136")
async def test_a_locked_table_and_an_exhausted_pool_keep_nobody_waiting_for_long(
    trouble: Trouble,
) -> None:
    """More requests than connections: those get the lock's limit, the rest the pool's."""
    site, pair = trouble.site, await trouble.site.log_in()
    standing = await site.standing()

    async with trouble.holding("LOCK TABLE oauth_tokens IN ACCESS EXCLUSIVE MODE"):
        async with asyncio.timeout(20):
            answers = await asyncio.gather(
                *(site.list_tools(pair.access) for _ in range(30)),
                *(site.refresh(pair.refresh) for _ in range(10)),
            )

    assert all(says_later(each) for each in answers)
    log = trouble.server.told()
    assert "LockNotAvailableError 55P03" in log
    assert "TimeoutError" in log
    await all_is_well(trouble, pair, standing)


@pytest.mark.requirement("T-136")
async def test_a_refresh_that_loses_a_deadlock_is_repeated(trouble: Trouble) -> None:
    site, pair = trouble.site, await trouble.site.log_in()
    before = trouble.ask(_DEADLOCKS)

    # The other one does not look for deadlocks as soon, so that the server's refresh is the victim.
    patient = "SET LOCAL deadlock_timeout = '60s'"
    async with trouble.holding(patient, "UPDATE oauth_tokens SET scope = scope") as other:
        refreshing = asyncio.create_task(site.refresh(pair.refresh))
        await until(lambda: trouble.ask(_WAITING) == "1")
        await other.execute(text("SELECT id FROM oauth_grants FOR UPDATE"))
    following = Pair.of(await refreshing)

    assert int(trouble.ask(_DEADLOCKS)) == int(before) + 1
    assert (await site.list_tools(following.access)).status == 200
