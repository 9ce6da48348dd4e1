"""How the connectors are doing, for `/health`."""

from collections.abc import Mapping, Sequence

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.storage.services import ServiceStore


class ServiceHealth:
    """The connectors that are served, and what was last said of each.

    Attributes:
        connectors: Their names.
        kept: Where it is said; None where nothing is kept.
    """

    def __init__(self, connectors: Sequence[str]) -> None:
        self.connectors = connectors
        self.kept: ServiceStore | None = None

    async def told(self) -> Mapping[str, str]:
        """State by name; a connector of which nobody has said anything is healthy."""
        states: dict[str, str] = dict.fromkeys(self.connectors, "healthy")
        if self.kept is None:
            return states
        try:
            found = await self.kept.list()
        except StoreUnavailableError:
            return dict.fromkeys(self.connectors, "unhealthy")
        return states | {each.name: each.status for each in found if each.name in states}
