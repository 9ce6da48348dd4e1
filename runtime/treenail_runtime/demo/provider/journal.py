"""What the provider was asked, so that a test can say "exactly once" and "never that token"."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        endpoint: Its name in `Mode.paths`.
        form: Parameters of query and body.
    """

    endpoint: str
    method: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Journal:
    """The latest requests, in the order of their arrival, also those that got no answer."""

    entries: deque[Asked] = field(default_factory=lambda: deque[Asked](maxlen=_MOST))
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, asked: Asked) -> None:
        """Write one down, and wake who waits for it."""
        self.entries.append(asked)
        async with self._grown:
            self._grown.notify_all()

    def of(self, endpoint: str, *, grant_type: str = "") -> list[Asked]:
        """What one endpoint was asked, perhaps for one kind of grant."""
        return [
            asked
            for asked in self.entries
            if asked.endpoint == endpoint
            and (not grant_type or asked.form.get("grant_type") == grant_type)
        ]

    async def reaches(self, count: int, endpoint: str) -> None:
        """Wait until `endpoint` was asked so often."""
        async with self._grown:
            await self._grown.wait_for(lambda: len(self.of(endpoint)) >= count)
