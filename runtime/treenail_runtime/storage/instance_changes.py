"""An instance becomes otherwise: its settings, and what was made under those before, at once.

Rows are locked in the order of `instance_deletion`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import (
    EndedByChange,
    InstanceSettings,
)
from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer

from .audit import AuditStore
from .batches import delete_all, update_all
from .connections import own_config
from .database import Database, now_ms
from .instance_rows import owned, seal_settings
from .owing import owe_rows
from .own_accounts import put_own_account
from .tables import (
    auth_codes,
    connections,
    credentials,
    grants,
    instances,
    pending_logins,
    sessions,
    setups,
)
from .token_rows import take_tokens


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Alteration:
    """What an instance becomes.

    Attributes:
        version: That it must have, so that no two changes at once undo each other.
        service: The connector's name.
        before: Its settings in that version.
        account: Of its own, as the upstream has just accepted it; None to leave what there is.
        ends: What cannot go on under the new settings.
    """

    version: int
    service: str
    before: InstanceSettings
    title: str
    settings: InstanceSettings
    account: ConnectionConfig | None
    ends: EndedByChange


class InstanceChanges:
    """Changes instances."""

    def __init__(self, database: Database, sealer: Sealer, macs: Macs) -> None:
        self._database = database
        self._sealer = sealer
        self._macs = macs
        self._audit = AuditStore(database)

    async def account(self, instance_id: str) -> ConnectionConfig | None:
        """The login values of an instance's own account; None when it has none.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def work(connection: AsyncConnection) -> ConnectionConfig | None:
            return await own_config(connection, self._sealer, instance_id)

        return await self._database.read(work)

    async def alter(self, instance_id: str, to: Alteration, *, owner: str | None = None) -> bool:
        """Let an instance become so; what its upstream's provider is to forget is owed from then on.

        Returns:
            Whether there was such an instance, in that version; else nothing was changed.

        Raises:
            ValueError: The settings are longer than 48 KiB.
            StoreUnavailableError: The database does not answer.
        """
        sealed = seal_settings(self._sealer, instance_id, to.settings)
        values = {"title": to.title, "config": sealed.text, "kid": sealed.kid}
        same = and_(owned(instance_id, owner), instances.c.version == to.version)
        change = update(instances).where(same).values(**values, **_next())

        async def work(connection: AsyncConnection) -> bool:
            if (await connection.execute(change)).rowcount == 0:
                return False
            taken = await _end(connection, instance_id, to.ends)
            # As whoever they were granted to.
            await owe_rows(connection, self._sealer, taken, service=to.service, settings=to.before)
            if to.account is not None:
                await self._put_account(connection, instance_id, to, to.account)
            await self._audit.insert(
                connection, "instance.changed", "success", instance=instance_id, change="settings"
            )
            return True

        return await self._database.write(work)

    async def _put_account(
        self,
        connection: AsyncConnection,
        instance_id: str,
        to: Alteration,
        account: ConnectionConfig,
    ) -> None:
        mine = update(instances).where(instances.c.id == instance_id)
        works = {"status": "active", "pending_since": None, "last_error": None}
        await connection.execute(mine.values(works))
        await put_own_account(
            connection,
            self._sealer,
            self._macs,
            instance_id,
            account,
            service=to.service,
            before=to.before,
        )


async def _end(
    connection: AsyncConnection, instance_id: str, ends: EndedByChange
) -> Sequence[Row[Any]]:
    """End what cannot go on; the upstream tokens that are left over."""
    its_connections = connections.c.instance_id == instance_id
    if ends.provider_logins or ends.all_logins:
        await _end_attempts(connection, instance_id)
    elif ends.sessions:
        # What was accepted in one region is not kept for another; what is not tried yet will be.
        chosen = and_(
            pending_logins.c.instance_id == instance_id, pending_logins.c.step == "choose"
        )
        await delete_all(connection, pending_logins, chosen)
    if ends.sessions or ends.all_logins:
        await _end_sessions(connection, its_connections)
    if ends.all_logins:
        await _require_logins(connection, instance_id, its_connections, {"config": "", "kid": ""})
    elif ends.provider_logins:
        granted = select(credentials.c.connection_id).where(
            credentials.c.instance_id == instance_id
        )
        by_provider = and_(its_connections, connections.c.id.in_(granted))
        await _end_sessions(connection, by_provider)
        await _require_logins(connection, instance_id, by_provider, {})
    else:
        return ()
    return await take_tokens(connection, credentials.c.instance_id == instance_id)


async def _end_attempts(connection: AsyncConnection, instance_id: str) -> None:
    """End logins that are under way, as they began with what is no longer so."""
    for table in (pending_logins, setups):
        await delete_all(connection, table, table.c.instance_id == instance_id)
    its_connections = select(connections.c.id).where(connections.c.instance_id == instance_id)
    await delete_all(connection, auth_codes, auth_codes.c.connection_id.in_(its_connections))


async def _end_sessions(connection: AsyncConnection, whose: ColumnElement[bool]) -> None:
    its_grants = select(grants.c.id).where(
        grants.c.connection_id.in_(select(connections.c.id).where(whose))
    )
    # With the lock no session is opened at the same time.
    await connection.execute(its_grants.with_for_update(of=grants))
    await delete_all(connection, sessions, sessions.c.grant_id.in_(its_grants))


async def _require_logins(
    connection: AsyncConnection,
    instance_id: str,
    whose: ColumnElement[bool],
    erased: dict[str, str],
) -> None:
    """Have the owners of connections log in again, and that of the instance itself."""
    own = select(connections.c.id).where(and_(whose, connections.c.id == instance_id))
    working = and_(instances.c.id.in_(own), instances.c.status == "active")
    refused = {"status": "reauth", "last_error": "changed"}
    await connection.execute(update(instances).where(working).values(refused))
    in_use = and_(whose, connections.c.status == "active")
    await update_all(connection, connections, in_use, {"status": "reauth"})
    if erased:
        held = and_(whose, connections.c.kid != "")
        await update_all(connection, connections, held, erased)


def _next() -> dict[str, object]:
    return {"version": instances.c.version + 1, "changed_at": now_ms}
