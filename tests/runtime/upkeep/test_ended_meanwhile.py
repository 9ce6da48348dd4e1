"""Logins that end, or begin anew, while the provider is asked for new tokens of theirs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.tenants import ISSUER, RING, at, credential_store, obtained
from treenail_runtime.auth.instances import ObtainedTokens, Served, UpstreamTokens
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.revocations import RevocationStore
from treenail_runtime.storage.tables import credentials
from treenail_runtime.upkeep import TokenKeeper, refresh_due


@dataclass
class Late:
    """A provider whose answer comes after `meanwhile`."""

    meanwhile: Callable[[], Awaitable[object]]
    ends_all: bool = False

    def served(self) -> Sequence[Served]:
        return [Served(service="phorest", instance_ids=frozenset({"default"}), issuer=ISSUER)]

    async def serves(self, tokens: UpstreamTokens) -> bool:
        return tokens.issuer == ISSUER

    async def refresh(self, tokens: UpstreamTokens) -> ObtainedTokens:
        assert tokens.issuer == ISSUER
        await self.meanwhile()
        return obtained("late", ends_all=self.ends_all)


async def _owed_after(
    database: Database, end: Callable[[str], Awaitable[object]], *, ends_all: bool = False
) -> list[str]:
    """The access tokens that the provider is to forget, after a refresh that `end` overtook."""
    owner = (await at(database, "default").code()).connection_id
    store = credential_store(database)
    await store.put(owner, obtained(expires_in_s=3600))
    await travel(database, 3500)
    keeper = TokenKeeper(store, Late(lambda: end(owner), ends_all), owner="w")
    assert await refresh_due(store, keeper) == 1
    owed = await RevocationStore(database, Sealer(RING)).claim(10, 60)
    return sorted(each.access.get_secret_value() for each in owed if each.access)


@pytest.mark.requirement("S2-29", "T-111")
@pytest.mark.parametrize("ends_all", [False, True])
async def test_tokens_that_come_after_the_end_of_their_login_are_given_back(
    database: Database, *, ends_all: bool
) -> None:
    """Unless they end all logins of their person: those of before ended them, or another goes on."""
    over = update(credentials).values(ended_at=now_ms)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(over)

    async def end(_: str) -> None:
        await database.write(work)
        await RevocationStore(database, Sealer(RING)).take_ended(10)

    before = obtained(expires_in_s=3600).access.get_secret_value()
    late = [] if ends_all else [obtained("late").access.get_secret_value()]
    assert await _owed_after(database, end, ends_all=ends_all) == sorted([before, *late])


@pytest.mark.requirement("S2-29")
async def test_tokens_that_a_new_login_has_overtaken_are_not_taken_back(database: Database) -> None:
    """Some providers end everything of a person when one token is taken back."""

    async def log_in(owner: str) -> None:
        await credential_store(database).put(owner, obtained("newer"))

    assert await _owed_after(database, log_in) == []
