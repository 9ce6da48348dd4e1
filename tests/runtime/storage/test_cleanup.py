"""What has ended is removed when nobody needs it any more, and not before."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.postgres import Postgres
from tests.support.rows import (
    DAY_MS,
    a_client,
    a_code,
    a_connection,
    a_grant,
    a_row,
    a_token,
)
from treenail_runtime.storage import schema
from treenail_runtime.storage.cleanup import Cleanup, CleanupTask, Retention
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.tables import (
    audit_events,
    auth_codes,
    clients,
    connections,
    grants,
    pending_logins,
    rate_buckets,
    sessions,
    tokens,
)

MINUTE = 60
HOUR = 3_600
DAY = 86_400


def digest(name: object) -> bytes:
    return hashlib.sha256(str(name).encode()).digest()


async def left(database: Database, *tables: Table) -> tuple[int, ...]:
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
    row = await database.read(lambda connection: connection.execute(select(*counts)))
    return tuple(row.one())


async def statuses(database: Database) -> dict[str, tuple[str, str | None]]:
    query = select(grants.c.id, grants.c.status, grants.c.reason)
    rows = await database.read(lambda connection: connection.execute(query))
    return {row.id: (row.status, row.reason) for row in rows}


async def a_family(database: Database, name: str = "g", **values: object) -> None:
    """A grant over its own connection, with an access and a refresh token."""
    await database.write(a_connection(f"c-{name}"))
    await database.write(a_grant(name, f"c-{name}", **values))
    await database.write(a_token(digest(f"{name} access"), name, "access"))
    await database.write(a_token(digest(f"{name} refresh"), name, "refresh"))


@pytest.mark.requirement("S0-38")
async def test_a_pending_login_goes_when_it_expires(database: Database) -> None:
    row = {"browser_hash": b"", "csrf_hashes": b"", "request": "sealed", "kid": "k1"}
    row |= {"instance_id": "default", "ip_mac": b"", "created_at": now_ms}
    expires = now_ms + 600_000
    await database.write(a_row(pending_logins, txn_hash=digest("t"), expires_at=expires, **row))
    assert await Cleanup(database).run() == {}
    await travel(database, 601)
    assert await Cleanup(database).run() == {"oauth_pending_logins": 1}
    assert await left(database, pending_logins) == (0,)


@pytest.mark.requirement("S0-38", "S1-28")
async def test_a_code_that_nobody_redeemed_takes_its_connection_along(database: Database) -> None:
    await database.write(a_connection("c"))
    await database.write(a_code(digest("code"), "c"))
    await travel(database, 10 * MINUTE)
    assert await Cleanup(database).run() == {}
    await travel(database, 2 * MINUTE)
    await Cleanup(database).run()
    assert await left(database, auth_codes, connections) == (0, 0)


@pytest.mark.requirement("S1-28")
async def test_a_redeemed_code_leaves_the_connection_to_its_grant(database: Database) -> None:
    await a_family(database)
    code = a_code(digest("code"), "c-g", consumed_at=now_ms, grant_id="g")
    await database.write(code)
    await travel(database, 12 * MINUTE)
    assert await Cleanup(database).run() == {"oauth_auth_codes": 1}
    assert await left(database, connections, grants) == (1, 1)


@pytest.mark.requirement("S0-38", "S1-29")
async def test_an_access_token_goes_a_day_after_its_expiry(database: Database) -> None:
    await a_family(database)
    await travel(database, HOUR + DAY - MINUTE)
    assert await Cleanup(database).run() == {}
    await travel(database, 2 * MINUTE)
    assert await Cleanup(database).run() == {"oauth_tokens": 1}
    assert await statuses(database) == {"g": ("active", None)}


@pytest.mark.requirement("T-143", "S1-30")
async def test_rotated_refresh_tokens_stay_until_their_family_has_been_dead_for_a_week(
    database: Database,
) -> None:
    await a_family(database)
    old = a_token(digest("old"), "g", "refresh", state="rotated", rotated_at=now_ms)
    await database.write(old)
    await travel(database, 30 * DAY + 2 * MINUTE)
    counts = await Cleanup(database).run()
    assert counts["oauth_grants ended"] == 1
    assert await statuses(database) == {"g": ("expired", "idle")}
    await travel(database, 7 * DAY - MINUTE)
    assert await Cleanup(database).run() == {"oauth_connections emptied": 1}
    assert await left(database, tokens) == (2,)
    await travel(database, 2 * MINUTE)
    await Cleanup(database).run()
    assert await left(database, tokens, grants, connections) == (0, 0, 0)


@pytest.mark.requirement("T-143", "S1-30")
async def test_a_compromised_family_stays_for_ninety_days(database: Database) -> None:
    await a_family(database, status="compromised", ended_at=now_ms)
    await travel(database, 89 * DAY)
    await Cleanup(database).run()
    assert await left(database, grants, connections) == (1, 1)
    await travel(database, 2 * DAY)
    await Cleanup(database).run()
    assert await left(database, tokens, grants, connections) == (0, 0, 0)


async def test_a_grant_ends_at_its_absolute_age_though_it_is_used(database: Database) -> None:
    await a_family(database, absolute_expires_at=now_ms + 1_000)
    await travel(database, 2)
    assert await Cleanup(database).run() == {"oauth_grants ended": 1}
    assert await statuses(database) == {"g": ("expired", "absolute")}


async def test_a_grant_without_refresh_tokens_ends_after_its_access_token(
    database: Database,
) -> None:
    await database.write(a_connection("c"))
    await database.write(a_grant("g", "c"))
    await database.write(a_token(digest("a"), "g", "access"))
    await travel(database, HOUR)
    assert await Cleanup(database).run() == {}
    await travel(database, DAY + MINUTE)
    counts = await Cleanup(database).run()
    assert counts == {"oauth_grants ended": 1, "oauth_tokens": 1}


async def test_a_connection_stays_while_one_of_its_grants_does(database: Database) -> None:
    await a_family(database, status="revoked", ended_at=now_ms)
    await database.write(a_grant("other", "c-g"))
    await travel(database, 8 * DAY)
    await Cleanup(database).run(thorough=True)
    assert await statuses(database) == {"other": ("active", None)}
    assert await left(database, connections) == (1,)


async def test_a_thorough_pass_finds_connections_that_nothing_leads_to(
    database: Database,
) -> None:
    await database.write(a_connection("lost"))
    await database.write(a_connection("waiting"))
    await database.write(a_code(digest("code"), "waiting", expires_at=now_ms + DAY_MS))
    await travel(database, 9 * MINUTE)
    assert await Cleanup(database).run(thorough=True) == {}
    await travel(database, 2 * MINUTE)
    assert await Cleanup(database).run(thorough=True) == {"oauth_connections": 1}


async def test_the_answer_for_repeated_refreshes_goes_after_the_grace(database: Database) -> None:
    await a_family(database)
    replay = a_token(
        digest("old"), "g", "refresh", state="rotated", rotated_at=now_ms, replay=b"sealed"
    )
    await database.write(replay)
    assert await Cleanup(database).run() == {}
    await travel(database, 61)
    assert await Cleanup(database).run() == {"oauth_tokens replays": 1}
    assert await left(database, tokens) == (3,)


async def test_idle_sessions_spent_counts_and_old_events_go(database: Database) -> None:
    await a_family(database)
    session = {"grant_id": "g", "client_id": "c", "subject": "s", "fingerprint": "f"}
    session |= {"instance_id": "default", "created_at": now_ms, "last_seen": now_ms}
    await database.write(a_row(sessions, session_hash=digest("s"), **session))
    bucket = {"bucket": "login", "key_mac": b"x", "count": 1}
    await database.write(a_row(rate_buckets, expires_at=now_ms + 900_000, **bucket))
    await travel(database, 16 * MINUTE)
    assert await Cleanup(database).run() == {"rate_buckets": 1}
    await travel(database, 15 * MINUTE)
    assert await Cleanup(database).run() == {"mcp_sessions": 1}
    await database.write(a_row(audit_events, id="e", at=now_ms, type="t", outcome="o"))
    await travel(database, 181 * DAY)
    counts = await Cleanup(database).run()
    assert counts["audit_events"] == 1


async def test_clients_that_nobody_uses_go(database: Database) -> None:
    await a_family(database, "g", client_id="in use")
    now_dead = {"expires_at": now_ms + 1_000, "kind": "document"}
    for work in (
        a_client("untried"),
        a_client("used", last_used_at=now_ms),
        a_client("in use", last_used_at=now_ms - 89 * DAY_MS),
        a_client("registered", kind="preregistered"),
        a_client("https://document", **now_dead),
        a_client("https://reserve", kind="document", expires_at=now_ms + DAY_MS + 60_000),
        a_client("https://disabled", **now_dead, disabled_at=now_ms),
    ):
        await database.write(work)
    query = select(clients.c.client_id)

    async def names() -> set[str]:
        return set((await database.read(lambda each: each.execute(query))).scalars())

    always = {"registered", "https://disabled"}
    await travel(database, 2 * DAY)
    await Cleanup(database).run()
    assert await names() == always | {"untried", "used", "in use", "https://reserve"}
    await travel(database, 27 * DAY)
    await Cleanup(database).run()
    assert await names() == always | {"untried", "used", "in use"}
    await travel(database, 2 * DAY)
    await Cleanup(database).run()
    assert await names() == always | {"used"}  # the grant of the third idled out
    await travel(database, 60 * DAY)
    await Cleanup(database).run()
    assert await names() == always


async def test_periods_can_be_chosen(database: Database) -> None:
    await database.write(a_row(audit_events, id="e", at=now_ms, type="t", outcome="o"))
    await travel(database, 61)
    retention = Retention(audit=timedelta(minutes=1))
    assert await Cleanup(database, retention).run() == {"audit_events": 1}


async def many_events(database: Database, count: int) -> None:
    rows = [{"id": str(n), "at": n, "type": "t", "outcome": "o"} for n in range(count)]
    await database.write(lambda connection: connection.execute(insert(audit_events), rows))


async def test_a_pass_is_bounded(database: Database) -> None:
    await many_events(database, 1_300)
    assert await Cleanup(database).run(batches=2) == {"audit_events": 1_000}
    assert await Cleanup(database).run(batches=2) == {"audit_events": 300}


async def test_workers_that_clean_together_remove_each_row_once(database: Database) -> None:
    await many_events(database, 1_300)
    passes = await asyncio.gather(*(Cleanup(database).run() for _ in range(4)))
    removed = sum(counts.get("audit_events", 0) for counts in passes)
    assert removed + (await left(database, audit_events))[0] == 1_300
    assert await Cleanup(database).run() == (
        {} if removed == 1_300 else {"audit_events": 1_300 - removed}
    )


async def test_a_worker_leaves_the_work_to_the_one_that_is_at_it(postgres: Postgres) -> None:
    database = Database(postgres.fresh_database())
    await schema.upgrade(database)
    await many_events(database, 1)
    held, done = asyncio.Event(), asyncio.Event()

    async def hold(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT pg_advisory_xact_lock(0x747265636C65616E)"))
        held.set()
        await done.wait()

    holder = asyncio.create_task(database.write(hold))
    await held.wait()
    assert await Cleanup(database).run() == {}
    done.set()
    await holder
    assert await Cleanup(database).run() == {"audit_events": 1}
    await database.aclose()


@pytest.mark.requirement("S0-38", "S1-31")
async def test_the_task_cleans_until_it_is_stopped(database: Database) -> None:
    await many_events(database, 1)
    task = CleanupTask(Cleanup(database), interval_s=0.01)
    task.start()
    async with asyncio.timeout(10):
        while await left(database, audit_events) != (0,):  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.01)
    await task.stop()


@pytest.mark.requirement("S0-39", "S1-31")
async def test_a_task_survives_failing_passes_and_stops_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(f"sqlite:///{tmp_path}/no/such/folder.db")
    task = CleanupTask(Cleanup(database), interval_s=0.001)
    task.start()
    told: str = ""
    async with asyncio.timeout(10):
        while told.count("cleanup.failed") < 3:
            await asyncio.sleep(0.01)
            told += capsys.readouterr().out
    async with asyncio.timeout(1):
        await task.stop()
    await database.aclose()


@pytest.mark.requirement("AS-14")
async def test_credentials_are_gone_a_minute_after_the_last_grant_has_ended(
    database: Database,
) -> None:
    await a_family(database)
    assert "oauth_connections emptied" not in await Cleanup(database).run()
    await GrantStore(database).revoke_all()
    await travel(database, 2 * MINUTE)

    counts = await Cleanup(database).run()
    again = await Cleanup(database).run()

    async def kept(connection: AsyncConnection) -> list[tuple[str, str, str]]:
        columns = (connections.c.config, connections.c.kid, connections.c.status)
        return [tuple(row) for row in await connection.execute(select(*columns))]

    assert counts["oauth_connections emptied"] == 1
    assert "oauth_connections emptied" not in again
    assert await database.read(kept) == [("", "", "deleted")]
