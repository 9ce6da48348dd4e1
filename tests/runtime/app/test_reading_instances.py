"""How often the database is asked for an instance, and who waits for whom."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.sample import CONNECTOR
from treenail_runtime.app.directory import Directory
from treenail_runtime.app.instances import make_instances
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import InstanceRecord, Slug, StoredInstance
from treenail_runtime.auth.records import InstanceSettings

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACME = StoredInstance(
    InstanceRecord(
        id="i1",
        slug=Slug("acme"),
        service="sample",
        title="Acme",
        owner="ann",
        status="active",
        credentials="person",
        version=1,
        access_key=None,
        created_at=NOON,
        changed_at=NOON,
        pending_since=None,
        last_error=None,
    ),
    InstanceSettings(),
)


class Rows:
    """Answers when it is let.

    Attributes:
        asked: For what, in order.
        slow: What is answered only when `open` is set.
    """

    def __init__(self) -> None:
        self.kept = {"acme": ACME}
        self.asked: list[str] = []
        self.slow: set[str] = set()
        self.open = asyncio.Event()
        self.is_away = False

    async def find(self, slug: str) -> StoredInstance | None:
        self.asked.append(slug)
        found = self.kept.get(slug)
        if slug in self.slow:
            await self.open.wait()
        if self.is_away:
            raise StoreUnavailableError
        return found

    async def find_id(self, instance_id: str) -> StoredInstance | None:
        self.asked.append(instance_id)
        return next((each for each in self.kept.values() if each.record.id == instance_id), None)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(rows: Rows, clock: Clock) -> Directory:
    base_url = "https://mcp.test"
    configured = make_instances([CONNECTOR], base_url)
    connectors = {"sample": CONNECTOR}
    return Directory(configured, connectors, rows, base_url, believed_s=5, stopwatch=clock)


async def begun() -> None:
    """Let those who were started come as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.requirement("S2-23")
async def test_many_who_need_an_instance_at_once_ask_once_in_its_lifetime(
    directory: Directory, rows: Rows, clock: Clock
) -> None:
    seen: set[int] = set()
    for _ in range(3):
        found = await asyncio.gather(*(directory.find("acme") for _ in range(50)))
        assert {each.id for each in found if each} == {"i1"}
        seen |= {id(each) for each in found}
        await directory.by_id("i1")
        clock.now += 6

    assert rows.asked == ["acme"] * 3
    assert len(seen) == 1


@pytest.mark.requirement("S2-23")
async def test_nobody_waits_for_what_somebody_else_needs(directory: Directory, rows: Rows) -> None:
    rows.slow = {"slow", "slower"}
    waiting = [asyncio.create_task(directory.find(each)) for each in ("slow", "slower", "slow")]
    await begun()

    assert await directory.find("acme") is not None
    assert rows.asked == ["slow", "slower", "acme"]
    rows.open.set()
    assert await asyncio.gather(*waiting) == [None, None, None]


@pytest.mark.requirement("S2-23")
async def test_who_goes_away_takes_nothing_along(directory: Directory, rows: Rows) -> None:
    rows.slow = {"acme"}
    first, second = (asyncio.create_task(directory.find("acme")) for _ in range(2))
    await begun()
    first.cancel()
    await begun()
    rows.open.set()

    assert (await second) is not None
    assert rows.asked == ["acme"]


@pytest.mark.requirement("S2-23", "T-117")
async def test_what_was_read_before_a_change_is_not_kept(directory: Directory, rows: Rows) -> None:
    rows.slow = {"acme"}
    before = asyncio.create_task(directory.find("acme"))
    await begun()
    rows.kept["acme"] = replace(ACME, record=replace(ACME.record, version=2))
    directory.forget("i1")
    after = asyncio.create_task(directory.find("acme"))
    await begun()
    rows.open.set()

    assert [each.version for each in await asyncio.gather(before, after) if each] == [1, 2]
    again = await directory.find("acme")
    assert again is not None
    assert (again.version, rows.asked) == (2, ["acme", "acme"])


@pytest.mark.requirement("S2-23")
async def test_an_instance_that_is_gone_is_asked_for_once_in_a_lifetime(
    directory: Directory, rows: Rows, clock: Clock
) -> None:
    assert await directory.find("acme") is not None
    rows.kept.clear()
    clock.now += 6
    found = [await directory.find("acme") for _ in range(10)]

    assert found == [None] * 10
    assert rows.asked == ["acme"] * 2


async def test_a_database_that_is_away_is_told_to_all_and_asked_again(
    directory: Directory, rows: Rows
) -> None:
    rows.is_away = True
    told = await asyncio.gather(*(directory.find("acme") for _ in range(3)), return_exceptions=True)
    rows.is_away = False

    assert [type(each) for each in told] == [StoreUnavailableError] * 3
    assert await directory.find("acme") is not None
    assert rows.asked == ["acme"] * 2
