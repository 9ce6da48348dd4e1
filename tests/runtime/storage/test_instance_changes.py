"""Other settings of an instance, and what ends with those before, on both databases."""

import asyncio
from dataclasses import replace

import pytest

from tests.support.tenants import (
    RING,
    SETTINGS,
    holdings,
    instance_store,
    joined,
    made,
    revocation_store,
)
from treenail_runtime.auth.instances import (
    EndedByChange,
    InstanceSettings,
    ended_by,
)
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instance_changes import Alteration, InstanceChanges

MOVED = replace(SETTINGS, region="us")


def changes(database: Database) -> InstanceChanges:
    return InstanceChanges(database, Sealer(RING), Macs(RING))


def to(version: int, ends: EndedByChange | None = None, title: str = "Other") -> Alteration:
    return Alteration(
        version=version,
        service="phorest",
        before=SETTINGS,
        title=title,
        settings=MOVED,
        account=None,
        ends=ends or EndedByChange(),
    )


@pytest.mark.requirement("CHANGE-INSTANCE")
@pytest.mark.parametrize(
    ("ends", "tokens", "left"),
    [
        (EndedByChange(), 0, {"oauth_connections": 1, "mcp_credentials": 1}),
        (EndedByChange(sessions=True), 0, {"oauth_connections": 1, "mcp_credentials": 1}),
        (EndedByChange(provider_logins=True), 1, {"oauth_connections": 1, "mcp_credentials": 0}),
        (EndedByChange(all_logins=True), 1, {"oauth_connections": 0, "mcp_credentials": 0}),
    ],
)
async def test_what_is_left_is_what_can_go_on(
    database: Database, ends: EndedByChange, tokens: int, left: dict[str, int]
) -> None:
    acme, bolt = await made(database), await made(database, "bolt")
    await joined(database, acme.id)
    await joined(database, bolt.id)
    neighbour = await holdings(database, bolt.id)

    done = await changes(database).alter(acme.id, to(acme.version, ends))
    held = await holdings(database, acme.id)
    stored = await instance_store(database).show(acme.id)

    assert done
    owed = await revocation_store(database).claim(10, 60)
    assert [(each.service, each.client) for each in owed] == [("phorest", SETTINGS.client)] * tokens
    assert {name: held[name] for name in left} == left
    assert await holdings(database, bolt.id) == neighbour
    assert stored is not None
    assert (stored.record.title, stored.record.version) == ("Other", acme.version + 1)
    assert stored.settings == MOVED


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_of_many_changes_at_once_to_one_version_one_is_made(database: Database) -> None:
    acme = await made(database)
    store = changes(database)

    done = await asyncio.gather(
        *(store.alter(acme.id, to(acme.version, title=f"T{number}")) for number in range(8))
    )

    assert sum(done) == 1
    stored = await instance_store(database).show(acme.id)
    assert stored is not None
    assert stored.record.version == acme.version + 1


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_nobody_changes_what_is_somebody_elses(database: Database) -> None:
    acme = await made(database, owner="ann")

    assert not await changes(database).alter(acme.id, to(acme.version), owner="bob")
    assert await changes(database).alter(acme.id, to(acme.version), owner="ann")


@pytest.mark.requirement("CHANGE-INSTANCE")
def test_only_what_depends_on_a_setting_ends_with_it() -> None:
    limited = replace(SETTINGS, limits={"mcp": "1/1m"})
    other_client = replace(SETTINGS, upstream_client_id="another")
    other_server = replace(SETTINGS, server_url=None)

    def ended(after: InstanceSettings, *, by_provider: bool = True) -> EndedByChange:
        return ended_by(SETTINGS, after, by_provider=by_provider)

    assert ended(limited) == EndedByChange()
    assert ended(MOVED) == EndedByChange(sessions=True)
    assert ended(other_client) == EndedByChange(provider_logins=True)
    assert ended(other_client, by_provider=False) == EndedByChange()
    assert ended(other_server) == EndedByChange(all_logins=True)
