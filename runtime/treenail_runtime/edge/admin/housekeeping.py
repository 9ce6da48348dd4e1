"""What an operator has a running server do, in all of its processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from treenail_runtime.measures import CacheFigures

Told: TypeAlias = Literal["all-servers", "this-server"]
"""Which processes were told: all by way of Redis, or those of the server that answers."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was forgotten.

    Attributes:
        entries: In the process that answers.
    """

    entries: int
    told: Told


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What was loaded.

    Attributes:
        loaded: The connectors that the process that answers serves anew.
    """

    loaded: Sequence[str]
    told: Told


class Housekeeping(Protocol):
    """Caches and connectors.

    Attributes:
        worker: Names the process that answers; another one at each start.
    """

    worker: str

    def figures(self) -> Sequence[CacheFigures]:
        """How the caches of this process are doing."""
        ...

    async def clear(self) -> Cleared:
        """Have everything read again."""
        ...

    async def clear_instance(self, instance_id: str) -> Cleared:
        """The same of an instance."""
        ...

    async def clear_service(self, service: str) -> Cleared:
        """The same of all instances of a connector."""
        ...

    def knows(self, service: str) -> bool:
        """Whether there is a connector of that name."""
        ...

    async def reload(self, service: str | None) -> Reloaded:
        """Load what has changed; with a `service` this connector alone, changed or not."""
        ...
