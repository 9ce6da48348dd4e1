"""Which answers belong to whom, and when they are given up."""

from functools import partial
from typing import Final

from treenail_runtime.auth.records import Instance, Principal
from treenail_runtime.contract import Connector
from treenail_runtime.storage.connections import ConnectionStore
from treenail_runtime.upstream import AnswerCache, Owner, Reuse

from .upstreams import Upstreams
from .writes import Writes

SWEEP_S: Final = 30.0
"""Between two looks for answers that are over, or whose connection is."""


class Reuses:
    """Gives principals what their connections were answered before.

    Args:
        upstreams: Holds the answers.
        connections: Knows which of them have ended.
        writes: Told of what is written through them: other workers see the count at their next
            request, and take nothing from before it.
    """

    def __init__(self, upstreams: Upstreams, connections: ConnectionStore, writes: Writes) -> None:
        self._upstreams = upstreams
        self._connections = connections
        self._writes = writes

    def of(self, connector: Connector, instance: Instance, principal: Principal) -> Reuse | None:
        """What `principal` was answered; None where nothing is held."""
        version = f"{principal.fingerprint} {instance.version} {principal.writes}"
        owner = Owner(instance.id, principal.connection_id, version)
        tell = partial(self._writes.note, principal.connection_id)
        return self._upstreams.reuse(connector, owner, tell)

    async def drop_ended(self, answers: AnswerCache) -> int:
        """Hold nothing of connections that have ended; how much was held.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        held = answers.connections
        if not held:
            return 0
        return answers.forget_connections(held - await self._connections.active(held))
