"""Instances that are made while the server runs: `mcp_instances`."""

import uuid
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import (
    EndedInstance,
    InstanceRecord,
    NewInstance,
    ObtainedTokens,
    SlugError,
    StoredInstance,
    TooManyInstancesError,
    first_status,
    is_slug,
    may_become,
)
from treenail_runtime.auth.records import ConnectionConfig, Digest, InstanceSettings
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer

from .audit import AuditStore
from .database import Database, now_ms
from .instance_deletion import LeftBehind, end_instance
from .instance_rows import (
    STATUS,
    of_owner,
    open_settings,
    owned,
    read_record,
    seal_settings,
    selected,
)
from .lookups import Lookup
from .owing import owe_rows
from .own_accounts import put_own_account
from .tables import connections
from .tables import instances as table
from .token_rows import SealedTokens, put_tokens

_AT: Final = Lookup(selected(table.c.slug == bindparam("name")))
_OF_ID: Final = Lookup(selected(table.c.id == bindparam("name")))
_OWNERS: Final = 0x747265
"""Keeps the numbers of locks on owners apart from other locks."""

_OWNER_LOCK: Final = text("SELECT pg_advisory_xact_lock(CAST(:key AS BIGINT))")
_HAS_ACCOUNT: Final = or_(
    table.c.credentials == "person",
    exists().where(connections.c.id == table.c.id, connections.c.status == "active"),
)
"""Whether an instance has the account that it needs, or needs none."""


class InstanceStore:
    """Instances by id and by slug.

    The verbs that take an `owner` know only this owner's instances, or all when it is None.
    """

    def __init__(self, database: Database, sealer: Sealer, macs: Macs) -> None:
        self._database = database
        self._sealer = sealer
        self._macs = macs
        self._audit = AuditStore(database)

    async def create(self, new: NewInstance, *, most: int | None = None) -> InstanceRecord:
        """Make an instance.

        Args:
            new: What it is.
            most: How many its owner may have with it; None for any number.

        Raises:
            SlugError: Another instance has the slug.
            TooManyInstancesError: There are as many.
            ValueError: The settings are longer than 48 KiB.
            StoreUnavailableError: The database does not answer.
        """
        instance_id = uuid.uuid4().hex
        status = first_status(new.credentials)
        sealed = seal_settings(self._sealer, instance_id, new.settings)
        row = {
            "id": instance_id,
            "slug": new.slug,
            "service": new.service,
            "title": new.title,
            "owner": new.owner,
            "status": status,
            "config": sealed.text,
            "kid": sealed.kid,
            "version": 1,
            "credentials": new.credentials,
            "access_key_hash": new.access_key,
            "created_at": now_ms,
            "changed_at": now_ms,
            "pending_since": now_ms if status == "pending" else None,
        }

        async def work(connection: AsyncConnection) -> Row[Any]:
            if most is not None:
                await self._one_at_a_time(connection, new.owner)
                if await _count_of(connection, new.owner, most) >= most:
                    raise TooManyInstancesError
            await connection.execute(insert(table).values(row))
            await self._audit.insert(
                connection,
                "instance.created",
                "success",
                instance=instance_id,
                kind=new.credentials,
            )
            return (await connection.execute(selected(table.c.id == instance_id))).one()

        try:
            return read_record(await self._database.write(work))
        except IntegrityError:
            raise SlugError("taken") from None

    async def by_slug(self, slug: str) -> StoredInstance | None:
        """The instance at a path; None when there is none, or when its seal is broken."""
        return await self._stored(table.c.slug == slug) if is_slug(slug) else None

    async def find(self, slug: str) -> StoredInstance | None:
        """As `by_slug`, in the path of calls."""
        return await self._found(_AT, slug) if is_slug(slug) else None

    async def find_id(self, instance_id: str) -> StoredInstance | None:
        """As `show`, in the path of calls."""
        return await self._found(_OF_ID, instance_id)

    async def record(self, slug: str) -> InstanceRecord | None:
        """The instance at a path, also one whose seal is broken; None when there is none."""
        if not is_slug(slug):
            return None
        row = await self._row(table.c.slug == slug)
        return None if row is None else read_record(row)

    async def show(self, instance_id: str, *, owner: str | None = None) -> StoredInstance | None:
        """An instance; None as `by_slug`."""
        return await self._stored(owned(instance_id, owner))

    async def list(
        self, *, owner: str | None = None, after: str = "", limit: int | None = None
    ) -> Sequence[InstanceRecord]:
        """Those that are not deleted, in the order of their slugs.

        Args:
            owner: Whose; None for everybody's.
            after: The slug behind which they begin.
            limit: How many at most.
        """
        behind = and_(of_owner(owner), table.c.slug > after)
        found = selected(behind).order_by(table.c.slug).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(found)).all()

        return [read_record(row) for row in await self._database.read(work)]

    async def slugs_among(self, names: Collection[str]) -> Sequence[str]:
        """Those of the names that are slugs of instances, in their order."""
        taken = select(table.c.slug).where(table.c.slug.in_(names), table.c.status != "deleted")

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return (await connection.execute(taken.order_by(table.c.slug))).scalars().all()

        return await self._database.read(work)

    async def set_status(
        self,
        instance_id: str,
        status: Literal["pending", "active", "reauth", "failed", "disabled"],
        *,
        error: str | None = None,
        owner: str | None = None,
    ) -> bool:
        """Let an instance become `status`; False when there is none that may.

        Args:
            instance_id: The instance.
            status: What it becomes.
            error: Why, in a word of ours.
            owner: Whose it must be.
        """
        values: dict[str, object] = {
            "status": status,
            "pending_since": now_ms if status == "pending" else None,
        }
        if status != "disabled":
            # What was wrong before is so when it is opened again.
            values["last_error"] = error
        before = STATUS.in_(may_become(status))
        return await self._change(instance_id, values, before, owner, status) is not None

    async def enable(self, instance_id: str, *, owner: str | None = None) -> bool:
        """Open an instance that is disabled; False when there is no such.

        One whose own account was refused meanwhile, or before, is in `reauth`.
        """
        values = {
            "status": case((_HAS_ACCOUNT, "active"), else_="reauth"),
            "last_error": case(
                (_HAS_ACCOUNT, null()), else_=func.coalesce(table.c.last_error, "refused")
            ),
        }
        closed = STATUS == "disabled"
        return await self._change(instance_id, values, closed, owner, "active") is not None

    async def set_settings(
        self,
        instance_id: str,
        settings: InstanceSettings,
        *,
        version: int,
        owner: str | None = None,
    ) -> int | None:
        """Replace the settings of `version`, so that no two changes at once undo each other.

        Returns:
            The new version; None when there is no such instance, or no longer in that version.

        Raises:
            ValueError: The settings are longer than 48 KiB.
        """
        sealed = seal_settings(self._sealer, instance_id, settings)
        values = {"config": sealed.text, "kid": sealed.kid}
        same = table.c.version == version
        return await self._change(instance_id, values, same, owner, "settings")

    async def set_access_key(
        self, instance_id: str, key: Digest, *, owner: str | None = None
    ) -> bool:
        """Put another access key in the place of an instance's; False when there is none."""
        has_one = table.c.credentials == "instance"
        values = {"access_key_hash": key}
        return await self._change(instance_id, values, has_one, owner, "access_key") is not None

    async def connect(
        self,
        instance_id: str,
        config: ConnectionConfig,
        tokens: ObtainedTokens | None = None,
        *,
        settings: InstanceSettings | None = None,
        version: int | None = None,
    ) -> bool:
        """Give an instance credentials of its own; it is active then, in the same transaction.

        They are those of the connection whose id is the instance's. Logins that were made while it
        had another account end.

        Args:
            instance_id: An instance that may have some, and waits, works or was refused.
            config: Login fields, as the upstream accepted them.
            tokens: What the upstream's provider gave; None for the kinds without.
            settings: Those that it has from then on; None for those that it has.
            version: That it must have, so that nothing is undone; None for whichever it has.

        Returns:
            Whether there was such an instance; else nothing is kept.

        Raises:
            ValueError: A token is too long to be sealed.
        """
        kept = SealedTokens.of(self._sealer, instance_id, tokens) if tokens is not None else None
        if tokens is not None:
            config = replace(config, account=tokens.account)
        values = {"status": "active", "pending_since": None, "last_error": None}
        sealed = None if settings is None else seal_settings(self._sealer, instance_id, settings)
        may = and_(
            table.c.credentials == "instance",
            STATUS.in_(("pending", "active", "reauth", "failed")),
            true() if version is None else table.c.version == version,
        )

        async def work(connection: AsyncConnection) -> bool:
            change = (instance_id, values, may, None, "connected")
            if await self._changed(connection, *change) is None:
                return False
            row = (await connection.execute(selected(table.c.id == instance_id))).one()
            before = open_settings(self._sealer, row)
            parts = (connection, self._sealer, self._macs)
            await put_own_account(*parts, instance_id, config, service=row.service, before=before)
            if sealed is not None:
                own = update(table).where(table.c.id == instance_id)
                await connection.execute(own.values(config=sealed.text, kid=sealed.kid))
            if kept is not None:
                await put_tokens(connection, instance_id, instance_id, kept)
            return True

        return await self._database.write(work)

    async def delete(self, instance_id: str, *, owner: str | None = None) -> EndedInstance | None:
        """End an instance and all that was made through it, in one transaction.

        Its tokens are dead when this returns, and no credential of it can be opened any more. Its
        slug is free, and leads to nothing that was.

        What the upstream's provider is to forget is owed from then on: see `RevocationStore`.

        Returns:
            What it was; None when there is no such instance, or no longer.
        """

        async def work(connection: AsyncConnection) -> LeftBehind | None:
            found = selected(owned(instance_id, owner)).with_for_update()
            row = (await connection.execute(found)).one_or_none()
            if row is None:
                return None
            left = await end_instance(connection, row)
            settings = open_settings(self._sealer, row)
            await owe_rows(
                connection, self._sealer, left.tokens, service=row.service, settings=settings
            )
            await self._audit.insert(
                connection, "instance.deleted", "success", instance=instance_id, count=left.grants
            )
            return left

        left = await self._database.write(work)
        return None if left is None else _ended(left)

    async def _one_at_a_time(self, connection: AsyncConnection, owner: str) -> None:
        """Let two workers not both find room for an owner's last instance."""
        if self._database.dialect == "postgresql":
            lock = zlib.crc32(owner.encode("utf-8", "surrogatepass"))
            await connection.execute(_OWNER_LOCK, {"key": _OWNERS << 32 | lock})

    async def _row(self, condition: ColumnElement[bool]) -> Row[Any] | None:
        async def work(connection: AsyncConnection) -> Row[Any] | None:
            return (await connection.execute(selected(condition))).one_or_none()

        return await self._database.read(work)

    async def _stored(self, condition: ColumnElement[bool]) -> StoredInstance | None:
        return self._opened(await self._row(condition))

    async def _found(self, lookup: Lookup, name: str) -> StoredInstance | None:
        async def work(connection: AsyncConnection) -> Any:
            row = await lookup.one(connection, {"name": name})
            return None if row is None else SimpleNamespace(**row)

        return self._opened(await self._database.read(work))

    def _opened(self, row: Any) -> StoredInstance | None:
        """What a row holds; None when it cannot be opened."""
        if row is None or (settings := open_settings(self._sealer, row)) is None:
            return None
        return StoredInstance(record=read_record(row), settings=settings)

    async def _change(
        self,
        instance_id: str,
        values: Mapping[str, object],
        condition: ColumnElement[bool],
        owner: str | None,
        change: str,
    ) -> int | None:
        async def work(connection: AsyncConnection) -> int | None:
            return await self._changed(connection, instance_id, values, condition, owner, change)

        return await self._database.write(work)

    async def _changed(
        self,
        connection: AsyncConnection,
        instance_id: str,
        values: Mapping[str, object],
        condition: ColumnElement[bool],
        owner: str | None,
        change: str,
    ) -> int | None:
        """The new version; None when there is no such instance."""
        statement = (
            update(table)
            .where(owned(instance_id, owner), condition)
            .values({**values, "version": table.c.version + 1, "changed_at": now_ms})
            .returning(table.c.version)
        )
        version: int | None = await connection.scalar(statement)
        if version is not None:
            await self._audit.insert(
                connection, "instance.changed", "success", instance=instance_id, change=change
            )
        return version


def _ended(left: LeftBehind) -> EndedInstance:
    return EndedInstance(
        record=read_record(left.instance),
        tokens=len(left.tokens),
        grants=left.grants,
        connections=left.connections,
    )


async def _count_of(connection: AsyncConnection, owner: str, most: int) -> int:
    """How many instances an owner has; not more than `most` are counted."""
    some = select(table.c.id).where(table.c.owner == owner, table.c.status != "deleted").limit(most)
    count: int | None = await connection.scalar(select(func.count()).select_from(some.subquery()))
    return count or 0
