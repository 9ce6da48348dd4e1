"""A worker that is killed while it has tokens taken back leaves them to the others."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass, field

import pytest

from tests.support.authorizing import SECRET
from tests.support.databases import travel
from tests.support.tenants import at, joined, revocation_store, texts_of
from treenail_runtime.auth.instances import OwedRevocation
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import credentials, revocations
from treenail_runtime.upkeep import Revocations

WORKER = """
import asyncio, os, signal, sys

from pydantic import SecretStr
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.revocations import RevocationStore
from treenail_runtime.upkeep.revocations import Revocations

class Provider:
    async def revoke(self, owed):
        print(owed.access.get_secret_value(), file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

async def main(url, secret):
    ring = KeyRing.from_settings(SecretStr(secret), None)
    store = RevocationStore(Database(url), Sealer(ring))
    await Revocations(store, Provider()).work_off()

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass
class Provider:
    """Forgets everything."""

    asked: list[str] = field(default_factory=list[str])

    async def revoke(self, owed: OwedRevocation) -> bool:
        self.asked.append(owed.access.get_secret_value())
        return True


async def asked_of_a_killed_worker(url: str) -> str:
    """What a worker had a provider forget before it could note that."""
    arguments = (sys.executable, "-c", WORKER, url, SECRET)
    worker = await asyncio.create_subprocess_exec(*arguments, stdout=DEVNULL, stderr=PIPE)
    _, told = await worker.communicate()
    assert worker.returncode == -9
    return told.decode().strip()


# A process that imports this much takes seconds: one, where workers are many.
@pytest.mark.requirement("UP-OWED")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_a_killed_worker_could_not_note_another_gives_back_again(
    database: Database, database_url: str
) -> None:
    member = await joined(database, "default")
    token = f"access-canary-{member.connection_id}"
    await at(database, "default").revoke(member.tokens.refresh)
    await travel(database, 120)
    await Cleanup(database).run()
    provider = Provider()
    others = Revocations(revocation_store(database), provider)

    assert await asked_of_a_killed_worker(database_url) == token
    assert await texts_of(database, credentials) == ""
    assert await others.work_off() == 0
    await travel(database, 61)

    assert await others.work_off() == 1
    assert provider.asked == [token]
    assert await texts_of(database, revocations) == ""
