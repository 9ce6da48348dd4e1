"""Fingerprints under a new key: a connection's, and with it those of its grants and sessions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Column, ColumnElement, Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import BrokenSealError

from .tables import connections, grants, sessions

_GRANTS: Final = select(
    grants.c.id, grants.c.connection_id, grants.c.fingerprint
).where(grants.c.status == "active")  # fmt: skip
_SESSIONS: Final = (
    select(sessions.c.session_hash, grants.c.connection_id, sessions.c.fingerprint)
    .join(grants, sessions.c.grant_id == grants.c.id)
    .where(grants.c.status == "active")
)


def is_stale(current: str) -> ColumnElement[bool]:
    """Whether a connection, or a live grant or session of it, has a fingerprint of another key.

    A grant can be made from what was read a moment before its connection changed.
    """
    return or_(
        _is_other(connections.c.fingerprint, current),
        *(
            found.where(
                grants.c.connection_id == connections.c.id, _is_other(fingerprint, current)
            ).exists()
            for found, fingerprint in _dependants()
        ),
    )


def is_other(fingerprint: str, current: str) -> bool:
    """Whether `fingerprint` is of another key than `current`."""
    return not fingerprint.startswith(f"{current}.")


def read_facts(macs: Macs, fingerprint: str, config: bytes) -> Mapping[str, object]:
    """The configuration that a connection holds and that its `fingerprint` is of.

    Raises:
        BrokenSealError: When it is of another one: with a new one it would pass.
    """
    try:
        facts: object = orjson.loads(config)
    except orjson.JSONDecodeError:
        raise BrokenSealError("not JSON") from None
    if not isinstance(facts, dict) or not macs.fits(fingerprint, facts):  # pyright: ignore[reportUnknownArgumentType]  # keys of JSON objects are text
        raise BrokenSealError("fingerprint")
    return facts  # pyright: ignore[reportUnknownVariableType]  # the same


@dataclass(frozen=True, slots=True)
class _Held:
    key: Column[Any]
    row: Any
    fingerprint: str


@dataclass(slots=True)
class Dependants:
    """Live grants and sessions of some connections, whose fingerprints are of another key.

    Attributes:
        busy: Connections of which somebody else holds one.
    """

    macs: Macs
    current: str
    busy: set[str] = field(default_factory=set[str])
    _held: dict[str, list[_Held]] = field(default_factory=lambda: defaultdict(list))

    async def lock(self, connection: AsyncConnection, ids: Sequence[str]) -> None:
        """Lock those of the connections `ids` without waiting for anybody."""
        for found, fingerprint in _dependants():
            stale = found.where(
                grants.c.connection_id.in_(ids), _is_other(fingerprint, self.current)
            )
            key = next(iter(fingerprint.table.primary_key))
            mine = stale.with_for_update(skip_locked=True, of=fingerprint.table)
            locked: set[Any] = set()
            for row, owner, known in await connection.execute(mine):
                locked.add(row)
                self._held[owner].append(_Held(key, row, known))
            everybodys = await connection.execute(stale)
            self.busy |= {owner for row, owner, _ in everybodys if row not in locked}

    def concerns(self, owner: str) -> bool:
        """Whether something of the connection `owner` was locked, or is held by somebody else."""
        return owner in self._held or owner in self.busy

    async def renew(
        self, connection: AsyncConnection, owner: str, facts: Mapping[str, object]
    ) -> None:
        """Give those of the connection `owner` that fit its configuration the new fingerprint."""
        new = self.macs.fingerprint(facts)
        for held in self._held[owner]:
            if self.macs.fits(held.fingerprint, facts):
                change = update(held.key.table).where(held.key == held.row)
                await connection.execute(change.values(fingerprint=new))


def _dependants() -> tuple[tuple[Select[Any, str, str], Column[Any]], ...]:
    return (_GRANTS, grants.c.fingerprint), (_SESSIONS, sessions.c.fingerprint)


def _is_other(fingerprint: Column[Any], current: str) -> ColumnElement[bool]:
    return ~fingerprint.startswith(f"{current}.", autoescape=True)
