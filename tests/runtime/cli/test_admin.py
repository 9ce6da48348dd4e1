"""`treenail admin`: what it ends, and that it is kept in mind."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.support.commands import run
from tests.support.rows import a_connection, a_grant
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import audit_events, grants


@pytest.mark.requirement("T-135")
async def test_ended_logins_are_counted_in_the_audit(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    for name in ("one", "two", "three"):
        client_id = "app" if name == "one" else "other"
        await database.write(a_connection(name))
        await database.write(a_grant(name, name, client_id=client_id))

    async def revoke(*options: str) -> tuple[int, str, str]:
        environment = {"DATABASE_URL": database_url}
        arguments = ("admin", "revoke-all", "--yes", *options)
        return await run(*arguments, folder=tmp_path, environment=environment)

    assert await revoke("--client", "app") == (0, "1 login ended\n", "")
    assert await revoke() == (0, "2 logins ended\n", "")
    rows = await database.read(
        lambda each: each.execute(select(audit_events).order_by(audit_events.c.at))
    )
    assert [(row.type, row.client_id, row.detail) for row in rows] == [
        ("grant.revoked", "app", '{"count": 1, "reason": "operator"}'),
        ("grant.revoked", None, '{"count": 2, "reason": "operator"}'),
    ]
    left = await database.read(lambda each: each.execute(select(grants.c.status)))
    assert set(left.scalars()) == {"revoked"}
