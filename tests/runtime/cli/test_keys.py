"""`treenail keys`: what it prints, with which status it ends, and that a kill costs nothing."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.commands import command, run
from tests.support.sealed_rows import AFTER, BEFORE, CHANGING, FOREIGN, NEW, OLD, fill, read_all
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.storage.canaries import SealedRows, admit_keys, sealed_rows
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import clients

TABLES = (
    "oauth_clients",
    "oauth_connections",
    "oauth_pending_logins",
    "mcp_instances",
    "mcp_credentials",
    "mcp_setups",
    "mcp_revocations",
)


def entry(kid: str, secret: bytes) -> str:
    return f"{kid}:{base64.b64encode(secret).decode()}"


def environment(url: str, *entries: str) -> Mapping[str, str]:
    return {"TREENAIL_DATABASE_URL": url, "AUTH_SECRETS": ",".join(entries)}


async def keys(
    *arguments: str, url: str, entries: tuple[str, ...], folder: Path
) -> tuple[int, str, str]:
    """`treenail keys ARGUMENTS`; neither a secret nor a stored value is ever printed."""
    given = environment(url, *entries)
    status, out, err = await run("keys", *arguments, folder=folder, environment=given)
    for secret in (OLD, NEW, FOREIGN):
        assert base64.b64encode(secret).decode()[:8] not in out + err
    assert "pässword" not in out + err
    return status, out, err


async def test_a_generated_secret_is_a_line_for_the_environment(tmp_path: Path) -> None:
    first = await run("keys", "generate", folder=tmp_path, environment={})
    second = await run("keys", "generate", "--kid", "k2", folder=tmp_path, environment={})

    for status, out, err in (first, second):
        assert (status, err) == (0, "")
        found = re.fullmatch(r"AUTH_SECRETS=([a-z0-9]+:[A-Za-z0-9+/]{43}=)\n", out)
        assert found is not None
        assert KeyRing.from_settings(None, SecretStr(found[1])).kids == (found[1].split(":")[0],)
    assert second[1].startswith("AUTH_SECRETS=k2:")
    assert first[1][-45:] != second[1][-45:]


async def test_a_key_id_of_another_form_is_refused(tmp_path: Path) -> None:
    status, out, err = await run("keys", "generate", "--kid", "K 2", folder=tmp_path)

    assert (status, out) == (2, "")
    assert err == "treenail: --kid is not 1 to 32 of a-z, 0-9, _ and -\n"


@pytest.mark.requirement("H11", "NO-SECRETS")
@pytest.mark.parametrize("verb", ["check", "rotate"])
async def test_secrets_that_cannot_be_used_are_told_without_their_text(
    tmp_path: Path, verb: str
) -> None:
    url = f"sqlite:///{tmp_path}/none.db"

    none = await run("keys", verb, folder=tmp_path, environment={"TREENAIL_DATABASE_URL": url})
    weak = await keys(verb, url=url, entries=("k1:changeme", "k2:c2hvcnQ"), folder=tmp_path)

    assert none == (
        2,
        "",
        "treenail: AUTH_SECRET: is not set; make one with `treenail keys generate`\n",
    )
    assert weak[:2] == (2, "")
    assert "changeme" not in weak[2]
    assert weak[2] == (
        "treenail: AUTH_SECRETS: k1 is a placeholder or a published example;"
        " make one with `treenail keys generate`\n"
        "treenail: AUTH_SECRETS: k2 holds 5 bytes; at least 32 are needed;"
        " make one with `treenail keys generate`\n"
    )


async def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.db"

    status, out, err = await keys("check", url=url, entries=(entry("k1", OLD),), folder=tmp_path)

    assert (status, out) == (2, "")
    assert err == "treenail: the database has no tables yet: run `treenail db init`\n"


@pytest.mark.requirement("T-131", "T-132")
async def test_check_tells_what_each_key_sealed_and_what_is_wrong(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(2))
    old, new = entry("k1", OLD), entry("k2", NEW)
    counts = [f"{table}: 2 sealed with k1" for table in sorted(TABLES)]

    fitting = await keys("check", url=database_url, entries=(new, old), folder=tmp_path)
    missing = await keys("check", url=database_url, entries=(new,), folder=tmp_path)
    wrong = await keys("check", url=database_url, entries=(entry("k1", FOREIGN),), folder=tmp_path)

    assert (fitting[0], fitting[2]) == (0, "")
    assert fitting[1].splitlines() == [
        *counts,
        "k2: no server has started with it yet",
        "the keys fit this database; k2 seals",
    ]
    assert missing[0] == 1
    assert missing[2].splitlines() == [
        f"treenail: 2 rows are sealed with k1 in {table}, which is not among the keys;"
        " add it at the end of AUTH_SECRETS"
        for table in sorted(TABLES)
    ]
    assert (wrong[0], wrong[1].splitlines()) == (1, counts)
    assert wrong[2] == (
        "treenail: the secret of k1 is not the one that sealed this database;"
        " give back the old secret, or give a new one a key id of its own\n"
    )


@pytest.mark.requirement("T-131")
async def test_rotate_tells_its_progress_and_what_became_of_each_table(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(5))
    entries = (entry("k2", NEW), entry("k1", OLD))

    status, out, err = await keys(
        "rotate", "--batch", "2", url=database_url, entries=entries, folder=tmp_path
    )
    again = await keys("rotate", url=database_url, entries=entries, folder=tmp_path)

    assert (status, err) == (0, "")
    assert out.splitlines() == [
        *(f"{table}: {done} of 5" for table in TABLES for done in (2, 4, 5)),
        *(f"{table}: 5 sealed anew with k2" for table in TABLES),
        "no longer in use: k1",
    ]
    assert again == (0, "".join(f"{table}: 0 sealed anew with k2\n" for table in TABLES), "")
    assert len((await read_all(database, AFTER)).logged_in) == 5


@pytest.mark.requirement("T-131", "T-132")
async def test_rotate_with_a_wrong_secret_changes_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(1))
    before = await read_all(database, BEFORE)

    status, out, err = await keys(
        "rotate",
        url=database_url,
        entries=(entry("k2", NEW), entry("k1", FOREIGN)),
        folder=tmp_path,
    )

    assert (status, out) == (1, "")
    assert "the secret of k1 is not the one that sealed this database" in err
    assert await read_all(database, BEFORE) == before


@pytest.mark.requirement("T-128", "T-131")
async def test_rotate_names_a_few_rows_that_do_not_open_and_counts_the_others(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await fill(database, BEFORE, range(26))

    async def spoil(connection: AsyncConnection) -> None:
        most = clients.c.client_id != "https://client.test/0"
        await connection.execute(update(clients).where(most).values(metadata="a.b.c"))

    await database.write(spoil)

    status, out, err = await keys(
        "rotate",
        url=database_url,
        entries=(entry("k2", NEW), entry("k1", OLD)),
        folder=tmp_path,
    )

    told = err.splitlines()
    assert status == 1
    assert "oauth_clients: 1 sealed anew with k2" in out
    assert "oauth_connections: 26 sealed anew with k2" in out
    assert "no longer in use" not in out
    assert told[0] == "treenail: oauth_clients https://client.test/1: cannot be opened: form"
    assert len(told) == 21
    assert told[-1] == "treenail: oauth_clients: 5 more cannot be opened"


@pytest.mark.requirement("T-131")
async def test_a_rotation_that_is_killed_goes_on_where_it_was(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await admit_keys(database, BEFORE)
    await fill(database, BEFORE, range(100))
    before = await read_all(database, BEFORE)
    given = environment(database_url, entry("k2", NEW), entry("k1", OLD))
    arguments = ("keys", "rotate", "--batch", "1")

    for stop in (f"{TABLES[0]}: 30 of 100", f"{TABLES[1]}: 20 of 100"):
        async with command(*arguments, folder=tmp_path, environment=given) as rotation:
            while await rotation.line() != stop:
                pass
            rotation.process.kill()
            await rotation.process.wait()
        assert await read_all(database, CHANGING) == before
    half = await database.read(sealed_rows)
    status, _, err = await run(*arguments, folder=tmp_path, environment=given)

    assert {rows.kid for rows in half if rows.table == TABLES[1]} == {"k1", "k2"}
    assert SealedRows(TABLES[2], "k1", 100) in half
    assert (status, err) == (0, "")
    assert await database.read(sealed_rows) == tuple(
        SealedRows(table, "k2", 100) for table in sorted(TABLES)
    )
    assert await read_all(database, AFTER) == before
