"""Two workers behave as one server."""

import asyncio
import json
import os
import signal
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.authorizing import CLIENT
from tests.support.commands import connectors_folder
from tests.support.deployment import Deployment, Pair, Server, deployment
from tests.support.postgres import Postgres
from tests.support.wire import Answer
from treenail_runtime.storage.database import Database

ROUNDS = 100
AT_A_TIME = 10
LOGINS = 5


async def refresh_and_revoke(site: Deployment) -> None:
    """Give a refresh token back while its client uses it: nothing that it gave is alive."""
    first = await site.log_in()
    answers = await asyncio.gather(
        site.refresh(first.refresh), site.revoke(first.refresh), site.refresh(first.refresh)
    )
    assert answers[1].status == 200
    pairs = [first, *(Pair.of(each) for each in answers[::2] if each.status == 200)]
    refused = [await site.refresh(pair.refresh) for pair in pairs]
    barred = [await site.list_tools(pair.access) for pair in pairs]
    assert {each.json["error"] for each in refused} == {"invalid_grant"}
    assert {each.status for each in barred} == {401}


@pytest.mark.requirement("T-055")
async def test_nothing_survives_a_revocation_that_races_a_rotation(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with (
        deployment(tmp_path, postgres.fresh_database()) as site,
        site.server(workers=2),
    ):
        for _ in range(ROUNDS // AT_A_TIME):
            await asyncio.gather(*(refresh_and_revoke(site) for _ in range(AT_A_TIME)))
        standing = await site.standing()
        audited = await site.audited()

    assert {status for status, _ in standing} == {"revoked"}
    assert sum(standing.values()) == ROUNDS
    # In some rounds the rotation came first, in some the revocation; otherwise nothing raced.
    assert audited["token.refreshed"] > 0
    assert audited["grant.revoked"] == ROUNDS


@contextmanager
def only(server: Server, worker: int) -> Generator[None]:
    """The others do not get to run."""
    others = [each for each in server.workers if each != worker]
    for each in others:
        os.kill(each, signal.SIGSTOP)
        while _state(each) != "T":
            os.sched_yield()
    try:
        yield
    finally:
        for each in others:
            os.kill(each, signal.SIGCONT)


def _state(pid: int) -> str:
    """One letter of proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][0]


async def attempts(site: Deployment, server: Server, count: int) -> list[Answer]:
    """Logins, each at another worker than the one before."""
    workers = server.workers
    assert len(workers) == 2
    answers: list[Answer] = []
    for number in range(count):
        with only(server, workers[number % 2]):
            answers.append(await site.post("/login", {"txn": "unknown"}))
    return answers


@pytest.mark.requirement("T-145", "T-069")
@pytest.mark.parametrize("counted_in", ["database", "Redis"])
async def test_two_workers_count_logins_together_and_a_restart_forgets_none(
    tmp_path: Path, postgres: Postgres, redis_url: str, counted_in: str
) -> None:
    settings: dict[str, object] = {"workers": 2, "rate_limits": f"login={LOGINS}/15m"}
    if counted_in == "Redis":
        settings["redis_url"] = redis_url
    async with deployment(tmp_path, postgres.fresh_database()) as site:
        async with site.server(**settings) as server:
            first = await attempts(site, server, LOGINS + 2)
        async with site.server(**settings) as server:
            second = await attempts(site, server, 2)

    assert [each.status == 429 for each in first] == [False] * LOGINS + [True, True]
    assert [each.status for each in second] == [429, 429]
    assert all(0 < int(each.headers["retry-after"]) <= 900 for each in (*first[-2:], *second))


@pytest.mark.requirement("T-137", "S1-03")
async def test_two_servers_start_at_once_on_an_empty_database(
    tmp_path: Path, postgres: Postgres
) -> None:
    connectors_folder(tmp_path)
    url = postgres.fresh_database()
    name = url.rpartition("/")[2]
    sites = [Deployment(tmp_path, Database(url), url) for _ in range(2)]
    body = json.dumps(
        {"redirect_uris": CLIENT.redirect_uris, "token_endpoint_auth_method": "none"}
    ).encode()
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(each.server()) for each in sites))
        registered = await sites[0].send(
            "POST", "/register", body, {"Content-Type": "application/json"}
        )
        known = {"client_id": registered.json["client_id"], "grant_type": "refresh_token"}
        told = await sites[1].post("/token", {**known, "refresh_token": "unknown"})

    assert registered.status == 201
    assert told.json["error"] == "invalid_grant"
    assert postgres.execute("SELECT count(*) FROM alembic_version", name) == "1"
    assert postgres.execute("SELECT count(*) FROM crypto_keys", name) == "1"
