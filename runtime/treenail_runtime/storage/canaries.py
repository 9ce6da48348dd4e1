"""Whether these are the keys of this database: asked at start, before anything is sealed.

Without it a wrong secret would be noticed row by row, by the people whose logins fail, while new
rows are sealed with a key that the other workers do not have.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer

from .database import Database, now_ms
from .sealed import SEALED, canary_context
from .tables import crypto_keys

_CANARY: Final = b"treenail"
_TRIED: Final = 5


class WrongKeysError(Exception):
    """The ring does not open this database; `problems` are lines for the operator."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, order=True)
class SealedRows:
    """How many rows of a table were sealed with a key."""

    table: str
    kid: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """What the keys open.

    Attributes:
        rows: By table and key.
        unused: Keys of the ring that no server has started with yet.
        wrong: Problems of secrets that differ from those that sealed.
        missing: Problems of rows whose key is not in the ring.
    """

    rows: tuple[SealedRows, ...]
    unused: tuple[str, ...]
    wrong: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """All of them, for the operator."""
        return self.wrong + self.missing


async def admit_keys(
    database: Database, ring: KeyRing, *, even_if_missing: bool = False
) -> KeyReport:
    """Let `ring` seal and open: each of its keys gets a canary if it has none yet.

    Args:
        database: Of which the canaries tell the keys.
        ring: The keys to begin with.
        even_if_missing: Rows whose key is not in the ring are no reason to refuse.

    Raises:
        WrongKeysError: When a secret is not the one that sealed this database, or when rows were
            sealed with a key that the ring does not have. Nothing is written then.
        StoreUnavailableError: When the database does not answer.
    """
    sealer = Sealer(ring)

    async def work(connection: AsyncConnection) -> KeyReport:
        await _plant(connection, sealer, ring)
        # Read back: two workers may start at once, and the canary may be the other one's.
        report = await _report(connection, sealer, ring)
        problems = report.wrong if even_if_missing else report.problems
        if problems:
            raise WrongKeysError(*problems)
        used = update(crypto_keys).where(crypto_keys.c.kid == ring.current)
        await connection.execute(used.values(retired_at=None))
        return report

    return await database.write(work)


async def inspect_keys(database: Database, ring: KeyRing) -> KeyReport:
    """What `ring` opens; changes nothing.

    Raises:
        StoreUnavailableError: When the database does not answer.
    """
    sealer = Sealer(ring)
    return await database.read(lambda connection: _report(connection, sealer, ring))


async def sealed_rows(connection: AsyncConnection) -> tuple[SealedRows, ...]:
    """How many rows each key sealed, by table."""
    rows: list[SealedRows] = []
    for each in SEALED:
        counted = select(each.kid, func.count()).where(each.in_use).group_by(each.kid)
        rows += [SealedRows(each.name, *row) for row in await connection.execute(counted)]
    return tuple(sorted(rows))


async def _report(connection: AsyncConnection, sealer: Sealer, ring: KeyRing) -> KeyReport:
    rows = await sealed_rows(connection)
    canaries = await _canaries(connection)
    wrong = [
        kid
        for kid in ring.kids
        if kid in canaries and not _opens(sealer, canaries[kid], canary_context(kid))
    ]
    unused = tuple(kid for kid in ring.kids if kid not in canaries)
    wrong += [kid for kid in unused if not await _opens_a_row(connection, sealer, kid)]
    return KeyReport(
        rows=rows,
        unused=unused,
        wrong=tuple(map(_wrong, wrong)),
        missing=tuple(_missing(rows, ring.kids)),
    )


async def _canaries(connection: AsyncConnection) -> Mapping[str, str]:
    found = await connection.execute(select(crypto_keys.c.kid, crypto_keys.c.canary))
    return {row.kid: row.canary for row in found}


async def _plant(connection: AsyncConnection, sealer: Sealer, ring: KeyRing) -> None:
    known = await _canaries(connection)
    insert = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    # In one order, so that two workers that start at once cannot wait for each other.
    for kid in sorted(set(ring.kids) - set(known)):
        if await _opens_a_row(connection, sealer, kid):
            canary = sealer.seal(_CANARY, canary_context(kid), kid=kid).text
            row = {"kid": kid, "canary": canary, "created_at": now_ms}
            await connection.execute(insert(crypto_keys).values(row).on_conflict_do_nothing())


async def _opens_a_row(connection: AsyncConnection, sealer: Sealer, kid: str) -> bool:
    """Whether the key opens any of a few rows that it is said to have sealed, or there are none.

    A new canary in a database that lost the old one must not make a wrong secret the right one.
    """
    tried = False
    for each in SEALED:
        column = each.columns[0]
        few = select(each.key, column).where(each.kid == kid, each.in_use).limit(_TRIED)
        for row, text in await connection.execute(few):
            if _opens(sealer, text, each.context(column, row)):
                return True
            tried = True
    return not tried


def _opens(sealer: Sealer, text: str, context: str) -> bool:
    try:
        sealer.open(text, context)
    except BrokenSealError:
        return False
    return True


def _wrong(kid: str) -> str:
    return (
        f"the secret of {kid} is not the one that sealed this database;"
        " give back the old secret, or give a new one a key id of its own"
    )


def _missing(rows: Sequence[SealedRows], kids: Sequence[str]) -> Iterable[str]:
    for each in rows:
        if each.kid not in kids:
            rows_are = "row is" if each.count == 1 else "rows are"
            yield (
                f"{each.count} {rows_are} sealed with {each.kid} in {each.table},"
                " which is not among the keys; add it at the end of AUTH_SECRETS"
            )
