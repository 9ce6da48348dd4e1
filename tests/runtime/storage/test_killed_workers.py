"""A worker that is killed in the middle of a refresh leaves its client in peace."""

import asyncio
import sys

import pytest

from tests.support.families import Authorizer
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import tokens

WORKER = """
import asyncio, os, signal, sys
from functools import partial

from treenail_runtime.auth.refreshing import RefreshRequest, decide_refresh
from treenail_runtime.auth.tokens import TokenPolicy, new_successors
from treenail_runtime.crypto.opaque import digest
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import refresh_in

async def main(url, presented, moment):
    request = RefreshRequest(client_id="client-a", instance_id="default")
    decide = partial(decide_refresh, request=request, policy=TokenPolicy())
    _, successors = new_successors(presented, "phmcp")

    async def work(connection):
        await refresh_in(connection, digest(presented), successors, decide)
        if moment == "before commit":
            os.kill(os.getpid(), signal.SIGKILL)

    await Database(url).write(work)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


async def killed(url: str, token: str, moment: str) -> None:
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, url, token, moment)
    assert await worker.wait() == -9


@pytest.mark.requirement("T-139")
async def test_what_was_not_committed_never_was(database: Database, database_url: str) -> None:
    server = Authorizer(database)
    first = await server.tokens()

    await killed(database_url, first.refresh, "before commit")
    assert await server.count(tokens) == 2
    second = await server.refresh(first.refresh)

    assert second.granted.replay is None
    assert await server.is_live(second.access)


@pytest.mark.requirement("T-140")
async def test_what_was_committed_but_not_told_is_told_at_the_next_attempt(
    database: Database, database_url: str
) -> None:
    server = Authorizer(database)
    first = await server.tokens()

    await killed(database_url, first.refresh, "after commit")
    assert await server.count(tokens) == 4
    second = await server.refresh(first.refresh)

    assert second.granted.replay is not None
    assert await server.is_live(second.access)
    assert await server.count(tokens) == 4
