"""The connectors that a server offers: loaded at the start, and again when their files change.

Every part of the server reads the same mappings, so that a connector is exchanged in one place. A
call that runs keeps what it began with, and finishes on it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import structlog

from treenail_runtime.auth.instances import ServiceRecord, ServiceStatus
from treenail_runtime.contract import Connector
from treenail_runtime.loading import Found, find, names_in, printable, stamp
from treenail_runtime.loading.finding import Stamp
from treenail_runtime.providers import ProviderClient
from treenail_runtime.settings import ConfigurationError, Settings

from .connecting import Folder, Loaded, Offering

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Told: TypeAlias = Callable[[], Awaitable[None]]
Changed: TypeAlias = Callable[[Offering], Awaitable[None]]
Withdrawn: TypeAlias = Callable[[str], Awaitable[None]]
Trouble: TypeAlias = Callable[[str], str | None]
"""What is wrong with a connector's upstream just now; None when nothing is."""

_News = TypeVar("_News")

_GONE: Final = "its module is gone: it is not served until it is there again"
_STALE: Final = "what was loaded before is served, since its files cannot be: "


def open_registry(settings: Settings, environment: Mapping[str, str]) -> "Registry":
    """The registry of a server that is about to start.

    A connector that is named must be fit to be served. One that was only found in the folder is
    left out when it is not, and told.

    Raises:
        ConfigurationError: With the problems of all connectors at once: one that is named cannot be
            served, or none can.
    """
    folder = Folder(settings, environment)
    names = folder.names()
    if not names:
        raise ConfigurationError(f"{folder.directory}: there are no connectors")
    loaded = [folder.load(name, names) for name in names]
    failed = [each for each in loaded if each.offering is None]
    if failed and (folder.is_named or len(failed) == len(loaded)):
        problems = dict.fromkeys(line for each in failed for line in each.problems)
        raise ConfigurationError(*problems)
    return Registry(loaded, folder)


class Registry:
    """Knows the connectors.

    Attributes:
        connectors: Those that were ever served, by name; the first answers at `/mcp`. Live: it
            changes with a reload.
        withdrawn: Names of those whose module is gone: calls that run finish on them, and nobody
            else is served. Live, too.
        clients: As which their providers know us, by name. Live, too.
        trouble: Asked about each connector's upstream.
    """

    def __init__(self, loaded: Sequence[Loaded], folder: Folder | None = None) -> None:
        """Offer what was `loaded`; without a `folder` nothing is ever loaded again."""
        self.connectors: dict[str, Connector] = {}
        self.clients: dict[str, ProviderClient] = {}
        self.trouble: Trouble = lambda _: None
        self._folder = folder
        self.withdrawn: set[str] = set()
        self._listeners: list[Changed] = []
        self._withdrawal_listeners: list[Withdrawn] = []
        self._told: list[Told] = []
        self._served: dict[str, Offering] = {}
        self._records: dict[str, ServiceRecord] = {}
        self._stamps: dict[str, Stamp] = {}
        self._busy = asyncio.Lock()
        for each in loaded:
            name = each.found.name
            if folder is not None:
                self._stamps[name] = stamp(folder.directory, name)
            self._tell(each)
            if each.offering is not None:
                self._put(each.offering)
                self._served[name] = each.offering
        self._reported = dict(self._records)
        self.offerings = [each.offering for each in loaded if each.offering is not None]

    @classmethod
    def of(cls, offerings: Sequence[Offering]) -> "Registry":
        """A registry of `offerings` alone, whose files are nobody's affair."""
        return cls([_ready(each) for each in offerings])

    @property
    def is_live(self) -> bool:
        """Whether anything can ever change."""
        return self._folder is not None

    def on_change(self, listener: Changed) -> None:
        """Have `listener` called with each connector that was loaded again, or is new."""
        self._listeners.append(listener)

    def on_withdrawal(self, listener: Withdrawn) -> None:
        """Have `listener` called with the name of each connector that is served no more.

        Also of one that could not be taken up after all, and is in `connectors` no longer.
        """
        self._withdrawal_listeners.append(listener)

    def offered(self) -> Sequence[str]:
        """The names of those that are served now."""
        return [name for name in self.connectors if name not in self.withdrawn]

    def on_news(self, listener: Told) -> None:
        """Have `listener` called after each reload that found anything."""
        self._told.append(listener)

    def services(self) -> list[ServiceRecord]:
        """All connectors with their health, in the order of their names."""
        return [self._now(self._records[name]) for name in sorted(self._records)]

    def health(self) -> dict[str, str]:
        """The health of each, by name."""
        return {each.name: each.status for each in self.services()}

    def knows(self, name: str) -> bool:
        """Whether there is, or was, such a connector."""
        return name in self._records or (self._folder is not None and name in self._folder.names())

    async def reload(self, only: str | None = None) -> Sequence[str]:
        """Load what has changed since it was loaded; the names of what is served anew.

        What cannot be loaded is told, and changes nothing.

        Args:
            only: The connector that is loaded, whether its files have changed or not; None for all.
        """
        folder = self._folder
        if folder is None:
            return ()
        async with self._busy:
            changed = [
                name
                for name in folder.names()
                if only in {None, name}
                and folder.holds(name)
                and await self._renewed(folder, name, force=only is not None)
            ]
            await self._withdraw_gone(folder)
            if self._records != self._reported:
                for told in self._told:
                    await told()
                self._reported = dict(self._records)
        return changed

    async def _renewed(self, folder: Folder, name: str, *, force: bool) -> bool:
        """Load a connector if it has changed, or in any case; whether it is served anew."""
        # Taken before: what is written while it is loaded is loaded the next time.
        seen = stamp(folder.directory, name)
        if self._stamps.get(name) == seen and not force:
            return False
        loaded = await asyncio.to_thread(folder.load, name, self.connectors)
        is_new = await self._exchange(loaded)
        # Kept last: the next reload makes up for one that ended halfway.
        self._stamps[name] = seen
        return is_new

    async def _exchange(self, loaded: Loaded) -> bool:
        offering = loaded.offering
        if offering is None:
            self._tell(loaded)
            return False
        name = offering.connector.name
        was_withdrawn = name in self.withdrawn
        try:
            await self._take_up(offering)
        except Exception as error:
            # The boundary: nothing was sound about it after all, and the others are still to come.
            log.exception("connector.not_taken_up", connector=name)
            await self._put_back(name, withdrawn=was_withdrawn)
            problem = printable(f"{name}: it cannot be served: {type(error).__name__}: {error}")
            self._tell(replace(loaded, offering=None, problems=(problem,)))
            return False
        self._served[name] = offering
        self._tell(loaded)
        log.info("connector.loaded", connector=name, tools=len(offering.connector.tools))
        return True

    async def _take_up(self, offering: Offering) -> None:
        self._put(offering)
        for listener in self._listeners:
            await listener(offering)

    async def _put_back(self, name: str, *, withdrawn: bool) -> None:
        """Have all be as it was before, as far as the listeners can; never fails."""
        before = self._served.get(name)
        if before is None:
            self.connectors.pop(name, None)
            self.clients.pop(name, None)
            await _tell_each(self._withdrawal_listeners, name, connector=name)
            return
        self._put(before)
        await _tell_each(self._listeners, before, connector=name)
        if withdrawn:
            await self._withdraw(name)

    def _put(self, offering: Offering) -> None:
        name = offering.connector.name
        self.connectors[name] = offering.connector
        self.withdrawn.discard(name)
        if offering.client is not None:
            self.clients[name] = offering.client

    def _tell(self, loaded: Loaded) -> None:
        """Keep how it is, and log what is wrong."""
        name, reason = loaded.found.name, "; ".join(loaded.problems)
        if loaded.offering is not None:
            self._records[name] = _found(loaded.found)
        elif name in self.connectors and name not in self.withdrawn:
            self._records[name] = _degraded(self._records[name], _STALE + reason)
        else:
            self._records[name] = _record(loaded.found, "unhealthy", reason)
        if loaded.offering is None:
            log.error("connector.not_loaded", connector=name, reason=reason)
        elif reason:
            log.warning("connector.odd", connector=name, reason=reason)

    async def _withdraw_gone(self, folder: Folder) -> None:
        """Serve no more what is not in the folder any more."""
        if not folder.directory.is_dir():
            # Not every module was taken away: what holds them is away for a moment.
            log.error("connectors.no_folder", folder=str(folder.directory))
            return
        for name in [each for each in self._records if not folder.holds(each)]:
            self._stamps[name] = stamp(folder.directory, name)
            if name not in self.connectors:
                del self._records[name]
            elif name not in self.withdrawn:
                await self._withdraw(name)

    async def _withdraw(self, name: str) -> None:
        self.withdrawn.add(name)
        gone = replace(self._records[name], status="unhealthy", reason=_GONE)
        self._records[name] = gone
        await _tell_each(self._withdrawal_listeners, name, connector=name)
        log.warning("connector.withdrawn", connector=name)

    def _now(self, record: ServiceRecord) -> ServiceRecord:
        trouble = self.trouble(record.name) if record.status == "healthy" else None
        return record if trouble is None else _degraded(record, trouble)


async def _tell_each(
    listeners: Sequence[Callable[[_News], Awaitable[None]]], news: _News, *, connector: str
) -> None:
    """Tell every listener, also those behind one that fails."""
    for listener in listeners:
        try:
            await listener(news)
        except Exception:
            # The boundary: what is no longer served must not stay because of one of them.
            log.exception("connector.listener_failed", connector=connector)


def services_in(directory: Path) -> list[ServiceRecord]:
    """The connectors of a folder, each loaded to see whether it can be, in the order of their names."""
    return [_found(find(directory, name)) for name in names_in(directory)]


def _found(found: Found) -> ServiceRecord:
    reason = "; ".join(found.problems)
    if found.connector is None:
        return _record(found, "unhealthy", reason)
    return _record(found, "degraded" if reason else "healthy", reason)


def _ready(offering: Offering) -> Loaded:
    found = Found(name=offering.connector.name, connector=offering.connector, sha256="")
    return Loaded(found=found, offering=offering, problems=())


def _record(found: Found, status: ServiceStatus, reason: str) -> ServiceRecord:
    connector = found.connector
    return ServiceRecord(
        name=printable(found.name),
        title=printable(found.name) if connector is None else connector.title,
        version="" if connector is None else connector.version,
        contract=None if connector is None else connector.contract,
        sha256=found.sha256,
        status=status,
        reason=reason or None,
    )


def _degraded(record: ServiceRecord, reason: str) -> ServiceRecord:
    return replace(record, status="degraded", reason=reason)


class Reloads:
    """Reloads that signals ask for, one after the other."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, name: str | None = None) -> None:
        """Begin one in the loop that is running; with a `name` of this connector alone."""
        task = asyncio.get_running_loop().create_task(self._reload(name))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _reload(self, name: str | None) -> None:
        try:
            changed = await self._registry.reload(name)
        except Exception:
            # The boundary: nobody waits for it, and what was served is served on.
            log.exception("connectors.not_reloaded")
        else:
            log.info("connectors.reloaded", changed=list(changed))
