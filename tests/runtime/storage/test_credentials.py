"""Tokens of the upstream: sealed, refreshed by one worker, replaced by version, given up in order."""

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.sealed_rows import BEFORE, CHANGING
from tests.support.tenants import (
    CONFIG,
    ISSUER,
    at,
    credential_store,
    instance_store,
    joined,
    made,
    obtained,
    texts_of,
)
from treenail_runtime.auth.instances import Served
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import connections, credentials

SERVED = Served(service="phorest", instance_ids=frozenset({"default"}), issuer=ISSUER)


async def connected(database: Database, instance_id: str = "default") -> str:
    """A connection without tokens."""
    return (await at(database, instance_id).code()).connection_id


async def with_tokens(
    database: Database, name: str = "1", expires_in_s: int | None = 3600
) -> tuple[str, int]:
    """A connection with tokens, and their version."""
    owner = await connected(database)
    given = obtained(name, expires_in_s=expires_in_s)
    version = await credential_store(database).put(owner, given)
    assert version is not None
    return owner, version


async def change(database: Database, owner: str, **values: object) -> None:
    mine = update(credentials).where(credentials.c.connection_id == owner)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(mine.values(values))

    await database.write(work)


@pytest.mark.requirement("S2-19", "S2-24", "S2-37")
async def test_tokens_are_read_as_they_were_put_and_sealed_at_rest(database: Database) -> None:
    store, owner = credential_store(database), await connected(database, "acme")

    version = await store.put(owner, obtained())

    found = await store.get(owner)
    assert found is not None
    assert (found.access, found.refresh) == (
        SecretStr("access-canary-1"),
        SecretStr("refresh-canary-1"),
    )
    assert (found.instance_id, found.issuer, found.version) == ("acme", ISSUER, version)
    assert found.scopes == {"profile", "jobs"}
    assert (found.attempts, found.retry_after_s, found.last_error) == (0, 0, None)
    assert found.left_s in (3599, 3600)
    assert found.expires_at is not None
    assert (found.expires_at - found.refreshed_at).total_seconds() == 3600
    assert "canary" not in await texts_of(database, credentials)
    assert "canary" not in repr(found)


@pytest.mark.requirement("T-128")
async def test_tokens_open_in_their_own_row_only(database: Database) -> None:
    store = credential_store(database)
    (one, _), (other, _) = await with_tokens(database, "1"), await with_tokens(database, "2")
    query = select(credentials.c.access).where(credentials.c.connection_id == one)
    moved = await database.read(lambda connection: connection.scalar(query))

    await change(database, other, access=moved)

    assert await store.get(one) is not None
    assert await store.get(other) is None


async def test_nothing_is_kept_for_a_connection_that_is_not_in_use(database: Database) -> None:
    store, owner = credential_store(database), await connected(database)
    await at(database, "default").change_connection(owner, status="deleted", config="", kid="")

    assert await store.put(owner, obtained()) is None
    assert await store.put("nobody", obtained()) is None
    assert await texts_of(database, credentials) == ""


@pytest.mark.parametrize(
    ("told", "kept"),
    [(None, None), (0, 0), (-5, 0), (10**12, 315_360_000), (60, 60)],
)
async def test_any_lifetime_is_kept_within_bounds(
    database: Database, told: int | None, kept: int | None
) -> None:
    owner, _ = await with_tokens(database, expires_in_s=told)

    found = await credential_store(database).get(owner)

    assert found is not None
    lasts = found.expires_at and (found.expires_at - found.refreshed_at).total_seconds()
    assert lasts == kept
    assert (found.left_s is None) == (kept is None)


async def test_a_token_that_is_too_long_is_refused_before_anything_is_kept(
    database: Database,
) -> None:
    owner = await connected(database)

    with pytest.raises(ValueError, match="too long"):
        await credential_store(database).put(owner, obtained(access=SecretStr("x" * 50_000)))

    assert await credential_store(database).get(owner) is None


@pytest.mark.requirement("LEASE", "S2-20")
async def test_of_many_workers_that_ask_at_once_one_refreshes(
    database: Database, database_url: str
) -> None:
    (owner, version), other = await with_tokens(database), Database(database_url)

    claimed = await asyncio.gather(
        *(
            credential_store((database, other)[number % 2]).claim(
                owner, version=version, attempt=f"attempt {number}", seconds=30
            )
            for number in range(16)
        )
    )
    await other.aclose()

    winners = [each for each in claimed if each is not None]
    assert [each.refresh for each in winners] == [SecretStr("refresh-canary-1")]
    assert "'attempt " in await texts_of(database, credentials)


@pytest.mark.requirement("LEASE")
async def test_a_lease_ends_by_itself_or_when_tokens_are_replaced(database: Database) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)

    assert await store.claim(owner, version=version, attempt="a", seconds=30) is not None
    await travel(database, 29)
    assert await store.claim(owner, version=version, attempt="b", seconds=30) is None
    await travel(database, 2)
    assert await store.claim(owner, version=version, attempt="b", seconds=30) is not None
    assert await store.replace(owner, version, obtained("2")) == version + 1

    assert await store.claim(owner, version=version, attempt="c", seconds=30) is None
    assert await store.claim(owner, version=version + 1, attempt="c", seconds=30) is not None


@pytest.mark.requirement("LEASE", "Z-06")
async def test_of_two_that_replace_the_same_version_one_is_kept(
    database: Database, database_url: str
) -> None:
    (owner, version), other = await with_tokens(database), Database(database_url)
    stores = [credential_store(database), credential_store(other)]

    versions = await asyncio.gather(
        *(
            store.replace(owner, version, obtained(name))
            for store, name in zip(stores, "ab", strict=True)
        )
    )
    await other.aclose()

    found = await stores[0].get(owner)
    assert sorted(versions, key=str) == sorted([version + 1, None], key=str)
    assert found is not None
    assert found.access.get_secret_value() == f"access-canary-{'ab'[versions.index(version + 1)]}"


async def test_a_refresh_token_that_is_not_replaced_stays_under_the_current_key(
    database: Database,
) -> None:
    owner = await connected(database)
    version = await credential_store(database, BEFORE).put(owner, obtained())
    assert version is not None
    store = credential_store(database, CHANGING)

    assert await store.replace(owner, version, obtained("2", refresh=None)) == version + 1

    found = await store.get(owner)
    assert found is not None
    assert (found.access, found.refresh) == (
        SecretStr("access-canary-2"),
        SecretStr("refresh-canary-1"),
    )
    stored = await texts_of(database, credentials)
    assert "'k2'" in stored
    assert await credential_store(database, BEFORE).get(owner) is None


async def test_tokens_of_another_issuer_replace_nothing(database: Database) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)

    for given in (obtained("2"), obtained("2", refresh=None)):
        foreign = replace(given, issuer="https://evil.test")
        assert await store.replace(owner, version, foreign) is None

    found = await store.get(owner)
    assert found is not None
    assert (found.version, found.access) == (version, SecretStr("access-canary-1"))


@pytest.mark.requirement("S2-30", "T-075")
async def test_failures_are_counted_throttled_and_forgotten_by_a_success(
    database: Database,
) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)

    for wait in (10, 20):
        assert await store.claim(owner, version=version, attempt="a", seconds=30) is not None
        assert await store.failed(owner, version, "unavailable", wait, attempt="a")
        assert await store.claim(owner, version=version, attempt="b", seconds=30) is None
        failing = await store.get(owner)
        assert failing is not None
        assert failing.retry_after_s == wait
        await travel(database, wait)
    assert await store.claim(owner, version=version, attempt="b", seconds=30) is not None

    assert (failing.attempts, failing.last_error) == (2, "unavailable")
    assert failing.access == SecretStr("access-canary-1")
    assert await store.replace(owner, version, obtained("2")) == version + 1
    found = await store.get(owner)
    assert found is not None
    assert (found.attempts, found.retry_after_s, found.last_error) == (0, 0, None)


@pytest.mark.requirement("T-075", "S2-30")
async def test_what_was_not_asked_is_put_off_and_not_counted(database: Database) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)
    assert await store.claim(owner, version=version, attempt="a", seconds=30) is not None

    assert await store.failed(owner, version, "left alone", 15, attempt="a", counts=False)

    found = await store.get(owner)
    assert found is not None
    assert (found.attempts, found.retry_after_s) == (0, 15)
    assert await store.claim(owner, version=version, attempt="b", seconds=30) is None


@pytest.mark.requirement("T-075", "LEASE")
async def test_who_comes_late_changes_nothing_of_newer_tokens(database: Database) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)
    await store.claim(owner, version=version, attempt="a", seconds=30)
    await store.replace(owner, version, obtained("2"))

    assert not await store.failed(owner, version, "unavailable", 60, attempt="a")
    assert not await store.mark_reauth(owner, version, attempt="a")
    assert await store.replace(owner, version, obtained("3")) is None

    found = await store.get(owner)
    assert found is not None
    assert (found.version, found.attempts) == (version + 1, 0)
    assert found.access == SecretStr("access-canary-2")


@pytest.mark.requirement("T-075", "LEASE")
async def test_whose_lease_is_over_changes_nothing_for_the_attempt_that_has_it_now(
    database: Database,
) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)
    assert await store.claim(owner, version=version, attempt="a", seconds=0) is not None
    assert await store.claim(owner, version=version, attempt="b", seconds=30) is not None

    assert not await store.failed(owner, version, "late", 0, attempt="a")
    assert not await store.mark_reauth(owner, version, attempt="a")

    assert await store.claim(owner, version=version, attempt="c", seconds=30) is None
    assert await store.replace(owner, version, obtained("2")) == version + 1


@pytest.mark.requirement("T-075", "S2-20")
async def test_tokens_that_the_provider_refuses_are_forgotten_and_their_owner_asked(
    database: Database,
) -> None:
    store = credential_store(database)
    record = await made(database, credentials_of="instance")
    await instance_store(database).connect(record.id, CONFIG, obtained())
    own = await store.get(record.id)
    person, version = await with_tokens(database)
    assert own is not None

    for each, its_version in ((person, version), (record.id, own.version)):
        assert await store.claim(each, version=its_version, attempt="a", seconds=30) is not None
        assert await store.mark_reauth(each, its_version, attempt="a")
    assert not await store.mark_reauth(person, version, attempt="a")

    query = select(connections.c.id, connections.c.status)
    rows = await database.read(lambda connection: connection.execute(query))
    assert {row.id: row.status for row in rows} == {person: "reauth", record.id: "reauth"}
    (found,) = await instance_store(database).list()
    assert (found.status, found.last_error) == ("reauth", "refused")
    assert await texts_of(database, credentials) == ""


@pytest.mark.requirement("T-075", "LEASE")
async def test_who_comes_late_with_removed_tokens_changes_nothing_of_those_that_followed(
    database: Database,
) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)
    await store.claim(owner, version=version, attempt="a", seconds=30)
    await store.mark_reauth(owner, version, attempt="a")
    await at(database, "default").change_connection(owner, status="active")
    await store.put(owner, obtained("2"))

    assert not await store.mark_reauth(owner, version, attempt="a")
    assert await store.replace(owner, version, obtained("3")) is None

    found = await store.get(owner)
    assert found is not None
    assert found.access == SecretStr("access-canary-2")


async def due(database: Database, limit: int = 10, served: Served = SERVED) -> list[str]:
    """Connections whose tokens end within a minute."""
    found = await credential_store(database).due(60, limit, [served])
    return [each.connection_id for each in found]


@pytest.mark.requirement("S2-20")
async def test_those_that_are_over_first_are_due_first(database: Database) -> None:
    store = credential_store(database)
    soon, sooner = [await with_tokens(database, expires_in_s=each) for each in (3650, 3640)]
    others = [
        await with_tokens(database, expires_in_s=each) for each in (7200, None, 3630, 3630, 3630)
    ]
    unrefreshable = await connected(database)
    await store.put(unrefreshable, obtained(expires_in_s=10, refresh=None))
    await travel(database, 3600)
    await store.claim(others[2][0], version=others[2][1], attempt="a", seconds=30)
    await store.claim(others[3][0], version=others[3][1], attempt="b", seconds=30)
    await store.failed(*others[3], "unavailable", 60, attempt="b")
    await at(database, "default").change_connection(others[4][0], status="reauth")

    assert [(each.connection_id, each.version) for each in await store.due(60, 10, [SERVED])] == [
        sooner,
        soon,
    ]
    assert await due(database, limit=1) == [sooner[0]]


@pytest.mark.requirement("S2-20", "S2-30")
async def test_a_short_life_is_used_for_three_quarters_before_it_is_due(database: Database) -> None:
    owner, _ = await with_tokens(database, expires_in_s=40)

    assert await due(database) == []
    await travel(database, 29)
    assert await due(database) == []
    await travel(database, 2)
    assert await due(database) == [owner]


@pytest.mark.requirement("S2-20")
async def test_what_is_put_off_is_not_due_until_then_unless_somebody_is_at_it(
    database: Database,
) -> None:
    store, (owner, version) = credential_store(database), await with_tokens(database)
    await travel(database, 3550)

    assert not await store.put_off(owner, version + 1, 300)
    assert await store.put_off(owner, version, 300)
    assert await due(database) == []
    await travel(database, 300)
    assert await due(database) == [owner]
    await store.claim(owner, version=version, attempt="a", seconds=30)
    assert not await store.put_off(owner, version, 300)


@pytest.mark.requirement("S2-20", "S2-31")
async def test_only_what_is_served_is_due(database: Database) -> None:
    record = await made(database)
    member, (configured, _) = await joined(database, record.id), await with_tokens(database)
    await travel(database, 3590)
    nothing = replace(SERVED, service="fergus", instance_ids=frozenset())

    assert await due(database, served=nothing) == []
    assert await due(database, served=replace(SERVED, issuer="https://another.test")) == []
    assert await due(database, served=replace(nothing, service="phorest")) == [member.connection_id]
    assert await due(database, served=replace(SERVED, service="fergus")) == [configured]
    assert await credential_store(database).due(60, 10, []) == []


@pytest.mark.requirement("S2-20")
async def test_an_instance_that_is_switched_off_refreshes_nothing(database: Database) -> None:
    record = await made(database)
    member = await joined(database, record.id)
    await travel(database, 3590)

    before = await due(database)
    await instance_store(database).set_status(record.id, "disabled")

    assert before == [member.connection_id]
    assert await due(database) == []
