"""What a deleted instance held is given back upstream, as well as can be."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.administration import Revocations
from treenail_runtime.auth.instances import (
    EndedInstance,
    InstanceRecord,
    InstanceSettings,
    Slug,
    UpstreamTokens,
)
from treenail_runtime.providers import ProviderUnavailable
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.schema import upgrade
from treenail_runtime.storage.tables import audit_events

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORD = InstanceRecord(
    id="i1",
    slug=Slug("acme"),
    service="sample",
    title="Acme",
    owner="ann",
    status="active",
    credentials="instance",
    version=1,
    access_key=None,
    created_at=NOON,
    changed_at=NOON,
    pending_since=None,
    last_error=None,
)


class Provider:
    """Answers in turn: yes, no, or not at all."""

    def __init__(self, *answers: bool | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def revoke(
        self, service: str, settings: InstanceSettings | None, tokens: UpstreamTokens
    ) -> bool:
        assert (service, settings) == ("sample", None)
        self.asked.append(tokens.connection_id)
        answer = self.answers.pop(0)
        if answer is None:
            raise ProviderUnavailable("503")
        return answer


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/audit.db")
    await upgrade(opened)
    yield opened
    await opened.aclose()


def ended(*connections: str) -> EndedInstance:
    tokens = tuple(
        UpstreamTokens(
            connection_id=each,
            instance_id="i1",
            access=SecretStr("a"),
            refresh=None,
            issuer="https://provider.test",
            scopes=None,
            version=1,
            expires_at=None,
            left_s=None,
            attempts=0,
            retry_after_s=0,
            last_error=None,
            refreshed_at=NOON,
        )
        for each in connections
    )
    return EndedInstance(record=RECORD, settings=None, tokens=tokens, grants=0, connections=1)


async def told(database: Database) -> Sequence[Any]:
    found = select(audit_events.c.outcome, audit_events.c.instance_id, audit_events.c.detail)

    async def work(connection: AsyncConnection) -> Sequence[Any]:
        return [tuple(row) for row in (await connection.execute(found)).all()]

    return await database.read(work)


@pytest.mark.requirement("S2-37")
async def test_a_provider_that_is_away_is_asked_again_and_the_audit_tells_the_end(
    database: Database,
) -> None:
    provider = Provider(None, None, True, True)
    revocations = Revocations(provider, AuditStore(database), pauses_s=(0, 0))
    revocations.begin(ended("c1", "c2"))
    await revocations.finish()

    assert provider.asked == ["c1", "c1", "c1", "c2"]
    assert await told(database) == [("revoked", "i1", '{"count": 2}')]


async def test_what_the_provider_does_not_take_back_in_time_is_told(database: Database) -> None:
    provider = Provider(None, None, False, True)
    revocations = Revocations(provider, AuditStore(database), pauses_s=(0,))
    revocations.begin(ended("c1", "c2", "c3"))
    await revocations.finish()

    assert provider.asked == ["c1", "c1", "c2", "c3"]
    assert sorted(await told(database)) == [
        ("left", "i1", '{"count": 2}'),
        ("revoked", "i1", '{"count": 1}'),
    ]


async def test_an_instance_without_tokens_leaves_nothing_to_be_told(database: Database) -> None:
    revocations = Revocations(Provider(), AuditStore(database))
    revocations.begin(ended())
    await revocations.finish()
    await revocations.aclose()

    assert await told(database) == []
