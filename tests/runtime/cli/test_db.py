"""`treenail db` and `treenail cleanup`, as an operator runs them."""

import json
from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.databases import travel
from tests.support.rows import a_row
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.tables import audit_events


async def treenail(url: str, folder: Path, *arguments: str) -> tuple[int | None, str, str]:
    return await run(*arguments, folder=folder, environment={"TREENAIL_DATABASE_URL": url})


@pytest.mark.requirement("S1-11")
async def test_tables_are_made_once_and_found(database_url: str, tmp_path: Path) -> None:
    status, out, _ = await treenail(database_url, tmp_path, "db", "check")
    assert status == 1
    assert "revision none: the database has no tables yet: run `treenail db init`" in out
    for command in ("init", "init", "upgrade"):
        status, out, err = await treenail(database_url, tmp_path, "db", command)
        assert (status, out) == (0, "the tables are those of this release (revision 0005)\n"), err
    status, out, _ = await treenail(database_url, tmp_path, "db", "check")
    assert status == 0
    dialect = database_url.partition(":")[0].partition("+")[0]
    assert out.startswith(f"{dialect} ")
    assert out.endswith(", revision 0005: the tables are those of this release\n")


@pytest.mark.requirement("S1-11", "S1-31")
async def test_cleanup_by_hand_tells_what_it_removed(database_url: str, tmp_path: Path) -> None:
    await treenail(database_url, tmp_path, "db", "init")
    database = Database(database_url)
    await database.write(a_row(audit_events, id="e", at=now_ms, type="t", outcome="o"))
    await travel(database, 181 * 86_400)
    await database.aclose()
    status, out, _ = await treenail(database_url, tmp_path, "cleanup", "--json")
    assert (status, json.loads(out)) == (0, {"audit_events": 1})
    status, out, _ = await treenail(database_url, tmp_path, "cleanup")
    assert (status, out) == (0, "nothing to remove\n")


@pytest.mark.requirement("T-127")
async def test_a_database_that_does_not_answer_is_told_without_its_password(
    tmp_path: Path,
) -> None:
    for arguments in (("db", "check"), ("db", "init"), ("cleanup",)):
        status, out, err = await treenail(
            "postgresql://user:hunter2@127.0.0.1:1/db", tmp_path, *arguments
        )
        assert status == 2
        assert "treenail: the database does not answer: ConnectionRefusedError" in err
        assert "hunter2" not in out + err
        assert "Traceback" not in err


async def test_a_newer_database_is_left_alone(database_url: str, tmp_path: Path) -> None:
    await treenail(database_url, tmp_path, "db", "init")
    database = Database(database_url)
    newer = "UPDATE alembic_version SET version_num = '9999'"
    await database.write(lambda connection: connection.exec_driver_sql(newer))
    await database.aclose()
    status, out, _ = await treenail(database_url, tmp_path, "db", "check")
    assert (status, "run the newer release" in out) == (1, True)
    status, _, err = await treenail(database_url, tmp_path, "db", "upgrade")
    assert (status, "run the newer release" in err) == (2, True)
