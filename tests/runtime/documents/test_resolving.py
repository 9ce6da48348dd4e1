"""Look-ups beside the event loop."""

import asyncio
import socket
import threading
from collections.abc import Sequence

import pytest

from treenail_runtime.documents.resolving import SystemResolver


async def test_addresses_of_a_name_are_found() -> None:
    assert "127.0.0.1" in await SystemResolver()("localhost", 443)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".invalid", "a..b"])
async def test_a_name_without_addresses_is_an_error(host: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011  # each system has words of its own
        await SystemResolver()(host, 443)


@pytest.mark.requirement("T-040", "T-148")
async def test_look_ups_that_hang_start_no_further_threads() -> None:
    ending = threading.Event()
    hanging: list[str] = []

    def hang(host: str, _: int) -> Sequence[str]:
        hanging.append(host)
        ending.wait(20)
        return ["192.0.2.1"]

    resolver = SystemResolver(at_once=2, look_up=hang)
    names = [f"a.h{number}.test" for number in range(50)]
    waiting = [asyncio.create_task(resolver(name, 443)) for name in names]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.shield(waiting[0])
    for task in waiting[:40]:
        task.cancel()
    await asyncio.sleep(0)

    assert hanging == names[:2]
    ending.set()
    assert await asyncio.gather(*waiting[40:]) == [["192.0.2.1"]] * 10


@pytest.mark.requirement("T-040", "T-148")
async def test_names_of_one_site_that_hang_leave_room_for_others() -> None:
    ending = threading.Event()
    hanging: list[str] = []

    def look_up(host: str, _: int) -> Sequence[str]:
        if host.endswith("evil.test"):
            hanging.append(host)
            ending.wait(20)
        return ["192.0.2.1"]

    resolver = SystemResolver(look_up=look_up)
    names = ["evil.test", "EVIL.test.", *(f"h{number}.evil.test" for number in range(50))]
    waiting = [asyncio.create_task(resolver(name, 443)) for name in names]
    async with asyncio.timeout(5):
        found = await asyncio.gather(
            *(resolver(f"n{each}.good{each}.test", 443) for each in range(40))
        )

    assert found == [["192.0.2.1"]] * 40
    assert len(hanging) == 2
    for task in waiting[2:]:
        task.cancel()
    ending.set()
    assert await asyncio.gather(*waiting[:2]) == [["192.0.2.1"]] * 2
    assert await resolver("last.evil.test", 443) == ["192.0.2.1"]


async def test_a_failure_is_told_to_whoever_waits() -> None:
    def fail(*_: object) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    with pytest.raises(socket.gaierror):
        await SystemResolver(look_up=fail)("h.test", 443)
