"""Registered clients and cached documents, on both databases."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from treenail_runtime.auth.client_secrets import ChosenSecrets, keep_chosen
from treenail_runtime.auth.records import Client, ClientKind, Digest
from treenail_runtime.clock import utc_now
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.clients import ClientExistsError, ClientStore, RegistryFullError
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.tables import clients, connections, grants

RING = KeyRing({"k1": b"0123456789abcdef0123456789abcdef"})
URL = "https://client.example/app.json"


@pytest.fixture
def store(database: Database) -> ClientStore:
    return ClientStore(database, Sealer(RING))


def client(client_id: str = "c1", kind: ClientKind = "dynamic") -> Client:
    return Client(
        client_id=client_id,
        kind=kind,
        name="Ärmel & Söhne",
        redirect_uris=("https://a.example/cb?x=%ff", "http://127.0.0.1/cb"),
        auth_method="client_secret_post",
        grant_types=frozenset({"authorization_code"}),
        application_type="web",
        scopes=frozenset({"b", "a"}),
        secret_digest=Digest(digest("secret")),
        instance_id="default",
        may_introspect=True,
    )


async def add_grant(database: Database, client_id: str, status: str = "active") -> None:
    async def work(connection: AsyncConnection) -> None:
        times = {"created_at": now_ms, "last_used_at": now_ms}
        common = {"instance_id": "default", "subject": "s", "fingerprint": "f"}
        config = {"config": "x", "kid": "k1", "status": "active"}
        await connection.execute(
            insert(connections).values(id=client_id, **common, **config, **times)
        )
        await connection.execute(
            insert(grants).values(
                id=client_id,
                client_id=client_id,
                connection_id=client_id,
                scope="",
                resource="",
                redirect_uri="",
                status=status,
                absolute_expires_at=now_ms + 10_000_000,
                **common,
                **times,
            )
        )

    await database.write(work)


async def ids(store: ClientStore) -> list[str]:
    return [each.client.client_id for each in await store.list()]


@pytest.mark.requirement("S0-40")
async def test_a_client_comes_back_as_it_was(store: ClientStore) -> None:
    await store.add(client())

    assert await store.find("c1", "default") == client()


@pytest.mark.requirement("S0-40", "S1-34", "AS-14", "T-127", "Z-12")
async def test_what_a_client_said_is_sealed_and_its_secret_is_not_there(
    database: Database, store: ClientStore
) -> None:
    await store.add(client())

    async def dump(connection: AsyncConnection) -> str:
        return str((await connection.execute(select(clients))).all())

    dumped = await database.read(dump)
    assert "c1" in dumped
    for told in ("rmel", "a.example", "127.0.0.1", "'secret'"):
        assert told not in dumped


@pytest.mark.requirement("T-128")
async def test_a_row_that_was_exchanged_with_another_is_unknown(
    database: Database, store: ClientStore
) -> None:
    await store.add(client("c1"))
    await store.add(client("c2"))

    async def swap(connection: AsyncConnection) -> None:
        other = select(clients.c.metadata).where(clients.c.client_id == "c2").scalar_subquery()
        row = update(clients).where(clients.c.client_id == "c1")
        await connection.execute(row.values(metadata=other))

    await database.write(swap)

    assert await store.find("c1", "default") is None
    assert await store.find("c2", "default") is not None
    assert await ids(store) == ["c2"]


async def test_a_client_of_one_instance_is_unknown_at_others(store: ClientStore) -> None:
    await store.add(client())

    assert await store.find("c1", "sample") is None
    assert await store.find("C1", "default") is None
    assert await store.find("c1' OR '1'='1", "default") is None


async def test_a_disabled_client_is_unknown_until_it_is_enabled(store: ClientStore) -> None:
    await store.add(client())

    assert await store.disable("c1")
    assert await store.find("c1", "default") is None
    assert [each.client.disabled for each in await store.list()] == [True]
    assert await store.enable("c1")
    assert await store.find("c1", "default") == client()
    assert not await store.disable("c2")
    assert not await store.enable("c2")


async def test_a_client_that_expired_is_unknown(database: Database, store: ClientStore) -> None:
    expiring = Client(
        client_id="c1",
        kind="dynamic",
        name="x",
        redirect_uris=("https://a.example/",),
        expires_at=(utc_now() + timedelta(hours=1)).replace(microsecond=0),
    )
    await store.add(expiring)

    assert await store.find("c1", "default") == expiring
    await travel(database, 3601)
    assert await store.find("c1", "default") is None


async def test_an_id_is_given_once(store: ClientStore) -> None:
    tried = await asyncio.gather(*(store.add(client()) for _ in range(8)), return_exceptions=True)

    assert sum(each is None for each in tried) == 1
    assert sum(isinstance(each, ClientExistsError) for each in tried) == 7


async def test_replacing_keeps_the_dates_and_the_operators_no(
    database: Database, store: ClientStore
) -> None:
    await store.replace(client(kind="preregistered"))
    await store.disable("c1")
    (before,) = await store.list()
    await travel(database, 100)
    await store.replace(client(kind="preregistered"))
    (after,) = await store.list()

    assert after.client == before.client
    assert (before.created_at - after.created_at).total_seconds() == pytest.approx(100)
    with pytest.raises(ClientExistsError):
        await store.replace(client(kind="dynamic"))


async def test_several_workers_put_the_same_client_at_once(store: ClientStore) -> None:
    await asyncio.gather(*(store.replace(client(kind="preregistered")) for _ in range(8)))

    assert await ids(store) == ["c1"]


@pytest.mark.requirement("S1-34", "S1-35")
async def test_a_secret_can_be_replaced_by_one_of_ours(store: ClientStore) -> None:
    chosen = keep_chosen(SecretStr("correct-horse-battery-staple-0123456789"))
    await store.add(client(), chosen=chosen)
    new = Digest(digest(new_token("smpl", "sec")))

    assert await store.chosen_secret("c1") == chosen
    assert await store.rotate_secret("c1", new)
    found = await store.find("c1", "default")
    assert found is not None
    assert found.secret_digest == new
    assert found.redirect_uris == client().redirect_uris
    assert await store.chosen_secret("c1") is None
    assert not await store.rotate_secret("c2", new)


@pytest.mark.requirement("S1-34", "T-148")
async def test_a_chosen_secret_is_kept_as_a_salted_hash() -> None:
    secret = "correct-horse-battery-staple-0123456789"  # noqa: S105  # of nothing
    one, two = keep_chosen(SecretStr(secret)), keep_chosen(SecretStr(secret))

    assert one.hash != two.hash
    assert repr(one).find(str(one.hash)) < 0
    secrets = ChosenSecrets()
    assert await secrets.fits(secret, one)
    assert not await secrets.fits(secret + "x", one)
    assert not await secrets.fits("", one)
    assert not await secrets.fits("x" * 10_000, one)
    assert not await secrets.fits(secret, None)


@pytest.mark.parametrize(
    "secret", ["short", "x" * 31, "ab" * 20, "x" * 257, "é" * 40, "a b" * 20, "a\nb" * 20]
)
def test_a_chosen_secret_that_could_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # its text is tested below
        keep_chosen(SecretStr(secret))
    assert secret not in str(caught.value)


def test_a_secret_of_ours_cannot_be_chosen() -> None:
    with pytest.raises(ValueError, match="one that treenail made"):
        keep_chosen(SecretStr(new_token("smpl", "sec")))


async def test_use_is_noted_at_most_once_a_minute(database: Database) -> None:
    time = 0.0
    store = ClientStore(database, Sealer(RING), clock=lambda: time)
    await store.add(client())
    assert (await store.list())[0].last_used_at is None

    await store.touch("c1")
    first = (await store.list())[0].last_used_at
    await travel(database, 30)
    time = 30.0
    await store.touch("c1")
    second = (await store.list())[0].last_used_at
    time = 61.0
    await store.touch("c1")
    third = (await store.list())[0].last_used_at

    assert first is not None
    assert second is not None
    assert second == first - timedelta(seconds=30)
    assert third is not None
    assert third > second


@pytest.mark.requirement("T-040", "T-041")
async def test_the_registry_is_bounded_and_who_is_idle_longest_makes_room(
    database: Database, store: ClientStore
) -> None:
    for name in ("a", "b", "c"):
        await store.add(client(name), most=3)
        await travel(database, 60)
    await store.touch("a")
    await store.add(client("d"), most=3)

    assert await ids(store) == ["a", "c", "d"]


async def test_a_client_in_use_never_makes_room(database: Database, store: ClientStore) -> None:
    for name in ("a", "b"):
        await store.add(client(name), most=2)
        await add_grant(database, name)
        await travel(database, 60)
    with pytest.raises(RegistryFullError):
        await store.add(client("c"), most=2)
    assert await ids(store) == ["a", "b"]

    async def revoke(connection: AsyncConnection) -> None:
        await connection.execute(text("UPDATE oauth_grants SET status='revoked' WHERE id='b'"))

    await database.write(revoke)
    await store.add(client("c"), most=2)
    assert await ids(store) == ["a", "c"]


async def test_the_bound_is_for_one_kind(store: ClientStore) -> None:
    await store.add(client("p", "preregistered"))
    await store.add(client("a"), most=1)
    await store.add(client("b"), most=1)

    assert await ids(store) == ["b", "p"]


@pytest.mark.requirement("AS-19")
async def test_a_document_is_fresh_for_its_lifetime_and_stays_for_asking(
    database: Database, store: ClientStore
) -> None:
    described = Client(client_id=URL, kind="document", name="x", redirect_uris=("https://a/",))
    await store.put_document(described, etag='"1"', lifetime_s=600, most=10)

    known = await store.find_document(URL)
    assert known is not None
    assert (known.client.name, known.etag, known.is_fresh) == ("x", '"1"', True)
    await travel(database, 601)
    stale = await store.find_document(URL)
    assert stale is not None
    assert not stale.is_fresh
    await store.renew_document(URL, 600)
    renewed = await store.find_document(URL)
    assert renewed is not None
    assert renewed.is_fresh
    assert await store.find(URL, "default") is None


async def test_a_stale_document_stays_in_reserve_for_a_day(
    database: Database, store: ClientStore
) -> None:
    described = Client(client_id=URL, kind="document", name="x", redirect_uris=("https://a/",))
    await store.put_document(described, etag=None, lifetime_s=600, most=10)

    async def state() -> tuple[bool, bool]:
        known = await store.find_document(URL)
        assert known is not None
        return known.is_fresh, known.in_reserve

    assert await state() == (True, True)
    await travel(database, 601)
    assert await state() == (False, True)
    await travel(database, 86_400)
    assert await state() == (False, False)


@pytest.mark.requirement("T-040")
@pytest.mark.parametrize("was_used", [False, True], ids=["never used", "used"])
async def test_a_document_is_disabled_until_it_is_enabled(
    database: Database, store: ClientStore, *, was_used: bool
) -> None:
    described = Client(client_id=URL, kind="document", name="x", redirect_uris=("https://a/",))
    if was_used:
        await store.put_document(described, etag=None, lifetime_s=600, most=10)

    assert await store.disable(URL)
    assert await store.disable(URL)
    await travel(database, 100 * 86_400)
    await Cleanup(database).run()
    await store.put_document(described, etag=None, lifetime_s=600, most=10)
    known = await store.find_document(URL)
    assert known is not None
    assert known.client.disabled
    assert await store.enable(URL)
    assert await store.find_document(URL) is None
    assert not await store.enable(URL)


@pytest.mark.requirement("T-040")
async def test_the_cache_of_documents_is_bounded(store: ClientStore) -> None:
    for number in range(5):
        described = Client(
            client_id=f"{URL}?{number}", kind="document", name="x", redirect_uris=("https://a/",)
        )
        await store.put_document(described, etag=None, lifetime_s=600, most=3)
        await store.put_document(described, etag=None, lifetime_s=600, most=3)

    assert len(await store.list()) == 3
