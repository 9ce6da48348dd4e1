"""Instances as they are kept: found by their path, seen by their owner, sealed, and in time."""

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.tenants import (
    CONFIG,
    RING,
    SETTINGS,
    at,
    credential_store,
    instance_store,
    joined,
    made,
    obtained,
    texts_of,
)
from treenail_runtime.auth.instances import (
    NewInstance,
    SlugError,
    TooManyInstancesError,
    read_slug,
)
from treenail_runtime.auth.records import Digest
from treenail_runtime.crypto.opaque import digest, is_well_formed, new_token
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.connections import ConnectionStore, open_config
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import audit_events, connections, instances


async def told(database: Database) -> list[tuple[str, str | None]]:
    """Events and what they say of the change."""
    query = select(audit_events).order_by(audit_events.c.at)
    rows = await database.read(lambda connection: connection.execute(query))
    return [(row.type, row.detail) for row in rows]


@pytest.mark.requirement("S2-18", "S2-20", "S2-21")
async def test_an_instance_is_found_as_it_was_made(database: Database) -> None:
    record = await made(database)
    store = instance_store(database)

    found = await store.by_slug("acme")

    assert found is not None
    assert found == await store.show(record.id)
    assert found.record == record
    assert found.settings == SETTINGS
    assert (record.status, record.version, record.owner) == ("active", 1, "ann")
    assert (record.pending_since, record.last_error, record.access_key) == (None, None, None)
    assert await store.list() == [record]
    assert await told(database) == [("instance.created", '{"kind": "person"}')]


@pytest.mark.requirement("BOUNDED-OWNERS")
async def test_an_owner_has_no_more_instances_than_allowed_however_many_are_made_at_once(
    database: Database,
) -> None:
    store = instance_store(database)

    async def make(number: int, owner: str) -> bool:
        slug = read_slug(f"{owner}-{number}", ())
        new = NewInstance(slug=slug, service="sample", title="t", owner=owner)
        try:
            await store.create(new, most=3)
        except TooManyInstancesError:
            return False
        return True

    done = await asyncio.gather(
        *(make(each, owner) for each in range(8) for owner in ("ann", "bo"))
    )

    assert sum(done) == 6
    assert [len(await store.list(owner=each)) for each in ("ann", "bo")] == [3, 3]


@pytest.mark.requirement("S2-18", "S2-37", "T-128")
async def test_settings_are_sealed_and_open_in_their_own_row_only(database: Database) -> None:
    first, second = await made(database), await made(database, "beta")
    stored = await texts_of(database, instances)

    async def swap(connection: AsyncConnection) -> None:
        other = select(instances.c.config).where(instances.c.id == first.id)
        config = await connection.scalar(other)
        change = update(instances).where(instances.c.id == second.id)
        await connection.execute(change.values(config=config))

    await database.write(swap)

    assert "canary" not in stored
    assert "acme" in stored
    assert await instance_store(database).by_slug("acme") is not None
    assert await instance_store(database).by_slug("beta") is None
    assert len(await instance_store(database).list()) == 2


@pytest.mark.requirement("T-108")
async def test_what_can_be_no_slug_leads_nowhere(database: Database) -> None:
    await made(database)
    store = instance_store(database)

    for path in ("", "../x", "ACME", "acme ", "größe", "x" * 300, ".well-known", "health", "acm_"):
        assert await store.by_slug(path) is None


@pytest.mark.requirement("T-108", "S2-21")
async def test_of_many_that_ask_for_one_slug_at_once_one_gets_it(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)

    asked = [made(each) for each in (database, other) for _ in range(6)]
    ended = await asyncio.gather(*asked, return_exceptions=True)
    await other.aclose()

    refused = [each for each in ended if isinstance(each, BaseException)]
    assert [type(each) for each in refused] == [SlugError] * 11
    assert len(await instance_store(database).list()) == 1


@pytest.mark.requirement("S2-21")
async def test_a_slug_that_is_used_again_is_another_instance(database: Database) -> None:
    store = instance_store(database)
    first = await made(database)
    await store.delete(first.id)

    second = await made(database)

    found = await store.by_slug("acme")
    assert found is not None
    assert found.record.id == second.id != first.id
    assert await store.show(first.id) is None


@pytest.mark.requirement("S2-40", "T-109")
async def test_another_owner_sees_and_changes_nothing(database: Database) -> None:
    store = instance_store(database)
    anns = await made(database)
    bobs = await made(database, "beta", owner="bob", credentials_of="instance")
    key = Digest(bytes(32))

    assert await store.show(bobs.id, owner="ann") is None
    assert not await store.set_status(bobs.id, "failed", owner="ann")
    assert await store.set_settings(bobs.id, SETTINGS, version=1, owner="ann") is None
    assert not await store.set_access_key(bobs.id, key, owner="ann")
    assert await store.delete(bobs.id, owner="ann") is None
    assert await store.list(owner="ann") == [anns]
    assert await store.list(owner="bob") == [bobs]
    assert await store.delete(bobs.id, owner="bob") is not None
    assert await store.list() == [anns]


@pytest.mark.requirement("S2-20", "S2-27")
async def test_a_status_changes_as_the_rules_say_and_is_counted(database: Database) -> None:
    store = instance_store(database)
    record = await made(database)

    steps = [
        await store.set_status(record.id, "failed"),
        await store.set_status(record.id, "disabled", error="operator"),
        await store.set_status(record.id, "reauth"),
        await store.set_status(record.id, "active"),
        await store.enable(record.id),
        await store.enable("nobody"),
    ]

    assert steps == [False, True, False, False, True, False]
    (found,) = await store.list()
    assert (found.status, found.version, found.last_error) == ("active", 3, None)
    assert await told(database) == [
        ("instance.created", '{"kind": "person"}'),
        ("instance.changed", '{"change": "disabled"}'),
        ("instance.changed", '{"change": "active"}'),
    ]


@pytest.mark.requirement("S2-18", "S2-27")
async def test_of_two_changes_of_the_same_settings_one_wins(
    database: Database, database_url: str
) -> None:
    record, other = await made(database), Database(database_url)
    changes = [replace(SETTINGS, region=region) for region in ("eu", "us")]

    versions = await asyncio.gather(
        *(
            instance_store(each).set_settings(record.id, change, version=1)
            for each, change in zip((database, other), changes, strict=True)
        )
    )
    await other.aclose()

    assert sorted(versions, key=str) == [2, None]
    found = await instance_store(database).by_slug("acme")
    assert found is not None
    assert found.settings == changes[versions.index(2)]


@pytest.mark.requirement("S2-31")
async def test_who_waits_for_five_minutes_has_failed(database: Database) -> None:
    store = instance_store(database)
    record = await made(database, credentials_of="instance")
    assert (record.status, record.pending_since is not None) == ("pending", True)

    await travel(database, 299)
    assert [each.status for each in await store.list()] == ["pending"]
    await travel(database, 2)

    (late,) = await store.list()
    assert (late.status, late.last_error, late.pending_since) == ("failed", "timeout", None)
    assert not await store.set_status(record.id, "active")
    assert await Cleanup(database).run() == {"mcp_instances failed": 1}
    assert [(each.status, each.last_error) for each in await store.list()] == [
        ("failed", "timeout")
    ]
    assert await store.connect(record.id, CONFIG)
    assert [each.status for each in await store.list()] == ["active"]


@pytest.mark.requirement("S2-31")
async def test_what_has_failed_may_try_again_or_goes_after_an_hour(database: Database) -> None:
    store = instance_store(database)
    again = await made(database, credentials_of="instance")
    await made(database, "beta", credentials_of="instance")
    await travel(database, 301)
    await Cleanup(database).run()

    assert await store.set_status(again.id, "pending")
    assert await store.connect(again.id, CONFIG)
    await travel(database, 3_601)

    assert await Cleanup(database).run() == {"mcp_instances": 1}
    assert [(each.slug, each.status) for each in await store.list()] == [("acme", "active")]


@pytest.mark.requirement("S2-18", "S2-19", "S2-21")
async def test_an_instance_gets_credentials_of_its_own_and_is_active(database: Database) -> None:
    store, tokens = instance_store(database), credential_store(database)
    record = await made(database, credentials_of="instance")

    assert await store.connect(record.id, CONFIG, obtained())

    (found,) = await store.list()
    kept = await tokens.get(record.id)
    assert (found.status, found.pending_since, found.version) == ("active", None, 2)
    assert kept is not None
    assert (kept.instance_id, kept.access) == (record.id, SecretStr("access-canary-1"))
    query = select(connections).where(connections.c.id == record.id)
    row = (await database.read(lambda connection: connection.execute(query))).one()
    opened = open_config(Sealer(RING), record.id, row.config)
    assert replace(opened, account="") == CONFIG
    assert opened.account
    assert (row.instance_id, row.status) == (record.id, "active")


async def test_credentials_of_its_own_are_replaced_and_those_of_before_are_gone(
    database: Database,
) -> None:
    store, tokens = instance_store(database), credential_store(database)
    record = await made(database, credentials_of="instance")
    await store.connect(record.id, CONFIG, obtained("1"))
    other = replace(CONFIG, values={"business": "b2"})

    first = await tokens.get(record.id)
    assert await store.connect(record.id, other, obtained("2"))
    second = await tokens.get(record.id)
    assert await store.connect(record.id, other)

    assert first is not None
    assert second is not None
    assert second.version == first.version + 1
    assert second.access == SecretStr("access-canary-2")
    assert await tokens.get(record.id) is None
    assert (await texts_of(database, connections)).count(record.id) == 2  # of one row


async def test_an_instance_whose_people_log_in_gets_no_credentials(database: Database) -> None:
    store = instance_store(database)
    record = await made(database)

    assert not await store.connect(record.id, CONFIG)
    assert not await store.connect("nobody", CONFIG)
    assert not await store.set_access_key(record.id, Digest(bytes(32)))
    assert await texts_of(database, connections) == ""


@pytest.mark.requirement("T-075", "S2-20")
async def test_an_instance_whose_credentials_are_refused_waits_for_others(
    database: Database,
) -> None:
    store = instance_store(database)
    record = await made(database, credentials_of="instance")
    await store.connect(record.id, CONFIG)
    query = select(connections.c.fingerprint).where(connections.c.id == record.id)
    fingerprint = await database.read(lambda connection: connection.scalar(query))
    assert isinstance(fingerprint, str)

    assert await ConnectionStore(database).mark_reauth(record.id, fingerprint)
    (refused,) = await store.list()
    assert await store.connect(record.id, CONFIG)

    assert (refused.status, refused.last_error, refused.version) == ("reauth", "refused", 3)
    assert [each.status for each in await store.list()] == ["active"]


@pytest.mark.requirement("S2-37")
async def test_an_access_key_is_kept_as_a_digest_and_can_be_changed(database: Database) -> None:
    store, keys = instance_store(database), [new_token("phmcp", "iak") for _ in range(2)]
    first, second = (Digest(digest(key)) for key in keys)
    record = await made(database, credentials_of="instance", access_key=first)

    assert record.access_key == first
    assert await store.set_access_key(record.id, second)

    (found,) = await store.list()
    assert found.access_key == second
    assert all(is_well_formed(key, "iak") for key in keys)
    stored = await texts_of(database, instances)
    assert not any(key in stored for key in keys)


async def test_the_connection_of_an_instance_outlives_the_logins_made_with_it(
    database: Database,
) -> None:
    store = instance_store(database)
    record = await made(database, credentials_of="instance")
    await store.connect(record.id, CONFIG, obtained())
    person = await joined(database, record.id)
    await at(database, record.id).store.revoke_all()

    for _ in range(2):
        await travel(database, 10 * 86_400)
        await Cleanup(database).run(thorough=True)

    kept = await credential_store(database).get(record.id)
    assert kept is not None
    assert await texts_of(database, connections) != ""
    assert person.connection_id not in await texts_of(database, connections)


@pytest.mark.requirement("S2-23")
async def test_calls_find_the_same_as_anybody(database: Database) -> None:
    store = instance_store(database)
    active = await made(database)
    pending = await made(database, "beta", credentials_of="instance", access_key=Digest(b"k" * 32))
    deleted = await made(database, "gone")
    await store.delete(deleted.id)
    await travel(database, 301)

    for each in (active, pending, deleted):
        assert await store.find(each.slug) == await store.by_slug(each.slug)
        assert await store.find_id(each.id) == await store.show(each.id)
    late = await store.find("beta")
    assert late is not None
    assert (late.record.status, late.record.access_key) == ("failed", b"k" * 32)
    assert await store.find("gone") is None
    assert await store.find("No Slug") is None
