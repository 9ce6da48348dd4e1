"""Tokens that are over soon, of many connections: all of them in one round, whatever stands before them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.databases import travel
from tests.support.tenants import ISSUER, at, credential_store, obtained
from treenail_runtime.auth.instances import ObtainedTokens, Served, UpstreamTokens
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import credentials
from treenail_runtime.upkeep import TokenKeeper, refresh_due


@dataclass
class Generous:
    """A provider that gives tokens to everybody; `asked` are the connections in order."""

    asked: list[str] = field(default_factory=list[str])

    def served(self) -> Sequence[Served]:
        return [Served(service="phorest", instance_ids=frozenset({"default"}), issuer=ISSUER)]

    async def serves(self, tokens: UpstreamTokens) -> bool:
        return tokens.issuer == ISSUER

    async def refresh(self, tokens: UpstreamTokens) -> ObtainedTokens:
        self.asked.append(tokens.connection_id)
        await asyncio.sleep(0)
        return obtained("new")


async def connected(database: Database, count: int, expires_in_s: int) -> list[str]:
    owners = [(await at(database, "default").code()).connection_id for _ in range(count)]
    for owner in owners:
        await credential_store(database).put(owner, obtained(expires_in_s=expires_in_s))
    return owners


@pytest.mark.requirement("S2-20")
async def test_more_than_a_query_brings_are_refreshed_in_one_round(database: Database) -> None:
    owners, provider = await connected(database, 130, 3600), Generous()
    await travel(database, 3500)
    store = credential_store(database)

    count = await refresh_due(store, TokenKeeper(store, provider, owner="w"))

    assert count == 130
    assert sorted(provider.asked) == sorted(owners)


@pytest.mark.requirement("S2-20", "LEASE")
async def test_two_workers_share_a_round_and_ask_for_each_connection_once(
    database: Database, database_url: str
) -> None:
    owners, provider, other = (
        await connected(database, 40, 3600),
        Generous(),
        Database(database_url),
    )
    await travel(database, 3500)
    stores = [credential_store(database), credential_store(other)]

    await asyncio.gather(
        *(
            refresh_due(store, TokenKeeper(store, provider, owner=f"w{number}"))
            for number, store in enumerate(stores)
        )
    )
    await other.aclose()

    assert sorted(provider.asked) == sorted(owners)


@pytest.mark.requirement("S2-20")
async def test_tokens_that_cannot_be_read_do_not_keep_others_from_being_refreshed(
    database: Database,
) -> None:
    broken = await connected(database, 100, 3600)
    (good,), provider = await connected(database, 1, 3601), Generous()
    await travel(database, 3500)
    unreadable = update(credentials).where(credentials.c.connection_id.in_(broken))

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(unreadable.values(access="x", refresh="x"))

    await database.write(work)
    store = credential_store(database)
    keeper = TokenKeeper(store, provider, owner="w")

    await refresh_due(store, keeper)
    again = await refresh_due(store, keeper)

    assert (provider.asked, again) == ([good], 0)
