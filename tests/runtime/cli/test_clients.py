"""`treenail clients`: what it prints, what it refuses, and what it changes."""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.support.commands import run
from tests.support.rows import a_connection, a_grant
from treenail_runtime.auth.records import Client
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.opaque import digest
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.schema import upgrade
from treenail_runtime.storage.tables import audit_events, grants

KEY = secrets.token_bytes(32)
REDIRECT = "https://app.example/cb"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[ClientStore]:
    database = Database(f"sqlite:///{tmp_path}/clients.db")
    await upgrade(database)
    yield ClientStore(database, Sealer(KeyRing({"k1": KEY})))
    await database.aclose()


async def clients(tmp_path: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/clients.db",
        "AUTH_SECRETS": f"k1:{base64.b64encode(KEY).decode()}",
        **variables,
    }
    return await run("clients", *arguments, folder=tmp_path, environment=environment)


async def test_a_public_client_is_added(store: ClientStore, tmp_path: Path) -> None:
    local = "http://127.0.0.1/cb"
    given = ("--redirect-uri", REDIRECT, "--redirect-uri", local, "--scope", "mcp.tools.read")
    status, out, err = await clients(tmp_path, "add", "Front desk", "--id", "desk", *given)

    assert (status, out, err) == (0, "client_id: desk\n", "")
    assert await store.find("desk", "default") == Client(
        client_id="desk",
        kind="preregistered",
        name="Front desk",
        redirect_uris=(REDIRECT, local),
        scopes=frozenset({"mcp.tools.read"}),
    )


@pytest.mark.requirement("S1-34", "S1-35")
async def test_a_secret_is_shown_once(store: ClientStore, tmp_path: Path) -> None:
    given = ("--redirect-uri", REDIRECT, "--confidential", "post", "--web", "--introspect")
    status, out, _ = await clients(tmp_path, "add", "Server", *given, "--instance", "sample")
    shown = re.fullmatch(r"client_id: ([0-9a-f]{32})\nclient_secret: (\S+)\n", out)

    assert status == 0
    assert shown is not None
    client = await store.find(shown[1], "sample")
    assert client is not None
    assert client.secret_digest == digest(shown[2])
    assert (client.auth_method, client.application_type) == ("client_secret_post", "web")
    assert client.may_introspect
    assert await store.find(shown[1], "default") is None
    for arguments in (("list",), ("list", "--json")):
        assert shown[2] not in "".join(map(str, await clients(tmp_path, *arguments)))

    _, again, _ = await clients(tmp_path, "rotate-secret", shown[1])
    rotated = await store.find(shown[1], "sample")
    assert rotated is not None
    assert rotated.secret_digest == digest(again.split("client_secret: ")[1].strip())
    assert rotated.secret_digest != client.secret_digest


async def test_the_list_tells_who_there_is(store: ClientStore, tmp_path: Path) -> None:
    await store.add(Client(client_id="c1", kind="dynamic", name="One", redirect_uris=(REDIRECT,)))
    await store.touch("c1")
    await store.add(Client(client_id="c2", kind="dynamic", name="Two", redirect_uris=(REDIRECT,)))
    await store.disable("c2")
    _, table, _ = await clients(tmp_path, "list")
    _, text, _ = await clients(tmp_path, "list", "--json")

    assert re.fullmatch(
        r"c1  dynamic  none  \d{4}-\d\d-\d\d  One\nc2  dynamic  disabled  never used  Two\n", table
    )
    one, two = json.loads(text)
    assert (one["client_id"], one["disabled"], two["disabled"]) == ("c1", False, True)
    assert one["redirect_uris"] == [REDIRECT]
    assert two["last_used_at"] is None


async def test_a_client_is_disabled_and_enabled(store: ClientStore, tmp_path: Path) -> None:
    await store.add(Client(client_id="c1", kind="dynamic", name="One", redirect_uris=(REDIRECT,)))

    assert await clients(tmp_path, "disable", "c1") == (
        0,
        "c1 is disabled; grants ended: 0\n",
        "",
    )
    assert await store.find("c1", "default") is None
    assert await clients(tmp_path, "enable", "c1") == (0, "c1 is enabled\n", "")
    assert await store.find("c1", "default") is not None


async def audit(tmp_path: Path) -> list[tuple[str, str | None, str]]:
    """Type, client and detail of what was recorded, oldest first."""
    database = Database(f"sqlite:///{tmp_path}/clients.db")
    query = select(audit_events).order_by(audit_events.c.at)
    rows = await database.read(lambda connection: connection.execute(query))
    await database.aclose()
    return [(row.type, row.client_id, row.detail) for row in rows]


@pytest.mark.requirement("AS-22")
async def test_the_client_of_any_document_can_be_disabled(
    store: ClientStore, tmp_path: Path
) -> None:
    url = "https://evil.example/client.json"
    database = Database(f"sqlite:///{tmp_path}/clients.db")
    await database.write(a_connection("c"))
    await database.write(a_grant("g", "c", client_id=url))

    assert await clients(tmp_path, "disable", url) == (
        0,
        f"{url} is disabled; grants ended: 1\n",
        "",
    )
    query = select(grants.c.status)
    assert (await database.read(lambda each: each.execute(query))).scalars().all() == ["revoked"]
    await database.aclose()
    known = await store.find_document(url)
    assert known is not None
    assert known.client.disabled
    _, listed, _ = await clients(tmp_path, "list")
    assert listed == f"{url}  document  disabled  never used  evil.example\n"
    assert await clients(tmp_path, "enable", url) == (0, f"{url} is enabled\n", "")
    assert await store.find_document(url) is None
    assert await audit(tmp_path) == [
        ("client.changed", url, '{"change": "disabled"}'),
        ("grant.revoked", url, '{"count": 1, "reason": "operator"}'),
        ("client.changed", url, '{"change": "enabled"}'),
    ]


@pytest.mark.requirement("S1-07")
async def test_a_secret_that_the_next_start_takes_back_is_said_so(
    store: ClientStore, tmp_path: Path
) -> None:
    seeded = {"AUTO_SEED_CLIENT_ID": "seeded", "AUTO_SEED_REDIRECT_URIS": REDIRECT}
    given = ("--redirect-uri", REDIRECT, "--confidential", "post")
    for name in ("seeded", "other"):
        await clients(tmp_path, "add", "Server", "--id", name, *given)
    _, _, err = await clients(tmp_path, "rotate-secret", "seeded", **seeded)
    _, _, other = await clients(tmp_path, "rotate-secret", "other", **seeded)

    assert "The next start of a server undoes this" in err
    assert "AUTO_SEED_CLIENT_SECRET" in err
    assert "undoes" not in other
    assert [told for told in await audit(tmp_path) if told[1] == "seeded"] == [
        ("client.changed", "seeded", '{"change": "added"}'),
        ("client.changed", "seeded", '{"change": "secret"}'),
    ]
    assert await store.known("seeded") is not None


REFUSALS: dict[tuple[str, ...], str] = {
    ("add", "x"): "--redirect-uri is missing",
    ("add", "x", "--redirect-uri", "http://evil.example/"): "must be https",
    ("add", "x", "--redirect-uri", "http://127.0.0.1/", "--web"): "for a web application",
    ("add", "x", "--redirect-uri", REDIRECT, "--id", "https://a/b"): "--id must be",
    ("add", "x", "--redirect-uri", REDIRECT, "--introspect"): "needs --confidential",
    ("add", "a\u202eb", "--redirect-uri", REDIRECT): "printable",
    ("disable", "nobody"): "there is no client 'nobody'",
    ("enable", "nobody"): "there is no client 'nobody'",
    ("rotate-secret", "nobody"): "no confidential client 'nobody'",
}


async def test_what_cannot_be_done_is_told(store: ClientStore, tmp_path: Path) -> None:
    ended = await asyncio.gather(*(clients(tmp_path, *arguments) for arguments in REFUSALS))

    for (status, out, err), told in zip(ended, REFUSALS.values(), strict=True):
        assert (status, out) == (2, "")
        assert err.startswith("treenail: ")
        assert told in err
    assert list(await store.list()) == []


async def test_an_id_that_is_taken_is_told(store: ClientStore, tmp_path: Path) -> None:
    await store.add(Client(client_id="c1", kind="dynamic", name="x", redirect_uris=(REDIRECT,)))
    given = ("add", "x", "--redirect-uri", REDIRECT, "--id", "c1")
    status, _, err = await clients(tmp_path, *given)

    assert (status, err) == (2, "treenail: there is a client c1 already\n")
