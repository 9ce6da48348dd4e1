"""Has the upstream forget what a deleted instance held, beside whoever deleted it.

The database holds none of it any more, so it is tried for a minute, and told if nothing came of it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from treenail_runtime.auth.instances import EndedInstance, UpstreamTokens
from treenail_runtime.providers import ProviderError
from treenail_runtime.storage.audit import AuditStore

from .ports import Revoker

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

PAUSES_S: Final = (1.0, 5.0, 15.0, 40.0)
"""Before each further attempt."""

_FAREWELL_S: Final = 5.0


class Revocations:
    """Runs them, one task for each instance.

    Args:
        clients: Talks to the providers.
        audit: Is told what came of it.
        pauses_s: Before each further attempt.
    """

    def __init__(
        self, clients: Revoker, audit: AuditStore, pauses_s: Sequence[float] = PAUSES_S
    ) -> None:
        self._clients = clients
        self._audit = audit
        self._pauses_s = pauses_s
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, ended: EndedInstance) -> None:
        """Revoke what an instance held."""
        if not ended.tokens:
            return
        task = asyncio.create_task(self._revoke_all(ended))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for those that are running."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def aclose(self) -> None:
        """Give those that are running a moment, and leave the others."""
        running = list(self._running)
        if running:
            await asyncio.wait(running, timeout=_FAREWELL_S)
        for task in running:
            if not task.done():
                log.warning("tokens.not_revoked", reason="the server stops")
                task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _revoke_all(self, ended: EndedInstance) -> None:
        revoked = [await self._revoke(ended, tokens) for tokens in ended.tokens]
        for outcome, count in (("revoked", sum(revoked)), ("left", revoked.count(False))):
            if count:
                await self._audit.record(
                    "tokens.revoked", outcome, instance=ended.record.id, count=count
                )

    async def _revoke(self, ended: EndedInstance, tokens: UpstreamTokens) -> bool:
        """Whether the provider has forgotten these."""
        for pause_s in (*self._pauses_s, None):
            try:
                return await self._clients.revoke(ended.record.service, ended.settings, tokens)
            except ProviderError as error:
                log.warning("tokens.not_revoked", reason=str(error), instance=ended.record.id)
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        return False
