"""A backup brings back refresh tokens that were used since: the operator ends them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.deployment import Pair, deployment


def back_up(source: Path, target: Path) -> None:
    """Copy a database, which may be in use, as an operator would."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)


@pytest.mark.requirement("T-135")
async def test_logins_of_a_restored_backup_end_by_one_command(tmp_path: Path) -> None:
    file, backup = tmp_path / "site.db", tmp_path / "backup.db"
    async with deployment(tmp_path, f"sqlite:///{file}") as site:
        async with site.server():
            stale, other = await site.log_in(), await site.log_in()
            back_up(file, backup)
            newer = Pair.of(await site.refresh(stale.refresh))

        back_up(backup, file)
        async with site.server():
            # What the restored database does not know is nobody's; what it knows lives again.
            unknown = await site.refresh(newer.refresh)
            revived = await site.refresh(other.refresh)
            status, told = await site.run("admin", "revoke-all", "--yes")
            refused = [await site.refresh(each.refresh) for each in (stale, other)]
            barred = [await site.list_tools(each.access) for each in (stale, other)]
            fresh = await site.list_tools((await site.log_in()).access)

    assert (unknown.status, unknown.json["error"]) == (400, "invalid_grant")
    assert revived.status == 200
    assert (status, told.strip().splitlines()[-1]) == (0, "2 logins ended")
    assert [each.json["error"] for each in refused] == ["invalid_grant"] * 2
    assert [each.status for each in barred] == [401, 401]
    assert fresh.status == 200
