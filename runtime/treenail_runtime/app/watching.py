"""Looks after the connectors while the server runs."""

import asyncio
from typing import Final

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.services import ServiceStore

from .registry import Registry

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

LOOK_SECONDS: Final = 1.0
"""Between two looks at the files: three of them for each connector, by name, time and size."""


class Watching:
    """Loads connectors again whose files were written."""

    def __init__(self, registry: Registry, every_s: float = LOOK_SECONDS) -> None:
        self._registry = registry
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._registry.reload()
            except Exception:
                # A folder that is not there for a moment must not end the watch.
                log.exception("connectors.not_watched")


class Recording:
    """Keeps in the database what became of each connector, for operators and other servers."""

    def __init__(self, registry: Registry, store: ServiceStore, instances: InstanceStore) -> None:
        self._registry = registry
        self._store = store
        self._instances = instances
        registry.on_news(self._record)

    async def start(self) -> None:
        """Tell all of them."""
        await self._record()

    async def stop(self) -> None:
        """Nothing to do: what was told stays."""

    async def _record(self) -> None:
        try:
            await self._store.register(self._registry.services())
            for slug in await self._instances.slugs_among(self._registry.connectors):
                # From before the connector was known: its path leads to the connector now.
                log.warning("connector.hides_instance", slug=slug)
        except StoreUnavailableError as error:
            log.warning("connectors.not_recorded", reason=str(error))
        except Exception:
            # The boundary: what is told of connectors must not keep them from being served.
            log.exception("connectors.not_recorded")
