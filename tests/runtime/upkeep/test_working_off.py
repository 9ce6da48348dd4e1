"""What is owed to providers is worked off in one pass, whoever of them is away."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.tenants import ISSUER, RING, obtained, revocation_store
from treenail_runtime.auth.instances import OwedRevocation
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.providers import ProviderError, ProviderRefused, ProviderUnavailable
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.tables import connections, credentials
from treenail_runtime.storage.token_rows import SealedTokens
from treenail_runtime.upkeep import Revocations

AWAY = "https://away.test"


@dataclass
class Providers:
    """That of `AWAY` does not answer; `refused` are instances whose client is refused."""

    refused: Collection[str] = ()
    failed: list[str] = field(default_factory=list[str])
    forgotten: list[str] = field(default_factory=list[str])

    async def revoke(self, owed: OwedRevocation) -> bool:
        error: ProviderError | None = None
        if owed.issuer == AWAY:
            error = ProviderUnavailable("no answer in time")
        elif owed.instance_id in self.refused:
            error = ProviderRefused("invalid_client")
        if error is not None:
            self.failed.append(owed.instance_id)
            raise error
        self.forgotten.append(owed.instance_id)
        return True


async def owing(
    database: Database, instance_id: str, count: int = 1, *, issuer: str = ISSUER
) -> None:
    for number in range(count):
        tokens = obtained(f"{instance_id}{number}", issuer=issuer)
        await revocation_store(database).add(instance_id, "sample", tokens)


async def ended(database: Database, count: int) -> None:
    """Logins that ended together, as when all of an instance are ended."""
    names = [f"c{number}" for number in range(count)]
    common = {"instance_id": "default", "config": "", "kid": "", "fingerprint": "f"}
    times = {"status": "deleted", "created_at": 1, "last_used_at": 1}
    over = {"instance_id": "default", "version": 1, "ended_at": now_ms}

    async def work(connection: AsyncConnection) -> None:
        rows = [common | times | {"id": name, "subject": name} for name in names]
        await connection.execute(insert(connections), rows)
        for name in names:
            sealed = SealedTokens.of(Sealer(RING), name, obtained(name)).values()
            row = {**sealed, **over, "connection_id": name}
            await connection.execute(insert(credentials).values(row))

    await database.write(work)


@pytest.mark.requirement("UP-OWED")
async def test_nobody_waits_for_a_provider_that_is_away(database: Database) -> None:
    await owing(database, "acme", 20, issuer=AWAY)
    await owing(database, "bolt")
    providers = Providers()

    count = await Revocations(revocation_store(database), providers).work_off()

    assert providers.forgotten == ["bolt"]
    assert len(providers.failed) == 8
    assert count == 9


@pytest.mark.requirement("UP-OWED")
async def test_nobody_waits_for_an_instance_whose_client_is_refused(database: Database) -> None:
    await owing(database, "acme", 20)
    await owing(database, "bolt")
    providers = Providers(refused=["acme"])

    await Revocations(revocation_store(database), providers).work_off()

    assert providers.forgotten == ["bolt"]
    assert len(providers.failed) == 8


@pytest.mark.requirement("UP-OWED")
async def test_all_logins_that_ended_together_are_worked_off_in_one_pass(
    database: Database,
) -> None:
    await ended(database, 120)
    providers = Providers()

    count = await Revocations(revocation_store(database), providers).work_off()

    assert count == len(providers.forgotten) == 120
