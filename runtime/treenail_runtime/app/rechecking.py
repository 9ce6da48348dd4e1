"""Notices that an upstream no longer takes a connection's credentials, and has its owner reconnect.

Without it, tools would fail until the login ends, and nobody would be asked for the new password.
One refusal is no proof: a person may lack the right to one thing. The connector's check decides.
"""

import asyncio
from typing import Final

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.login import Denied
from treenail_runtime.auth.records import Instance, Principal
from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.parting import part
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.connections import ConnectionStore
from treenail_runtime.upkeep import Seldom
from treenail_runtime.upstream import CredentialSource, Refused

from .checking import Checker

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_TIMES: Final = 1
"""So often in a minute one connection is checked."""

_FAREWELL_SECONDS: Final = 2.0
"""So long checks may take that run when the server ends."""


class Rechecks:
    """Follows up what upstreams refuse, beside the calls that were refused."""

    def __init__(
        self,
        checker: Checker,
        connections: ConnectionStore,
        audit: AuditStore,
        *,
        clock: Stopwatch = monotonic,
    ) -> None:
        self._checker = checker
        self._connections = connections
        self._audit = audit
        self._often = Seldom(_TIMES, clock)
        self._running: dict[str, asyncio.Task[None]] = {}

    def watch(
        self, instance: Instance, principal: Principal, source: CredentialSource | None
    ) -> Refused:
        """What is to be told of each call of `principal` that the upstream refuses.

        Args:
            instance: Where it calls.
            principal: Who.
            source: Of its credentials; None for those that its connection's values make.
        """

        def refused(status: int) -> None:
            if self._checker.is_denial(instance, status) and self._is_due(principal.connection_id):
                self._start(instance, principal, source)

        return refused

    async def aclose(self) -> None:
        """Let checks finish that are under way, and leave those that take long."""
        await part(self._running.values(), patience_s=_FAREWELL_SECONDS)

    def _is_due(self, connection_id: str) -> bool:
        return connection_id not in self._running and self._often.allows(connection_id)

    def _start(
        self, instance: Instance, principal: Principal, source: CredentialSource | None
    ) -> None:
        connection_id = principal.connection_id
        task = asyncio.create_task(self._confirm(instance, principal, source))
        self._running[connection_id] = task
        task.add_done_callback(lambda _: self._running.pop(connection_id, None))

    async def _confirm(
        self, instance: Instance, principal: Principal, source: CredentialSource | None
    ) -> None:
        judgement = await self._checker.check_with(instance, principal.config, source)
        if isinstance(judgement, Denied):
            await self.mark(instance, principal)

    async def mark(self, instance: Instance, principal: Principal) -> None:
        """Have the owner of a connection that is refused connect again; never fails."""
        try:
            changed = await self._connections.mark_reauth(
                principal.connection_id, principal.fingerprint
            )
        except StoreUnavailableError as error:
            log.warning("connection.not_marked", reason=str(error))
            return
        if changed:
            await self._audit.record(
                "connection.denied",
                "reauth",
                instance=instance.id,
                client_id=principal.client_id,
                grant_id=principal.grant_id,
            )
