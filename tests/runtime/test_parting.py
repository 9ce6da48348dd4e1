"""What is running when a server ends is waited for, ended, and never waited for without end."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from treenail_runtime.parting import part


async def begun(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    return task


async def test_what_finishes_in_time_is_not_ended() -> None:
    task = await begun(asyncio.sleep(0.01))

    assert await part([task], patience_s=10) == 0
    assert task.done()
    assert not task.cancelled()


@pytest.mark.requirement("S4-26")
async def test_what_takes_long_is_ended_and_may_tidy_up() -> None:
    tidied = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.01)
            tidied.set()

    task = await begun(endless())

    assert await part([task], patience_s=0) == 1
    assert tidied.is_set()


async def test_nothing_is_waited_for_that_does_not_end_either_way() -> None:
    over = asyncio.Event()

    async def stubborn() -> None:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    task = await begun(stubborn())

    assert await part([task], patience_s=0, tidy_s=0.01) == 1
    assert not task.done()
    over.set()
    await task
