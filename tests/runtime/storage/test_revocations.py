"""What the upstream's provider is to forget: owed with what ends, done by one, never for ever."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.tenants import (
    ISSUER,
    SETTINGS,
    at,
    credential_store,
    joined,
    made,
    obtained,
    revocation_store,
    texts_of,
)
from treenail_runtime.auth.instances import OwedRevocation, OwnClient
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import (
    audit_events,
    auth_codes,
    connections,
    credentials,
    revocations,
)

DAY_S = round(timedelta(days=1).total_seconds())


async def owing(database: Database, *names: str) -> None:
    for name in names:
        await revocation_store(database).add("default", "sample", obtained(name))


def names(owed: list[OwedRevocation]) -> set[str]:
    return {each.access.get_secret_value().removeprefix("access-canary-") for each in owed}


async def told(database: Database) -> list[tuple[str, str]]:
    found = select(audit_events.c.outcome, audit_events.c.instance_id).where(
        audit_events.c.type == "tokens.revoked"
    )

    async def work(connection: AsyncConnection) -> list[tuple[str, str]]:
        return [tuple(row) for row in (await connection.execute(found)).all()]

    return await database.read(work)


@pytest.mark.requirement("S2-37", "UP-OWED")
async def test_tokens_of_an_ended_login_are_owed_once(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    gone, stays = await joined(database, "default"), await joined(database, "default")
    await at(database, "default").revoke(gone.tokens.refresh)
    assert await revocation_store(database).take_ended(10) == 0
    await travel(database, 120)
    counts = await Cleanup(database).run()

    taken = await asyncio.gather(
        *(revocation_store(each).take_ended(10) for each in (database, other, database, other))
    )
    await other.aclose()

    assert counts["mcp_credentials ended"] == 1
    assert counts["oauth_connections emptied"] == 1
    assert sum(taken) == 1
    assert stays.connection_id in await texts_of(database, credentials)
    assert gone.connection_id not in await texts_of(database, credentials)
    (owed,) = await revocation_store(database).claim(10, 60)
    assert owed.access.get_secret_value() == f"access-canary-{gone.connection_id}"
    assert (owed.instance_id, owed.service, owed.issuer) == ("default", None, ISSUER)
    assert (owed.client, owed.attempts) == (None, 1)


@pytest.mark.requirement("UP-OWED")
async def test_no_more_is_taken_in_one_transaction_than_was_asked_for(database: Database) -> None:
    for _ in range(5):
        member = await joined(database, "default")
        await at(database, "default").revoke(member.tokens.refresh)
    await travel(database, 120)
    await Cleanup(database).run()

    store = revocation_store(database)
    taken = [await store.take_ended(2) for _ in range(4)]

    assert taken == [2, 2, 1, 0]
    assert len(await store.claim(10, 60)) == 5


@pytest.mark.requirement("UP-OWED")
async def test_an_instances_own_client_is_kept_with_what_is_owed(database: Database) -> None:
    record = await made(database)
    member = await joined(database, record.id)
    await at(database, record.id).revoke(member.tokens.refresh)
    await travel(database, 120)
    await Cleanup(database).run()
    await revocation_store(database).take_ended(10)

    (owed,) = await revocation_store(database).claim(10, 60)

    assert (owed.service, owed.client) == ("phorest", SETTINGS.client)
    assert isinstance(owed.client, OwnClient)
    assert "canary" not in await texts_of(database, revocations)


@pytest.mark.requirement("UP-OWED")
async def test_one_worker_has_what_is_due_until_its_time_is_over(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    await owing(database, "1", "2", "3")

    claimed = await asyncio.gather(
        *(revocation_store(each).claim(2, 60) for each in (database, other, database, other))
    )
    assert sorted(len(each) for each in claimed) == [0, 0, 1, 2]
    assert await revocation_store(other).claim(10, 60) == []

    await travel(database, 61)
    again = await revocation_store(other).claim(10, 60)
    await other.aclose()
    assert names([*again]) == {"1", "2", "3"}
    assert {each.attempts for each in again} == {2}


@pytest.mark.requirement("UP-OWED")
async def test_what_is_done_is_erased_and_told_and_what_failed_waits(database: Database) -> None:
    store = revocation_store(database)
    await owing(database, "1", "2")
    done, failed = await store.claim(10, 60)
    await store.done(done, "revoked")
    await store.done(done, "revoked")
    await store.failed(failed.id, "503", 300)

    assert await told(database) == [("revoked", "default")]
    await travel(database, 240)
    assert await store.claim(10, 60) == []
    await travel(database, 61)
    (again,) = await store.claim(10, 60)
    assert (again.id, again.attempts, again.age_s >= 300) == (failed.id, 2, True)


@pytest.mark.requirement("UP-OWED")
async def test_tokens_of_a_code_that_was_never_redeemed_are_owed(database: Database) -> None:
    code = await at(database, "default").code()
    await credential_store(database).put(code.connection_id, obtained("unredeemed"))
    used = await joined(database, "default")
    await travel(database, 60 + 540)
    assert "mcp_credentials ended" not in await Cleanup(database).run()
    await travel(database, 61)

    first = await Cleanup(database).run()
    waiting = await Cleanup(database).run(thorough=True)
    taken = await revocation_store(database).take_ended(10)
    last = await Cleanup(database).run()

    assert first["mcp_credentials ended"] == 1
    assert "oauth_connections" not in waiting
    assert (taken, last["oauth_connections"]) == (1, 1)
    assert names([*await revocation_store(database).claim(10, 60)]) == {"unredeemed"}
    assert await texts_of(database, auth_codes) == ""
    assert code.connection_id not in await texts_of(database, connections)
    assert used.connection_id in await texts_of(database, credentials)


@pytest.mark.requirement("UP-OWED")
async def test_tokens_of_a_connection_that_nothing_leads_to_are_owed(database: Database) -> None:
    code = await at(database, "default").code()
    await credential_store(database).put(code.connection_id, obtained("lost"))

    async def lose(connection: AsyncConnection) -> None:
        await connection.execute(auth_codes.delete())

    await database.write(lose)
    await travel(database, 601)
    await Cleanup(database).run(thorough=True)
    assert code.connection_id in await texts_of(database, connections)
    await revocation_store(database).take_ended(10)
    await Cleanup(database).run(thorough=True)

    assert names([*await revocation_store(database).claim(10, 60)]) == {"lost"}
    assert await texts_of(database, connections) == ""


@pytest.mark.requirement("S2-37", "AS-14")
async def test_tokens_that_no_worker_looks_after_go_two_days_later(database: Database) -> None:
    member = await joined(database, "default")
    await at(database, "default").revoke(member.tokens.refresh)
    await travel(database, 120)
    await Cleanup(database).run()
    await owing(database, "1")

    await travel(database, 2 * DAY_S - 60)
    before = await Cleanup(database).run()
    await travel(database, 120)
    after = await Cleanup(database).run()

    assert {"mcp_credentials", "mcp_revocations"} & before.keys() == set()
    assert (after["mcp_credentials"], after["mcp_revocations"]) == (1, 1)
    assert await texts_of(database, credentials) == await texts_of(database, revocations) == ""


async def test_what_cannot_be_opened_keeps_nothing_else_from_being_done(database: Database) -> None:
    store = revocation_store(database)
    await owing(database, "1", "2")
    (first, _) = await store.claim(10, 60)

    async def swap(connection: AsyncConnection) -> None:
        broken = update(revocations).where(revocations.c.id == first.id)
        await connection.execute(broken.values(access="no seal"))

    await database.write(swap)
    await travel(database, 61)

    assert len(await store.claim(10, 60)) == 1
    await travel(database, 61)
    assert len(await store.claim(10, 60)) == 1
