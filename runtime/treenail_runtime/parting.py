"""How a server leaves what is still running when it ends."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

_TIDY_S: Final = 5.0
"""So long may take what a task does once it is cancelled, such as giving tokens back."""


async def part(
    running: Collection["asyncio.Task[Any]"], *, patience_s: float, tidy_s: float = _TIDY_S
) -> int:
    """Let tasks finish for so many seconds, then end them; how many had to be ended.

    What their end takes is waited for as well, and not for ever: a server that takes longer than
    its supervisor allows is killed.

    Args:
        running: The tasks.
        patience_s: So long they may go on.
        tidy_s: So long they may take to end.
    """
    if not running:
        return 0
    _, late = await asyncio.wait([*running], timeout=patience_s)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=tidy_s)
    return len(late)
