"""A COMMIT gets lost while a client refreshes, with its server or without: the client goes on."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.deployment import Deployment, Pair, deployment
from tests.support.fault_proxy import Moment, PostgresProxy, postgres_proxy
from tests.support.postgres import Postgres

ROTATION = "UPDATE oauth_tokens"


@asynccontextmanager
async def behind_a_proxy(
    folder: Path, postgres: Postgres
) -> AsyncGenerator[tuple[Deployment, PostgresProxy]]:
    url = postgres.fresh_database()
    name = url.rpartition("/")[2]
    async with postgres_proxy(postgres.port) as proxy:
        through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
        async with deployment(folder, url, server_url=through) as site:
            yield site, proxy


async def refresh_in_vain(
    site: Deployment, proxy: PostgresProxy, moment: Moment, workers: int
) -> Pair:
    """Refresh at a server whose processes are killed at `moment` of its COMMIT; what was sent."""
    async with asyncio.timeout(60), site.server(workers=workers) as server:
        pair = await site.log_in()
        fault = proxy.plan(moment, ROTATION)
        refreshing = asyncio.create_task(site.refresh(pair.refresh))
        await fault.reached.wait()
        for pid in server.serving:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await refreshing
        # The parent of workers ends as well, so that a supervisor starts all of them afresh.
        assert await server.end() == (1 if workers > 1 else -signal.SIGKILL)
    return pair


@pytest.mark.requirement("T-139")
async def test_a_refresh_that_was_not_committed_never_was(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with behind_a_proxy(tmp_path, postgres) as (site, proxy):
        first = await refresh_in_vain(site, proxy, "before commit", workers=1)
        assert await site.standing() == Counter({("active", 1): 1})
        async with site.server():
            second = Pair.of(await site.refresh(first.refresh))
            listed = await site.list_tools(second.access)

        assert listed.status == 200
        assert await site.standing() == Counter({("active", 1): 1})
        assert (await site.audited())["token.replayed"] == 0


@pytest.mark.requirement("T-140")
async def test_a_refresh_that_was_committed_but_not_answered_is_answered_at_the_next_attempt(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with behind_a_proxy(tmp_path, postgres) as (site, proxy):
        first = await refresh_in_vain(site, proxy, "after commit", workers=2)
        async with site.server():
            second = Pair.of(await site.refresh(first.refresh))
            again = Pair.of(await site.refresh(first.refresh))
            listed = await site.list_tools(second.access)
            third = Pair.of(await site.refresh(second.refresh))

        assert second == again
        assert listed.status == 200
        assert third != second
        assert await site.standing() == Counter({("active", 1): 1})
        assert (await site.audited())["token.replayed"] == 2


@pytest.mark.requirement("T-136", "T-140")
@pytest.mark.parametrize(
    ("moment", "way"),
    [("before commit", "cut"), ("after commit", "cut"), ("after commit", "silent")],
)
async def test_a_commit_without_an_answer_is_told_as_a_fault_that_passes(
    tmp_path: Path, postgres: Postgres, moment: Moment, way: str
) -> None:
    """The server lives on, and does not know whether the rotation was committed."""
    async with behind_a_proxy(tmp_path, postgres) as (site, proxy), site.server():
        first = await site.log_in()
        fault = proxy.plan(moment, ROTATION)
        refreshing = asyncio.create_task(site.refresh(first.refresh))
        await fault.reached.wait()
        if way == "cut":
            fault.cut.set()
        async with asyncio.timeout(20):
            told = await refreshing
        fault.cut.set()
        second = Pair.of(await site.refresh(first.refresh))
        listed = await site.list_tools(second.access)

        assert (told.status, told.json["error"]) == (503, "temporarily_unavailable")
        assert int(told.headers["retry-after"]) > 0
        assert listed.status == 200
        assert await site.standing() == Counter({("active", 1): 1})
        assert (await site.audited())["token.replayed"] == (moment == "after commit")
