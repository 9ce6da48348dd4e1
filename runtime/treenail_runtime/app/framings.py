"""How the requests of each connector are answered just now."""

from collections.abc import Callable
from typing import TypeAlias

from treenail_runtime.contract import Connector
from treenail_runtime.edge.framings import Framing, SdkFraming

from .connecting import Offering
from .lifespan import Lifespan, ManagerTask

Make: TypeAlias = Callable[[Connector], tuple[Framing, ManagerTask | None]]
"""The framing of a connector, and what has to run for it."""


class Framings:
    """One for each connector, another one with each reload.

    Attributes:
        by_name: Those that take new requests. Live.
    """

    def __init__(self, make: Make, lifespan: Lifespan) -> None:
        self.by_name: dict[str, Framing] = {}
        self._make = make
        self._lifespan = lifespan
        self._managers: dict[str, ManagerTask] = {}

    def add(self, connector: Connector) -> None:
        """Have a connector's requests answered from the start."""
        self.by_name[connector.name], manager = self._make(connector)
        if manager is not None:
            self._managers[connector.name] = manager
            self._lifespan.add(manager)

    async def renew(self, offering: Offering) -> None:
        """Have new requests answered by what was loaded; those that run finish where they are."""
        name = offering.connector.name
        before, running = self.by_name.get(name), self._managers.get(name)
        made, manager = self._make(offering.connector)
        if manager is not None:
            await self._lifespan.join(manager)
            self._managers[name] = manager
        self.by_name[name] = made
        if isinstance(before, SdkFraming) and running is not None:
            before.retire(made, lambda: self._end(running))

    def _end(self, manager: ManagerTask) -> None:
        self._lifespan.leave(manager)
        manager.end()
