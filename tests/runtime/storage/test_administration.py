"""Admin tokens and setups: known by their digests, good once or until they are over."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.tenants import RING, instance_store, made
from treenail_runtime.auth.admins import Admin, Invitation, Setup
from treenail_runtime.auth.records import Digest, UpstreamTrip
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.admins import AdminStore
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.setups import SetupStore
from treenail_runtime.storage.tables import admin_tokens, instances, setups

TRIP = UpstreamTrip(
    verifier=SecretStr("verifier-canary"),
    nonce=SecretStr("nonce-canary"),
    issuer="https://provider.test",
    redirect_uri="https://mcp.test/callback",
)


def token() -> Digest:
    return Digest(digest(new_token("treenail", "adm")))


def setups_of(database: Database) -> SetupStore:
    return SetupStore(database, Sealer(RING))


async def an_admin(database: Database) -> Admin:
    return await AdminStore(database).add(token(), owner="ann", role="owner")


BROWSER = Digest(digest("a browser"))


async def gone(store: SetupStore, instance_id: str, admin: Admin) -> Digest:
    """The state of somebody who agreed and went to the provider."""
    ticket, state = token(), token()
    await store.invite(ticket, Invitation(instance_id=instance_id, admin_id=admin.id))
    assert await store.depart(ticket, state, browser=BROWSER, trip=TRIP)
    return state


async def rows(database: Database, table: Table) -> Sequence[Any]:
    async def work(connection: AsyncConnection) -> Sequence[Any]:
        return (await connection.execute(select(table))).all()

    return await database.read(work)


@pytest.mark.requirement("S2-40")
async def test_an_admin_token_is_known_until_it_is_over_or_removed(database: Database) -> None:
    store = AdminStore(database)
    shown, short = token(), token()
    admin = await store.add(shown, owner="ann", role="admin")
    await store.add(short, owner="bob", role="owner", lasts_s=0)

    assert await store.find(shown) == admin
    assert (admin.sees, (await store.list())[1].sees) == (None, "bob")
    assert await store.find(short) is None
    assert await store.remove(admin.id)
    assert not await store.remove(admin.id)
    assert await store.find(shown) is None


@pytest.mark.requirement("S2-09")
async def test_a_setup_is_taken_once_also_by_workers_at_once(database: Database) -> None:
    record, admin = await made(database), await an_admin(database)
    store = setups_of(database)
    state = await gone(store, record.id, admin)
    setup = Setup(instance_id=record.id, admin_id=admin.id, browser=BROWSER, trip=TRIP)

    assert "canary" not in str(await rows(database, setups))
    taken = await asyncio.gather(*(store.take(state) for _ in range(4)))
    assert sorted(each is None for each in taken) == [False, True, True, True]
    assert setup in taken


@pytest.mark.requirement("S2-09")
async def test_a_later_invitation_takes_the_place_of_whatever_was_before(
    database: Database,
) -> None:
    record, admin = await made(database), await an_admin(database)
    store, second = setups_of(database), token()
    invitation = Invitation(instance_id=record.id, admin_id=admin.id)
    first = await gone(store, record.id, admin)
    await store.invite(second, invitation)

    assert await store.take(first) is None
    assert await store.find(second) == invitation


@pytest.mark.requirement("S2-09", "INVITED")
async def test_an_invitation_is_good_for_one_departure_also_of_workers_at_once(
    database: Database,
) -> None:
    record, admin = await made(database), await an_admin(database)
    store, ticket = setups_of(database), token()
    await store.invite(ticket, Invitation(instance_id=record.id, admin_id=admin.id))
    left = await asyncio.gather(
        *(store.depart(ticket, token(), browser=BROWSER, trip=TRIP) for _ in range(4))
    )

    assert sorted(left) == [False, False, False, True]
    assert await store.find(ticket) is None
    assert not await store.withdraw(ticket)
    assert len(await rows(database, setups)) == 1


@pytest.mark.requirement("S2-09")
@pytest.mark.parametrize("end", ["late", "token over", "token removed", "instance", "row"])
async def test_a_setup_ends_with_its_time_its_token_and_its_instance(
    database: Database, end: str
) -> None:
    record, admin = await made(database), await an_admin(database)
    store = setups_of(database)
    state = await gone(store, record.id, admin)
    statements = {
        "late": update(setups).values(expires_at=now_ms - 1),
        "token over": update(admin_tokens).values(expires_at=now_ms - 1),
        "token removed": delete(admin_tokens),
        "row": delete(instances),
    }
    if end == "instance":
        await instance_store(database).delete(record.id)
    else:
        await database.write(lambda connection: connection.execute(statements[end]))

    assert await store.take(state) is None


async def test_cleanup_removes_setups_that_nobody_came_back_for(database: Database) -> None:
    record, admin = await made(database), await an_admin(database)
    await gone(setups_of(database), record.id, admin)
    before = await Cleanup(database).run()
    late = update(setups).values(expires_at=now_ms - 1)
    await database.write(lambda connection: connection.execute(late))
    after = await Cleanup(database).run()

    assert (before.get("mcp_setups"), after.get("mcp_setups")) == (None, 1)
