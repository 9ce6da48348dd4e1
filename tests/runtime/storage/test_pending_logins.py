"""Authorizations that wait: bounded, shared out fairly, sealed, and gone when their time is over."""

import asyncio
import os
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import CHALLENGE, SECRET
from tests.support.databases import travel
from treenail_runtime.auth.records import AuthorizationRequest, Digest, Mac, UpstreamTrip
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.pending_logins import PendingLoginStore
from treenail_runtime.storage.tables import pending_logins

REQUEST = AuthorizationRequest(
    instance_id="default",
    client_id="app-1",
    redirect_uri="https://app.example/cb?état=1",
    redirect_explicit=True,
    state="st\0ate ✓",
    code_challenge=CHALLENGE,
    scopes=frozenset({"mcp.tools.read", "offline_access"}),
    resource="https://mcp.example/mcp",
)


def some() -> Digest:
    return Digest(os.urandom(32))


def address(number: int) -> Mac:
    return Mac(number.to_bytes(32, "big"))


def store_of(database: Database, *, most: int = 1000) -> PendingLoginStore:
    return PendingLoginStore(
        database, Sealer(KeyRing.from_settings(SecretStr(SECRET), None)), most=most
    )


async def accept(store: PendingLoginStore, txn: Digest, password: str) -> None:
    draft = {"password": SecretStr(password)}
    assert await store.accept(txn, draft, instance_id=REQUEST.instance_id, version=0)


async def added(store: PendingLoginStore, number: int = 0) -> Digest | None:
    txn = some()
    fits = await store.add(
        txn,
        browser=some(),
        csrf=some(),
        request=REQUEST,
        address=address(number),
        lifetime_s=600,
    )
    return txn if fits else None


async def test_what_waits_is_found_as_it_was(database: Database) -> None:
    store, txn, browser, csrf = store_of(database), some(), some(), some()
    await store.add(
        txn, browser=browser, csrf=csrf, request=REQUEST, address=address(1), lifetime_s=600
    )

    found = await store.find(txn)

    assert found is not None
    assert (found.id, found.browser, found.csrf) == (txn, browser, {csrf})
    assert (found.request, found.draft, found.attempts) == (REQUEST, {}, 0)
    assert 590 < (found.expires_at - datetime.now(UTC)).total_seconds() < 601  # noqa: TID251  # the database's clock is this machine's
    assert await store.find(some()) is None


async def test_after_ten_minutes_nobody_finds_it(database: Database) -> None:
    store = store_of(database)
    txn = await added(store)
    assert txn is not None

    await travel(database, 599)
    assert await store.find(txn) is not None
    await travel(database, 2)

    assert await store.find(txn) is None
    assert not await store.delete(txn)


@pytest.mark.requirement("T-072", "Z-15")
async def test_an_address_may_have_twenty_until_they_expire(database: Database) -> None:
    store = store_of(database)
    assert all([await added(store) for _ in range(20)])

    assert await added(store) is None
    assert await added(store, number=1) is not None
    await travel(database, 601)
    assert await added(store) is not None


@pytest.mark.requirement("T-072", "S0-37", "Z-15")
async def test_who_has_the_most_makes_room(database: Database) -> None:
    store = store_of(database, most=6)
    victims = [await added(store, number) for number in (1, 2)]
    await travel(database, 5)
    greedy: list[Digest | None] = []
    for _ in range(4):
        greedy.append(await added(store, number=3))
        await travel(database, 1)

    newcomer = await added(store, number=4)

    assert None not in (*victims, *greedy, newcomer)
    kept = [txn for txn in (*victims, *greedy, newcomer) if txn and await store.find(txn)]
    assert kept == [*victims, *greedy[1:], newcomer]


@pytest.mark.requirement("T-072")
async def test_among_equals_the_oldest_makes_room(database: Database) -> None:
    store = store_of(database, most=10)
    waiting: list[Digest | None] = []
    for number in range(10):
        waiting.append(await added(store, number))
        await travel(database, 1)

    newcomer = await added(store, number=10)

    kept = [txn for txn in (*waiting, newcomer) if txn and await store.find(txn)]
    assert kept == [*waiting[1:], newcomer]


@pytest.mark.requirement("T-072", "S0-37")
async def test_many_at_once_do_not_exceed_the_bounds(database: Database) -> None:
    store = store_of(database, most=12)

    await asyncio.gather(*(added(store, number % 2) for number in range(60)))

    async def work(connection: AsyncConnection) -> int:
        return len((await connection.execute(select(pending_logins.c.txn_hash))).all())

    assert await database.read(work) == 12


@pytest.mark.requirement("T-063")
async def test_ten_forms_are_good_at_a_time(database: Database) -> None:
    store, first = store_of(database), some()
    txn, later = some(), [some() for _ in range(10)]
    await store.add(
        txn, browser=some(), csrf=first, request=REQUEST, address=address(1), lifetime_s=600
    )

    for csrf in later[:9]:
        await store.add_csrf(txn, csrf)
    before = await store.find(txn)
    await store.add_csrf(txn, later[9])
    after = await store.find(txn)

    assert before is not None
    assert before.csrf == {first, *later[:9]}
    assert after is not None
    assert after.csrf == set(later)


@pytest.mark.requirement("T-069")
async def test_the_tenth_denial_ends_it(database: Database) -> None:
    store = store_of(database)
    txn = await added(store)
    assert txn is not None

    assert [await store.count_denial(txn) for _ in range(10)] == [*range(9, -1, -1)]

    assert await store.find(txn) is None
    assert await store.count_denial(txn) == 0


async def test_a_draft_is_kept_sealed(database: Database) -> None:
    store = store_of(database)
    txn = await added(store)
    assert txn is not None

    await accept(store, txn, "hunter2-canary")

    found = await store.find(txn)
    assert found is not None
    assert found.draft["password"].get_secret_value() == "hunter2-canary"
    assert "hunter2" not in repr(found)


async def test_of_two_that_end_it_one_wins(database: Database) -> None:
    store = store_of(database)
    txn = await added(store)
    assert txn is not None

    assert sorted(await asyncio.gather(*(store.delete(txn) for _ in range(8)))) == [False] * 7 + [
        True
    ]


@pytest.mark.requirement("T-128")
@pytest.mark.parametrize("column", ["request", "draft"])
async def test_a_row_whose_seal_is_broken_is_as_good_as_gone(
    database: Database, column: str
) -> None:
    store = store_of(database)
    one, other = await added(store), await added(store)
    assert one is not None
    assert other is not None
    for txn in (one, other):
        await accept(store, txn, "x")

    async def swap(connection: AsyncConnection) -> None:
        theirs = select(pending_logins.c[column]).where(pending_logins.c.txn_hash == other)
        change = update(pending_logins).where(pending_logins.c.txn_hash == one)
        await connection.execute(change.values({column: await connection.scalar(theirs)}))

    await database.write(swap)

    assert await store.find(one) is None
    assert await store.find(other) is not None


TRIP = UpstreamTrip(
    verifier=SecretStr("verifier-canary"),
    nonce=None,
    issuer="https://provider.test",
    redirect_uri="https://mcp.example/callback",
)


async def sent(store: PendingLoginStore) -> tuple[Digest, Digest]:
    """Transaction and state of a person who is at the provider."""
    txn, browser, state = some(), some(), some()
    await store.add(
        txn, browser=browser, csrf=some(), request=REQUEST, address=address(1), lifetime_s=600
    )
    assert await store.send_upstream(txn, state, TRIP, {})
    return txn, state


@pytest.mark.requirement("PX-04", "S2-18", "S4-02")
async def test_a_person_who_comes_back_goes_on_where_they_were_once(database: Database) -> None:
    store = store_of(database)
    txn, state = await sent(store)
    away = await store.find(txn)

    back = await store.take_returned(state)

    assert away is not None
    assert (away.step, away.upstream) == ("upstream", TRIP)
    assert back is not None
    assert (back.id, back.step, back.upstream, back.request) == (txn, "returned", TRIP, REQUEST)
    assert await store.take_returned(state) is None
    assert await store.find(txn) == back


@pytest.mark.requirement("PX-04")
async def test_an_unknown_state_finds_nothing_and_uses_nothing_up(database: Database) -> None:
    store = store_of(database)
    state = await sent(store)

    assert await store.take_returned(some()) is None
    assert await store.take_returned(state[1]) is not None


@pytest.mark.requirement("PX-04", "S4-03")
async def test_only_the_last_trip_counts_and_none_after_ten_minutes(database: Database) -> None:
    store = store_of(database)
    txn, first = await sent(store)
    second = some()
    assert await store.send_upstream(txn, second, TRIP, {})

    assert await store.take_returned(first) is None
    await travel(database, 601)
    assert await store.take_returned(second) is None
    assert not await store.send_upstream(txn, some(), TRIP, {})


@pytest.mark.requirement("PX-04")
async def test_of_many_that_come_back_at_once_one_goes_on(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    stores = [store_of(database), store_of(other)]
    _, state = await sent(stores[0])

    back = await asyncio.gather(*(each.take_returned(state) for each in stores * 4))
    await other.aclose()

    assert len([each for each in back if each is not None]) == 1


@pytest.mark.requirement("T-128", "S0-26")
async def test_a_trip_is_sealed_to_its_own_login(database: Database) -> None:
    store = store_of(database)
    (one, _), (other, state) = await sent(store), await sent(store)

    async def swap(connection: AsyncConnection) -> str:
        query = select(pending_logins.c.upstream).where(pending_logins.c.txn_hash == one)
        text = str(await connection.scalar(query))
        change = update(pending_logins).where(pending_logins.c.txn_hash == other)
        await connection.execute(change.values(upstream=text))
        return text

    assert "canary" not in await database.write(swap)
    assert await store.take_returned(state) is None
    assert await store.find(one) is not None
