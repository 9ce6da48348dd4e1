"""Events are kept without secrets, addresses or words that are not on the list."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.storage.audit import AuditStore, Happening
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import audit_events

MACS = Macs(
    KeyRing.from_settings(
        SecretStr(base64.b64encode(hashlib.sha256(b"test").digest()).decode()), None
    )
)


async def events(connection: AsyncConnection) -> list[dict[str, Any]]:
    rows = await connection.execute(select(audit_events))
    return [dict(row) for row in rows.mappings()]


async def test_an_event_is_kept_and_told(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = AuditStore(database, MACS)
    about: Happening = {"instance": "default", "client_id": "c", "grant_id": "g", "ip": "192.0.2.7"}
    about |= {"generation": 3, "reason": "rotated"}
    await audit.record("token.reused", "denied", **about)
    (event,) = await database.read(events)
    assert event.pop("ip_mac") == MACS.ip("192.0.2.7")
    assert json.loads(event.pop("detail")) == {"generation": 3, "reason": "rotated"}
    assert len(event.pop("id")) == 32
    assert event.pop("at") > 1_700_000_000_000
    assert event == {
        "type": "token.reused",
        "outcome": "denied",
        "instance_id": "default",
        "client_id": "c",
        "grant_id": "g",
    }
    told = "".join(capsys.readouterr())
    assert "token.reused" in told
    assert "192.0.2.7" not in told


async def test_an_event_within_a_transaction_goes_with_it(database: Database) -> None:
    audit = AuditStore(database)

    async def work(connection: AsyncConnection) -> None:
        await audit.insert(connection, "key.rotated", "success", kid="k2")
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(work)
    assert await database.read(events) == []


@pytest.mark.requirement("T-127")
async def test_a_detail_that_is_not_on_the_list_is_not_kept(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown: dict[str, Any] = {"password": "hunter2"}
    with pytest.raises(ValueError, match="password"):
        await AuditStore(database, strict=True).record("login.failed", "denied", **unknown)
    await AuditStore(database).record("login.failed", "denied", attempts=2, **unknown)
    (event,) = await database.read(events)
    assert event["detail"] == '{"attempts": 2}'
    told = "".join(capsys.readouterr())
    assert "audit.unknown_detail" in told
    assert "hunter2" not in told


async def test_an_unknown_type_is_not_kept(database: Database) -> None:
    unknown: Any = "login.maybe"
    with pytest.raises(ValueError, match=r"login\.maybe"):
        await AuditStore(database, strict=True).record(unknown, "denied")
    await AuditStore(database).record(unknown, "denied")
    assert await database.read(events) == []


async def test_without_a_database_an_event_is_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(f"sqlite:///{tmp_path}/no/such/folder.db")
    await AuditStore(database).record("login.unavailable", "failure", reason="timeout")
    told = "".join(capsys.readouterr())
    assert "login.unavailable" in told
    assert "audit.lost" in told
    await database.aclose()
