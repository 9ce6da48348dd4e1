"""Caches and connectors of all processes, as the admin API keeps them in order."""

from collections.abc import Sequence

from treenail_runtime.edge.admin.housekeeping import Cleared, Reloaded
from treenail_runtime.measures import CacheFigures

from .caches import Caches
from .invalidating import Announcer, Obedience
from .messages import Message
from .registry import Registry


class CommonHousekeeping:
    """The `Housekeeping` of the admin API: does it here, and tells the other processes.

    Args:
        caches: Of this process.
        registry: Of this process.
        announcer: Tells the others.
        obedience: Does here what the others are told.
        own: Names this process.
    """

    def __init__(
        self,
        caches: Caches,
        registry: Registry,
        announcer: Announcer,
        obedience: Obedience,
        own: str,
    ) -> None:
        self.worker = own
        self._caches = caches
        self._registry = registry
        self._announcer = announcer
        self._obedience = obedience

    def figures(self) -> Sequence[CacheFigures]:
        """How the caches of this process are doing."""
        return self._caches.figures()

    async def clear(self) -> Cleared:
        """Have everything read again."""
        return await self._clear(Message("all"))

    async def clear_instance(self, instance_id: str) -> Cleared:
        """The same of an instance."""
        return await self._clear(Message("instance", instance_id))

    async def clear_service(self, service: str) -> Cleared:
        """The same of all instances of a connector."""
        return await self._clear(Message("service", service))

    def knows(self, service: str) -> bool:
        """Whether there is a connector of that name."""
        return self._registry.knows(service)

    async def reload(self, service: str | None) -> Reloaded:
        """Load what has changed; with a `service` this connector alone, changed or not."""
        loaded = await self._registry.reload(service)
        message = Message("connectors", service or "", self.worker)
        return Reloaded(loaded, await self._announcer.send(message))

    async def _clear(self, message: Message) -> Cleared:
        entries = self._obedience.forget(message)
        return Cleared(entries, await self._announcer.send(message))
