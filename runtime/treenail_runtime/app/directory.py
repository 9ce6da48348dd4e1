"""Knows the instances: those of the settings, and those that are made while the server runs."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, TypeVar

from treenail_runtime.auth.instances import StoredInstance
from treenail_runtime.auth.records import Instance
from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.contract import Connector
from treenail_runtime.measures import UNMEASURED, CacheFigures, Measures

from .instances import make_instance

_MOST: Final = 4096

_Value = TypeVar("_Value")


_What: TypeAlias = tuple[str, str]
"""How somebody asks for an instance, `slug` or `id`, and for which."""


class InstanceRows(Protocol):
    """Where the instances are kept that are made while the server runs."""

    async def find(self, slug: str) -> StoredInstance | None:
        """The instance at a path; None when there is none."""
        ...

    async def find_id(self, instance_id: str) -> StoredInstance | None:
        """The instance of an id; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    instance: Instance | None
    at: float


class Directory:
    """The `Places` of the server.

    Who needs what is being read already waits for that; nobody waits for what somebody else needs.

    Args:
        configured: One for each connector, behind the default one.
        connectors: Those that are served, by name.
        rows: Where the others are kept.
        base_url: Of the server.
        closed: Names of connectors whose instances serve nobody just now. Live.
        believed_s: So long what was read is believed.
        measures: Told of each look.
    """

    def __init__(
        self,
        configured: Sequence[Instance],
        connectors: Mapping[str, Connector],
        rows: InstanceRows,
        base_url: str,
        *,
        closed: Collection[str] = (),
        believed_s: float,
        stopwatch: Stopwatch = monotonic,
        measures: Measures = UNMEASURED,
    ) -> None:
        self._listeners: list[Callable[[str], object]] = []
        self._measures = measures
        self.configure(configured)
        self._connectors = connectors
        self._rows = rows
        self._base_url = base_url
        self._closed = closed
        self._believed_s = believed_s
        self._stopwatch = stopwatch
        self._by_id: OrderedDict[str, _Seen] = OrderedDict()
        self._ids: OrderedDict[str, str] = OrderedDict()
        self._absent: OrderedDict[str, _Seen] = OrderedDict()
        self._reading: dict[_What, asyncio.Task[_Seen]] = {}
        self._hits = 0
        self._misses = 0

    def configure(self, configured: Sequence[Instance]) -> None:
        """Take `configured` in place of those before."""
        self.default, *named = configured
        self._named = {instance.base_path[1:]: instance for instance in named}
        self._configured = {instance.id: instance for instance in configured}

    @property
    def configured(self) -> Collection[Instance]:
        """Those of the settings."""
        return self._configured.values()

    async def find(self, name: str) -> Instance | None:
        """The instance of that name in paths; None when there is none.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        configured = self._named.get(name)
        if configured is not None:
            return configured
        known = self._ids.get(name)
        seen = self._fresh(self._absent, name) if known is None else self._fresh(self._by_id, known)
        if seen is None:
            seen = await self._read(("slug", name), self._rows.find)
        return seen.instance

    async def by_id(self, instance_id: str) -> Instance | None:
        """The instance of an id; None when there is none, or its connector is not served here.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        configured = self._configured.get(instance_id)
        if configured is not None:
            return configured
        seen = self._fresh(self._by_id, instance_id)
        if seen is None:
            seen = await self._read(("id", instance_id), self._rows.find_id)
        return seen.instance

    async def renewed(self, instance_id: str) -> Instance | None:
        """As `by_id`, read anew, since somebody has changed it elsewhere.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        self.drop(instance_id)
        return await self.by_id(instance_id)

    def on_change(self, listener: Callable[[str], object]) -> None:
        """Have `listener` called with the id of each instance that was changed here."""
        self._listeners.append(listener)

    def forget(self, instance_id: str) -> None:
        """Read an instance again when it is needed next, since it was changed here."""
        self.drop(instance_id)
        for listener in self._listeners:
            listener(instance_id)

    def drop(self, instance_id: str) -> int:
        """Read an instance again when it is needed next; how much was held of it."""
        # What is being read may be older than the change.
        self._reading.clear()
        if self._by_id.pop(instance_id, None) is None:
            # It may be new, and have one of these slugs.
            self._absent.clear()
            return 0
        return 1

    def drop_service(self, service: str) -> int:
        """The same of all instances of a connector."""
        ids = [each for each in self._by_id if self.service_of(each) == service]
        self._reading.clear()
        # They may be its instances, and have been read before it was served.
        self._absent.clear()
        for each in ids:
            del self._by_id[each]
        return len(ids)

    def service_of(self, instance_id: str) -> str | None:
        """The connector of an instance, as far as that is at hand."""
        configured = self._configured.get(instance_id)
        if configured is not None:
            return configured.connector
        seen = self._by_id.get(instance_id)
        return None if seen is None or seen.instance is None else seen.instance.connector

    def figures(self) -> CacheFigures:
        """How much is held, and how often that was enough."""
        return CacheFigures(
            name="instances",
            entries=len(self._by_id) + len(self._absent),
            most=2 * _MOST,
            hits=self._hits,
            misses=self._misses,
        )

    def forget_all(self) -> int:
        """Read everything again; how much was held."""
        count = len(self._by_id) + len(self._absent)
        for each in (self._by_id, self._ids, self._absent, self._reading):
            each.clear()
        return count

    def _fresh(self, seen: OrderedDict[str, _Seen], key: str) -> _Seen | None:
        found = seen.get(key)
        is_fresh = found is not None and self._stopwatch() - found.at < self._believed_s
        self._measures.looked_up("instances", hit=is_fresh)
        if not is_fresh:
            self._misses += 1
            return None
        self._hits += 1
        seen.move_to_end(key)
        return found

    async def _read(
        self, what: _What, ask: Callable[[str], Awaitable[StoredInstance | None]]
    ) -> _Seen:
        """What the database says now, asked once for all who wait for it."""
        reading = self._reading.get(what)
        if reading is None:
            reading = asyncio.create_task(self._ask(what, ask))
            self._reading[what] = reading
            reading.add_done_callback(lambda task: self._was_read(what, task))
        # Who goes away does not take along what the others wait for.
        return await asyncio.shield(reading)

    async def _ask(
        self, what: _What, ask: Callable[[str], Awaitable[StoredInstance | None]]
    ) -> _Seen:
        stored = await ask(what[1])
        seen = self._seen(stored)
        if self._reading.get(what) is asyncio.current_task():
            self._keep(what, stored, seen)
        return seen

    def _was_read(self, what: _What, task: "asyncio.Task[_Seen]") -> None:
        if self._reading.get(what) is task:
            del self._reading[what]
        # Told to those who wait; there may be nobody left.
        if not task.cancelled():
            task.exception()

    def _seen(self, stored: StoredInstance | None) -> _Seen:
        connector = None if stored is None else self._connectors.get(stored.record.service)
        if stored is None or connector is None:
            return _Seen(None, self._stopwatch())
        record = stored.record
        before = self._by_id.get(record.id)
        instance = make_instance(stored, connector, self._base_url, self._closed)
        if before is not None and before.instance == instance:
            # The same object, so that what was made for it is used on.
            instance = before.instance
        return _Seen(instance, self._stopwatch())

    def _keep(self, what: _What, stored: StoredInstance | None, seen: _Seen) -> None:
        """Keep what was read, by id and by slug where it leads to an instance."""
        kind, name = what
        if stored is not None and seen.instance is not None:
            _put(self._by_id, stored.record.id, seen)
            _put(self._ids, stored.record.slug, stored.record.id)
        elif kind == "slug":
            self._ids.pop(name, None)
            _put(self._absent, name, seen)


def _put(seen: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    seen[key] = value
    seen.move_to_end(key)
    while len(seen) > _MOST:
        seen.popitem(last=False)
