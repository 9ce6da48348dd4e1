"""`treenail instances` and `treenail admin tokens`: what they print, refuse and change."""

import base64
import json
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.admin_api import API, Api
from tests.support.authorizing import SECRET, authorizing
from tests.support.commands import command, connectors_folder, run
from tests.support.loopback import loopback, reply
from tests.support.serving import CANARY
from treenail_runtime.auth.instances import NewInstance, Slug
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.opaque import is_well_formed
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.schema import upgrade
from treenail_runtime.storage.tables import admin_tokens, audit_events

KEY = secrets.token_bytes(32)
ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """With a database and a connector."""
    database = Database(f"sqlite:///{tmp_path}/instances.db")
    await upgrade(database)
    await database.aclose()
    connectors_folder(tmp_path)
    return tmp_path


async def treenail(folder: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    environment = {
        "DATABASE_URL": f"sqlite:///{folder}/instances.db",
        "AUTH_SECRETS": f"k1:{base64.b64encode(KEY).decode()}",
        "BASE_URL": "http://127.0.0.1:8750",
        **variables,
    }
    return await run(*arguments, folder=folder / "connectors", environment=environment)


async def told(folder: Path, *arguments: str, **variables: str) -> Any:
    """What a command says with --json."""
    status, out, err = await treenail(folder, "instances", *arguments, "--json", **variables)
    assert status == 0, err
    return json.loads(out)


async def test_an_instance_is_made_listed_closed_opened_and_ended(folder: Path) -> None:
    made = await told(folder, "create", "acme", "--service", "sample", "--owner", "ann")
    listed = await told(folder, "list", "--owner", "ann")
    others = await told(folder, "list", "--owner", "bob")
    closed = await told(folder, "disable", "acme")
    opened = await told(folder, "enable", "acme")
    ended = await told(folder, "delete", "acme", "--yes")

    assert (made["url"], made["status"]) == ("http://127.0.0.1:8750/acme/mcp", "active")
    assert [each["slug"] for each in listed] == ["acme"]
    assert others == []
    assert (closed["status"], opened["status"]) == ("disabled", "active")
    assert (ended["id"], ended["logins_ended"]) == (made["id"], 0)
    assert await told(folder, "list") == []


async def test_an_account_is_tried_at_the_upstream_before_it_is_kept(folder: Path) -> None:
    values = folder / "values.json"
    values.write_text(json.dumps({"password": CANARY}), encoding="utf-8")
    made = await told(folder, "create", "acme", "--service", "sample", "--credentials", "instance")
    given = ("credentials", "acme", "email=ann@example.test", "--values", str(values))
    async with loopback(reply(401)) as upstream:
        url = {"TREENAIL_UPSTREAM_URL": upstream.url}
        denied = await treenail(folder, "instances", *given, **url)
        before = await told(folder, "show", "acme")
    async with loopback(ITEMS) as upstream:
        after = await told(folder, *given, TREENAIL_UPSTREAM_URL=upstream.url)

    assert is_well_formed(made["access_key"], "iak")
    assert (before["status"], after["status"]) == ("pending", "active")
    assert denied == (2, "", "treenail: the upstream does not accept these credentials\n")
    assert CANARY not in json.dumps(after)


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_what_an_instance_has_is_changed_and_taken_away(folder: Path) -> None:
    await told(folder, "create", "acme", "--service", "sample", "--title", "Acme")
    limits = ("--limit", "mcp=9/1m", "--limit", "token=7/1m")
    changed = await told(folder, "set", "acme", "--title", "Acme Ltd", "--region", "us", *limits)
    removed = ("--unset", "title", "--unset", "limits.mcp", "--version", str(changed["version"]))
    restored = await told(folder, "set", "acme", *removed)
    late = await treenail(folder, "instances", "set", "acme", *removed)
    nothing = await treenail(folder, "instances", "set", "acme")
    odd = await treenail(folder, "instances", "set", "acme", "--unset", "slug")
    shown = await treenail(folder, "instances", "set", "acme", f"password={CANARY}")

    assert (changed["title"], changed["region"]) == ("Acme Ltd", "us")
    assert changed["limits"] == {"mcp": "9/1m", "token": "7/1m"}
    assert (restored["title"], restored["region"]) == ("Sample shop", "us")
    assert restored["limits"] == {"token": "7/1m"}
    assert {status for status, _, _ in (late, nothing, odd, shown)} == {2}
    assert "somebody has changed it since" in late[2]
    assert nothing[2] == "treenail: say what is to be changed\n"
    assert odd[2] == "treenail: --unset slug: there is no such setting\n"
    assert shown[2] == "treenail: password: secret; give it by --values\n"


@pytest.mark.requirement("CHANGE-INSTANCE", "S2-22")
async def test_what_cannot_be_refreshed_is_told(folder: Path) -> None:
    await told(folder, "create", "acme", "--service", "sample")
    status, _, err = await treenail(folder, "instances", "refresh", "acme")

    assert (status, err) == (2, "treenail: here, each person logs in with an own account\n")


async def test_secrets_are_not_taken_from_the_command_line(folder: Path) -> None:
    await told(folder, "create", "acme", "--service", "sample", "--credentials", "instance")
    pairs = ("email=ann@example.test", f"password={CANARY}")
    status, out, err = await treenail(folder, "instances", "credentials", "acme", *pairs)

    assert (status, out) == (2, "")
    assert err == "treenail: password: secret; give it by --values\n"


@pytest.mark.requirement("TOLD-COMMANDS")
@pytest.mark.parametrize(
    ("held", "problem"),
    [
        (b"\xff\xfe", "--client-secret-file: the file is no text in UTF-8"),
        (b" \n", "--client-secret-file: the file is empty"),
        (b"s" * 4097, "client_secret: must be 1 to 4096 printable characters"),
    ],
)
@pytest.mark.parametrize("verb", ["create", "set"])
async def test_a_file_that_holds_no_secret_is_refused(
    folder: Path, verb: str, held: bytes, problem: str
) -> None:
    file = folder / "secret"
    file.write_bytes(held)
    given = ("acme", "--client-id", "acme-client", "--client-secret-file", str(file))
    service = ("--service", "sample") if verb == "create" else ()
    if verb == "set":
        await told(folder, "create", "acme", "--service", "sample")

    assert await treenail(folder, "instances", verb, *given, *service) == (
        2,
        "",
        f"treenail: {problem}\n",
    )


@pytest.mark.requirement("TOLD-COMMANDS")
async def test_values_that_are_no_text_are_refused(folder: Path) -> None:
    file = folder / "values.json"
    file.write_bytes(b'{"email": "\xff"}')
    await told(folder, "create", "acme", "--service", "sample", "--credentials", "instance")

    status, _, err = await treenail(
        folder, "instances", "credentials", "acme", "--values", str(file)
    )

    assert (status, err) == (2, "treenail: --values: the file is no text in UTF-8\n")


@pytest.mark.requirement("TOLD-COMMANDS")
@pytest.mark.parametrize(
    "arguments",
    [
        ("instances", "list", "--owner"),
        ("admin", "revoke-all", "--yes", "--client"),
        ("admin", "tokens", "remove"),
    ],
)
async def test_arguments_that_are_no_text_are_refused(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    status, out, err = await treenail(folder, *arguments, "\udcff")

    assert (status, out) == (2, "")
    assert err.endswith("Error: the arguments are no text in UTF-8\n")


@pytest.mark.requirement("T-108")
async def test_a_slug_that_cannot_be_had_is_refused(folder: Path) -> None:
    status, _, err = await treenail(folder, "instances", "create", "../x", "--service", "sample")

    assert (status, "1 to 63" in err) == (2, True)


async def test_what_is_not_there_is_told(folder: Path) -> None:
    for verb in ("show", "revoke"):
        status, _, err = await treenail(folder, "instances", verb, "none")
        assert (status, err) == (2, "treenail: there is no such instance\n")
    status, _, err = await treenail(folder, "instances", "create", "a", "--service", "none")
    assert (status, err) == (2, "treenail: there is no such service; there are: sample\n")


async def test_a_connector_that_cannot_be_loaded_does_not_keep_an_instance_from_being_ended(
    folder: Path,
) -> None:
    await told(folder, "create", "acme", "--service", "sample")
    (folder / "connectors" / "broken.py").write_text("this is no Python", encoding="utf-8")

    assert (await told(folder, "delete", "acme", "--yes"))["slug"] == "acme"


@pytest.mark.requirement("BOUNDED-OWNERS")
async def test_all_pages_are_listed(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/instances.db")
    ring = KeyRing.from_settings(None, SecretStr(f"k1:{base64.b64encode(KEY).decode()}"))
    store = InstanceStore(database, Sealer(ring), Macs(ring))
    slugs = [f"shop-{number:03}" for number in range(101)]
    for slug in slugs:
        new = NewInstance(slug=Slug(slug), service="sample", title="Shop", owner="ann")
        await store.create(new)
    await database.aclose()

    assert [each["slug"] for each in await told(folder, "list")] == slugs


@pytest.mark.requirement("LOST-KEYS")
@pytest.mark.parametrize("kid", ["k1", "k2"])
async def test_nothing_is_sealed_with_keys_that_no_server_has(folder: Path, kid: str) -> None:
    await told(folder, "create", "acme", "--service", "sample")
    other = {"AUTH_SECRETS": f"{kid}:{base64.b64encode(secrets.token_bytes(32)).decode()}"}
    made = await treenail(folder, "instances", "create", "bolt", "--service", "sample", **other)
    shown = await treenail(folder, "instances", "show", "acme", **other)

    problem = {
        "k1": "the secret of k1 is not the one that sealed this database",
        "k2": "1 row is sealed with k1 in mcp_instances, which is not among the keys",
    }[kid]
    for status, out, err in (made, shown):
        assert (status, out) == (2, "")
        assert err.startswith(f"treenail: {problem}")
    assert [each["slug"] for each in await told(folder, "list")] == ["acme"]


@pytest.mark.requirement("NAMES-KEPT")
async def test_a_server_tells_which_instance_a_new_connector_hides(folder: Path) -> None:
    await told(folder, "create", "later", "--service", "sample")
    text = (folder / "connectors" / "sample.py").read_text(encoding="utf-8")
    later = text.replace('name="sample"', 'name="later"')
    (folder / "connectors" / "later.py").write_text(later, encoding="utf-8")
    variables = {
        "DATABASE_URL": f"sqlite:///{folder}/instances.db",
        "AUTH_SECRETS": f"k1:{base64.b64encode(KEY).decode()}",
    }
    async with command(
        "serve", "--port", "0", folder=folder / "connectors", environment=variables
    ) as process:
        line = await process.logged("connector.hides_instance")

    assert "later" in line


@pytest.mark.requirement("S2-40")
async def test_an_admin_token_is_shown_once_works_and_is_void_once_removed(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path) as site:
        made = await _admin(tmp_path, "create", "--owner", "ann", "--days", "1")
        token = re.findall(r"^token: (\S+)$", made, re.MULTILINE)[0]
        identifier = re.findall(r"^id: (\S+)$", made, re.MULTILINE)[0]
        listed = json.loads(await _admin(tmp_path, "list", "--json"))
        before = await Api(site.base_url, token).get(f"{API}/instances")
        await _admin(tmp_path, "remove", identifier)
        after = await Api(site.base_url, token).get(f"{API}/instances")

        assert [(each["id"], each["owner"], each["role"]) for each in listed] == [
            (identifier, "ann", "owner")
        ]
        assert (before.status, after.status) == (200, 401)
        assert await site.count(admin_tokens) == 0
        changes = [row for row in await site.rows(audit_events) if row.type == "admin.token"]
        assert len(changes) == 2
        assert token not in str(changes)


async def _admin(folder: Path, *arguments: str) -> str:
    environment = {"DATABASE_URL": f"sqlite:///{folder}/site.db", "AUTH_SECRET": SECRET}
    status, out, err = await run(
        "admin", "tokens", *arguments, folder=folder, environment=environment
    )
    assert status == 0, err
    return out
