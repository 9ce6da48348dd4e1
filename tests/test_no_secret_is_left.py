"""Nothing that a login leaves on disk holds a token or the password.

The same search is made at the end of every session, over what all tests have left
(`nothing_secret_is_left`, and the fixture `postgres`).
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from tests.support.authorizing import GOOD, authorizing
from tests.support.deployment import Pair, deployment
from tests.support.leftovers import (
    Leftover,
    contents,
    files,
    logs,
    secrets_in,
    secrets_in_log,
    secrets_of_cluster,
    sqlite_files,
)
from tests.support.postgres import Postgres
from tests.support.serving import CANARY
from treenail_runtime.auth.tokens import new_pair
from treenail_runtime.crypto.opaque import TokenKind, digest, new_token


async def leave_something(folder: Path, postgres: Postgres) -> Pair:
    """A login on each database, so that there is something to search when this runs alone."""
    async with authorizing(folder) as site, site.browser() as browser:
        done = await browser.submit(await browser.authorize(), GOOD)
        assert dict(done.answer)["code"]
    async with (
        deployment(folder, postgres.fresh_database()) as site,
        site.server(log_level="debug"),
    ):
        pair = await site.log_in()
        assert (await site.list_tools(pair.access)).status == 200
        await site.list_tools(pair.refresh)
        return Pair.of(await site.refresh(pair.refresh))


@pytest.mark.requirement("T-127", "T-151", "AS-14", "S1-35", "S1-38", "NO-SECRETS")
async def test_no_secret_is_left(tmp_path: Path, postgres: Postgres) -> None:
    pair = await leave_something(tmp_path, postgres)
    postgres.execute("CHECKPOINT")
    stores = list(sqlite_files(tmp_path))
    written = list(logs(tmp_path))
    cluster = Path(postgres.execute("SHOW data_directory"))

    assert tmp_path / "site.db" in stores
    assert any(b"bearer.refused" in contents(path) for path in written)
    assert any(digest(pair.access) in contents(path) for path in files(cluster))
    assert [each for path in stores for each in secrets_in(contents(path), str(path))] == []
    assert secrets_of_cluster(cluster) == []
    assert secrets_in_log(contents(cluster.parent / "log"), "PostgreSQL's log") == []
    assert [each for path in written for each in secrets_in_log(contents(path), str(path))] == []


@pytest.mark.parametrize("kind", get_args(TokenKind))
def test_a_token_in_a_database_would_be_found(tmp_path: Path, kind: TokenKind) -> None:
    store = tmp_path / "store"
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("CREATE TABLE kept (token TEXT)")
        database.execute("INSERT INTO kept VALUES (?)", (f"of ann{new_token('sample', kind)}",))
        database.commit()
        (kept,) = sqlite_files(tmp_path)
        found = secrets_in(contents(kept), str(kept))
        database.execute("DROP TABLE kept")
    store.unlink()

    assert found == [Leftover(kind, str(store))]


def test_what_only_looks_like_a_token_is_none() -> None:
    token = new_pair("sample", refreshes=False).access
    other = token[:-1] + ("0" if token[-1] != "0" else "1")

    assert secrets_in(other.encode(), "x") == []
    assert secrets_in(token[:-1].encode(), "x") == []
    assert [each.kind for each in secrets_in_log(token[:20].encode(), "x")] == ["atk"]
    assert [each.kind for each in secrets_in_log(CANARY.encode(), "x")] == ["password"]
