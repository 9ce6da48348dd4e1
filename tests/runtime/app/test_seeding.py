"""The client of the environment, on both databases."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from treenail_runtime.app.seeding import seed_client
from treenail_runtime.auth.client_secrets import ChosenSecrets
from treenail_runtime.auth.records import Client, Digest
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.opaque import digest
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import audit_events

SECRET = "operator's-own-secret-0123456789-abc"  # noqa: S105  # of nothing
PUBLIC: dict[str, Any] = {
    "auto_seed_client_id": "chatgpt",
    "auto_seed_client_name": "ChatGPT",
    "auto_seed_redirect_uris": "https://chat.example/cb,http://127.0.0.1/cb",
}


@pytest.fixture
def store(database: Database) -> ClientStore:
    return ClientStore(database, Sealer(KeyRing({"k1": bytes(range(7, 39))})))


@pytest.fixture
def audit(database: Database) -> AuditStore:
    return AuditStore(database, strict=True)


async def changes_told(database: Database) -> list[str]:
    rows = await database.read(
        lambda each: each.execute(select(audit_events).order_by(audit_events.c.at))
    )
    return [json.loads(row.detail)["change"] for row in rows if row.type == "client.changed"]


async def seed(store: ClientStore, audit: AuditStore, **changes: Any) -> Client | None:
    await seed_client(Settings(**{**PUBLIC, **changes}), store, audit)
    return await store.find("chatgpt", "anywhere")


@pytest.mark.requirement("S1-07", "S1-08")
async def test_without_a_secret_the_client_is_public(store: ClientStore, audit: AuditStore) -> None:
    client = await seed(store, audit)

    assert client == Client(
        client_id="chatgpt",
        kind="preregistered",
        name="ChatGPT",
        redirect_uris=("https://chat.example/cb", "http://127.0.0.1/cb"),
    )


@pytest.mark.requirement("S1-07", "S1-09", "S1-34")
async def test_with_a_secret_it_is_confidential(store: ClientStore, audit: AuditStore) -> None:
    client = await seed(store, audit, auto_seed_client_secret=SECRET)

    assert client is not None
    assert not client.is_public
    kept = await store.chosen_secret("chatgpt")
    assert await ChosenSecrets().fits(SECRET, kept)


@pytest.mark.requirement("S1-07")
async def test_a_start_that_changes_nothing_writes_nothing(
    store: ClientStore, audit: AuditStore
) -> None:
    await seed(store, audit, auto_seed_client_secret=SECRET)
    before = await store.chosen_secret("chatgpt")
    await seed(store, audit, auto_seed_client_secret=SECRET)
    same = await store.chosen_secret("chatgpt")
    await seed(store, audit, auto_seed_client_secret=SECRET + "x")
    other = await store.chosen_secret("chatgpt")

    assert before is not None
    assert other is not None
    assert same == before
    assert other.salt != before.salt


@pytest.mark.requirement("S1-07", "S1-08")
async def test_a_change_in_the_environment_takes_effect(
    store: ClientStore, audit: AuditStore
) -> None:
    await seed(store, audit, auto_seed_client_secret=SECRET)
    client = await seed(store, audit, auto_seed_redirect_uris="https://new.example/cb")

    assert client is not None
    assert client.is_public
    assert client.redirect_uris == ("https://new.example/cb",)
    assert await store.chosen_secret("chatgpt") is None


async def test_the_operators_no_outlives_a_start(store: ClientStore, audit: AuditStore) -> None:
    await seed(store, audit)
    await store.disable("chatgpt")

    assert await seed(store, audit) is None


@pytest.mark.requirement("S1-07")
async def test_a_disabled_client_is_not_written_at_each_start(
    database: Database, store: ClientStore, audit: AuditStore
) -> None:
    await seed(store, audit, auto_seed_client_secret=SECRET)
    await store.disable("chatgpt")
    before = await store.chosen_secret("chatgpt", even_disabled=True)
    await seed(store, audit, auto_seed_client_secret=SECRET)

    assert before is not None
    assert await store.chosen_secret("chatgpt", even_disabled=True) == before
    assert await changes_told(database) == ["seeded: new"]


@pytest.mark.requirement("S1-07", "NO-SECRETS")
async def test_what_a_start_undoes_is_told(
    database: Database, store: ClientStore, audit: AuditStore, capsys: pytest.CaptureFixture[str]
) -> None:
    await seed(store, audit, auto_seed_client_secret=SECRET)
    await store.rotate_secret("chatgpt", Digest(digest("another")))
    await seed(store, audit, auto_seed_client_secret=SECRET)
    await seed(store, audit, auto_seed_client_secret=SECRET)
    await seed(store, audit, auto_seed_client_name="Chat")

    assert await changes_told(database) == [
        "seeded: new",
        "seeded: secret",
        "seeded: name, auth_method, secret",
    ]
    logged = "".join(capsys.readouterr())
    assert logged.count("client.seeded") == 3
    assert SECRET not in logged


async def test_nothing_is_seeded_unless_it_is_asked_for(
    store: ClientStore, audit: AuditStore
) -> None:
    await seed_client(Settings(), store, audit)

    assert list(await store.list()) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"auto_seed_client_id": None}, "AUTO_SEED_CLIENT_ID: is not set"),
        ({"auto_seed_client_id": "https://a.example/b"}, "AUTO_SEED_CLIENT_ID: must be"),
        ({"auto_seed_redirect_uris": ""}, "AUTO_SEED_REDIRECT_URIS: needs 1 to 10"),
        ({"auto_seed_redirect_uris": "http://evil.example/"}, "entry 1 must be https"),
        ({"auto_seed_client_secret": "too-short"}, "AUTO_SEED_CLIENT_SECRET: must have 32"),
    ],
)
@pytest.mark.requirement("S1-07", "NO-SECRETS")
async def test_what_is_no_client_stops_the_start(
    store: ClientStore, audit: AuditStore, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        await seed(store, audit, **changes)

    assert "too-short" not in str(caught.value)
    assert list(await store.list()) == []
