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
    before = threading.active_count()
    ending = threading.Event()

    def hang(*_: object) -> Sequence[str]:
        ending.wait(20)
        return ["192.0.2.1"]

    resolver = SystemResolver(at_once=2, look_up=hang)
    waiting = [asyncio.create_task(resolver(f"h{number}.test", 443)) for number in range(50)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.shield(waiting[0])
    for task in waiting[:40]:
        task.cancel()
    await asyncio.sleep(0)

    assert threading.active_count() - before == 2
    ending.set()
    assert await asyncio.gather(*waiting[40:]) == [["192.0.2.1"]] * 10


async def test_a_failure_is_told_to_whoever_waits() -> None:
    def fail(*_: object) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    with pytest.raises(socket.gaierror):
        await SystemResolver(look_up=fail)("h.test", 443)
