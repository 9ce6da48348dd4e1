"""Seal everything anew with the current key, while servers run.

Rows are taken in batches, a transaction each. A row that somebody holds is left for a later pass
instead of waited for, so rotation can deadlock with nobody. What is done stays done: killed and
started again, or run twice at a time, it goes on with what is left.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Row, RowMapping, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer

from .audit import AuditStore
from .canaries import admit_keys, sealed_rows
from .database import Database, now_ms
from .fingerprints import Dependants, is_other, is_stale, read_facts
from .sealed import CONNECTIONS, SEALED, SealedTable
from .tables import connections, crypto_keys

MOST_NAMED: Final = 20
"""Broken rows that a report names, for each table; the others are counted."""

_PASSES: Final = 10
_PAUSE_S: Final = 0.3


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch is done: rows of `table` that were sealed anew so far, of those found at first."""

    table: str
    done: int
    total: int


@dataclass(slots=True)
class TableReport:
    """What became of a table.

    Attributes:
        resealed: Rows that were sealed anew.
        broken: Rows that cannot be opened, left as they are.
        named: Some of them: row id and reason.
        left: Rows that others held all the time; run it again.
    """

    resealed: int = 0
    broken: int = 0
    named: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationReport:
    """What became of everything: by table, and the keys that nothing is sealed with any more."""

    tables: Mapping[str, TableReport]
    retired: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything is sealed with the current key."""
        return not any(each.broken or each.left for each in self.tables.values())


@dataclass(slots=True)
class _Batch:
    last: Any = None  # the last row id that was looked at; None behind the last row
    resealed: int = 0
    busy: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


async def rotate(
    database: Database,
    ring: KeyRing,
    *,
    batch: int = 500,
    progress: Callable[[Progress], None] = lambda _: None,
) -> RotationReport:
    """Seal everything anew that is not sealed with the current key of `ring`.

    Logins and sessions survive: tokens are plain digests, and the fingerprints of grants and
    sessions change together with that of their connection.

    Args:
        database: May be in use by servers that have the same keys, in whatever order.
        ring: The new key first, then those that rows may be sealed with.
        batch: Rows a transaction.
        progress: Called after each batch.

    Raises:
        WrongKeysError: When a secret is not the one that sealed this database.
        StoreUnavailableError: When the database does not answer; what was done stays done.
    """
    report = await admit_keys(database, ring, even_if_missing=True)
    rotation = _Rotation(database, ring, batch, progress)
    totals: Counter[str] = Counter()
    for rows in report.rows:
        totals[rows.table] += rows.count if rows.kid != ring.current else 0
    tables = {each.name: await rotation.run(each, totals[each.name]) for each in SEALED}
    resealed = sum(each.resealed for each in tables.values())
    audit = AuditStore(database)

    async def conclude(connection: AsyncConnection) -> RotationReport:
        done = RotationReport(tables=tables, retired=await _retire(connection, ring.current))
        outcome = "success" if done.complete else "incomplete"
        await audit.insert(connection, "key.rotated", outcome, kid=ring.current, count=resealed)
        return done

    return await database.write(conclude)


class _Rotation:
    def __init__(
        self, database: Database, ring: KeyRing, size: int, progress: Callable[[Progress], None]
    ) -> None:
        self._database = database
        self._current = ring.current
        self._sealer = Sealer(ring)
        self._macs = Macs(ring)
        self._size = size
        self._progress = progress

    async def run(self, sealed: SealedTable, total: int) -> TableReport:
        """All passes over a table."""
        report = TableReport()
        for number in range(_PASSES):
            if number:
                await asyncio.sleep(_PAUSE_S)
            await self._pass(sealed, report, total)
            if not report.left:
                break
        return report

    async def _pass(self, sealed: SealedTable, report: TableReport, total: int) -> None:
        """Every row that is there, once; broken ones are met again in each pass."""
        report.broken = report.left = 0
        report.named.clear()
        after: Any = None
        while True:
            done = await self._batch(sealed, after)
            report.resealed += done.resealed
            report.left += done.busy
            report.broken += len(done.broken)
            report.named += done.broken[: MOST_NAMED - len(report.named)]
            if done.resealed:
                self._progress(Progress(sealed.name, report.resealed, max(total, report.resealed)))
            if done.last is None:
                return
            after = done.last

    async def _batch(self, sealed: SealedTable, after: Any) -> _Batch:
        page = await self._database.read(lambda connection: self._page(connection, sealed, after))
        ids = [row for row, stale in page if stale]
        last = page[-1][0] if len(page) == self._size else None

        async def work(connection: AsyncConnection) -> _Batch:
            done = _Batch(last)
            await self._renew_all(connection, sealed, ids, done)
            return done

        return await self._database.write(work) if ids else _Batch(last)

    async def _page(
        self, connection: AsyncConnection, sealed: SealedTable, after: Any
    ) -> Sequence[Row[Any, bool]]:
        """The next rows, in order, and whether each is to be sealed anew.

        All rows, so that one statement never has to search a large table.
        """
        found = select(sealed.key, self._is_stale(sealed)).order_by(sealed.key).limit(self._size)
        if after is not None:
            found = found.where(sealed.key > after)
        return (await connection.execute(found)).all()

    async def _renew_all(
        self, connection: AsyncConnection, sealed: SealedTable, ids: Sequence[Any], done: _Batch
    ) -> None:
        rows = await self._locked(connection, sealed, ids)
        done.busy = len(ids) - len(rows)
        dependants = Dependants(self._macs, self._current)
        if sealed is CONNECTIONS:
            await dependants.lock(connection, [row[sealed.key] for row in rows])
            rows = [row for row in rows if not self._is_done(row, dependants)]
        for row in rows:
            try:
                if await self._renew(connection, sealed, row, dependants):
                    done.resealed += 1
                else:
                    done.busy += 1
            except BrokenSealError as error:
                done.broken.append((_shown(row[sealed.key]), error.reason))

    async def _locked(
        self, connection: AsyncConnection, sealed: SealedTable, ids: Sequence[Any]
    ) -> Sequence[RowMapping]:
        """Those of the rows that nobody else holds or has sealed anew meanwhile."""
        found = select(sealed.table).where(sealed.key.in_(ids), self._is_stale(sealed))
        mine = found.order_by(sealed.key).with_for_update(skip_locked=True, of=sealed.table)
        return (await connection.execute(mine)).mappings().all()

    def _is_done(self, row: RowMapping, dependants: Dependants) -> bool:
        """Whether another run sealed a connection between the search and the lock.

        PostgreSQL then judges the row anew, but what depends on it as the search saw it
        (PostgreSQL manual, 13.2.1).
        """
        is_current = row["kid"] == self._current and not is_other(row["fingerprint"], self._current)
        return is_current and not dependants.concerns(row["id"])

    def _is_stale(self, sealed: SealedTable) -> ColumnElement[bool]:
        stale = sealed.kid != self._current
        if sealed is CONNECTIONS:
            stale = or_(stale, is_stale(self._current))
        return and_(stale, sealed.in_use)

    async def _renew(
        self,
        connection: AsyncConnection,
        sealed: SealedTable,
        row: RowMapping,
        dependants: Dependants,
    ) -> bool:
        """Seal a row anew; False when somebody else holds something of it.

        Raises:
            BrokenSealError: When it cannot be opened.
        """
        if row[sealed.key] in dependants.busy:
            return False
        opened = self._opened(sealed, row)
        if sealed is not CONNECTIONS:
            return await self._replace(connection, sealed, row, self._sealed(sealed, row, opened))
        facts = read_facts(self._macs, row["fingerprint"], opened[connections.c.config])
        values = self._sealed(sealed, row, opened) | {"fingerprint": self._macs.fingerprint(facts)}
        if not await self._replace(connection, sealed, row, values):
            return False
        await dependants.renew(connection, row[sealed.key], facts)
        return True

    def _opened(self, sealed: SealedTable, row: RowMapping) -> Mapping[Column[Any], bytes]:
        return {
            column: self._sealer.open(row[column], sealed.context(column, row[sealed.key]))
            for column in sealed.columns
            if row[column] is not None
        }

    def _sealed(
        self, sealed: SealedTable, row: RowMapping, opened: Mapping[Column[Any], bytes]
    ) -> dict[str, str]:
        texts = {
            column.name: self._sealer.seal(plain, sealed.context(column, row[sealed.key])).text
            for column, plain in opened.items()
        }
        return {**texts, sealed.kid.name: self._current}

    async def _replace(
        self,
        connection: AsyncConnection,
        sealed: SealedTable,
        row: RowMapping,
        values: Mapping[str, str],
    ) -> bool:
        """Compare and set: what somebody else has sealed meanwhile is never overwritten."""
        same = [column.is_not_distinct_from(row[column]) for column in sealed.columns]
        change = update(sealed.table).where(sealed.key == row[sealed.key], *same)
        return (await connection.execute(change.values(**values))).rowcount == 1


async def _retire(connection: AsyncConnection, current: str) -> tuple[str, ...]:
    """Mark the keys that nothing is sealed with any more; unmark those that are in use again."""
    used = {rows.kid for rows in await sealed_rows(connection)} | {current}
    marked = crypto_keys.c.retired_at
    back = update(crypto_keys).where(crypto_keys.c.kid.in_(used), marked.is_not(None))
    await connection.execute(back.values(retired_at=None))
    gone = update(crypto_keys).where(crypto_keys.c.kid.not_in(used), marked.is_(None))
    retired = await connection.scalars(gone.values(retired_at=now_ms).returning(crypto_keys.c.kid))
    return tuple(sorted(retired))


def _shown(row: str | bytes) -> str:
    return row.hex() if isinstance(row, bytes) else row
