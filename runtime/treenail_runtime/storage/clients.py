"""Registered clients and cached client documents: `oauth_clients`."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast

import structlog
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.client_documents import (
    RESERVE_S,
    KnownDocument,
    document_host,
    is_document_url,
)
from treenail_runtime.auth.client_secrets import ChosenSecret, ChosenSecrets
from treenail_runtime.auth.records import Client, ClientKind, Digest
from treenail_runtime.clock import Stopwatch, monotonic
from treenail_runtime.crypto.sealing import BrokenSealError, Sealer, context_of

from .database import Database, now_ms
from .moments import moment, moment_or_none
from .tables import clients, grants

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_TOUCH_S: Final = 60
_MOST_TOUCHED: Final = 10_000

_Base64 = Annotated[
    bytes,
    BeforeValidator(lambda value: base64.b64decode(value) if isinstance(value, str) else value),
    PlainSerializer(lambda value: base64.b64encode(value).decode()),
]
_Sorted = Annotated[frozenset[str], PlainSerializer(sorted)]


class ClientExistsError(Exception):
    """There is a client with that id."""


class RegistryFullError(Exception):
    """As many clients as may be kept, and each of them has an active grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedClient:
    """A client with its dates, for the operator."""

    client: Client
    created_at: datetime
    last_used_at: datetime | None


class _Kept(BaseModel):
    """The sealed part of a row."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: str
    redirect_uris: tuple[str, ...]
    grant_types: _Sorted
    application_type: Literal["native", "web"]
    scopes: _Sorted | None = None
    may_introspect: bool = False
    etag: str | None = None
    salt: _Base64 | None = None
    hash: _Base64 | None = None


class ClientStore:
    """Clients by id; what they said about themselves is sealed."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Stopwatch = monotonic) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._touched: dict[str, float] = {}
        self._comparing = ChosenSecrets()

    async def find(self, client_id: str, instance_id: str) -> Client | None:
        """A registered client that may act at the instance: known there, not disabled, not expired.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        row = await self._row(
            and_(
                clients.c.client_id == client_id,
                clients.c.kind != "document",
                clients.c.disabled_at.is_(None),
                or_(clients.c.instance_id.is_(None), clients.c.instance_id == instance_id),
                _lives(),
            )
        )
        return self._client(row) if row is not None else None

    async def find_document(self, url: str) -> KnownDocument | None:
        """The client of a document that was fetched before; possibly stale or disabled."""
        row = await self._row(and_(clients.c.client_id == url, clients.c.kind == "document"))
        kept = self._kept(row) if row is not None else None
        if row is None or kept is None:
            return None
        return KnownDocument(
            client=_made(row, kept),
            etag=kept.etag,
            is_fresh=bool(row.lives),
            in_reserve=bool(row.in_reserve),
        )

    async def known(self, client_id: str) -> Client | None:
        """A client that is kept, also one that is disabled or has expired."""
        row = await self._row(clients.c.client_id == client_id)
        return self._client(row) if row is not None else None

    async def chosen_secret(
        self, client_id: str, *, even_disabled: bool = False
    ) -> ChosenSecret | None:
        """What is kept of the secret that the operator chose; None unless there is one.

        Args:
            client_id: Whose.
            even_disabled: Also of a client that is disabled.
        """
        counts = or_(clients.c.disabled_at.is_(None), literal(even_disabled))
        row = await self._row(and_(clients.c.client_id == client_id, counts))
        kept = self._kept(row) if row is not None else None
        if kept is None or kept.salt is None or kept.hash is None:
            return None
        return ChosenSecret(kept.salt, kept.hash)

    async def is_chosen_secret(self, client_id: str, secret: str) -> bool:
        """Whether `secret` is the one that the operator chose.

        Raises:
            OAuthError: `temporarily_unavailable`: too many wait to be compared.
            StoreUnavailableError: The database does not answer.
        """
        return await self._comparing.fits(secret, await self.chosen_secret(client_id))

    async def add(
        self, client: Client, *, chosen: ChosenSecret | None = None, most: int | None = None
    ) -> None:
        """Keep a new client.

        Args:
            client: With an id that is free.
            chosen: The secret, when the operator chose it.
            most: Clients of its kind that may be kept; the least recently used one without an
                active grant makes room.

        Raises:
            ClientExistsError: The id is taken.
            RegistryFullError: No client can make room.
        """
        values = self._values(client, chosen=chosen)

        async def work(connection: AsyncConnection) -> None:
            taken = select(clients.c.client_id).where(clients.c.client_id == client.client_id)
            if (await connection.execute(taken)).first() is not None:
                raise ClientExistsError
            await _insert(connection, values, most)

        try:
            await self._database.write(work)
        except IntegrityError:
            raise ClientExistsError from None

    async def replace(self, client: Client, *, chosen: ChosenSecret | None = None) -> None:
        """Keep a client, whether or not there was one of that id; it stays disabled if it was.

        Raises:
            ClientExistsError: The id is taken by a client of another kind.
        """
        values = self._values(client, chosen=chosen)
        try:
            await self._put(values, None)
        except IntegrityError:
            raise ClientExistsError from None

    async def put_document(
        self, client: Client, *, etag: str | None, lifetime_s: int, most: int
    ) -> None:
        """Keep the client of a document that was just fetched, for `lifetime_s` seconds.

        Raises:
            RegistryFullError: No other document can make room.
        """
        values = self._values(client, etag=etag) | {"expires_at": now_ms + lifetime_s * 1000}
        await self._put(values, most)

    async def renew_document(self, url: str, lifetime_s: int) -> None:
        """Keep a document that has not changed for `lifetime_s` more seconds."""
        await self._update(url, {"expires_at": now_ms + lifetime_s * 1000}, kind="document")

    async def touch(self, client_id: str) -> None:
        """Note that the client is in use; at most once a minute, so that reading stays reading."""
        now = self._clock()
        if now - self._touched.get(client_id, -_TOUCH_S) < _TOUCH_S:
            return
        if len(self._touched) >= _MOST_TOUCHED:
            self._touched.clear()
        self._touched[client_id] = now
        await self._update(client_id, {"last_used_at": now_ms})

    async def list(self) -> Sequence[ListedClient]:
        """All clients, disabled and expired ones too, in the order of their ids."""

        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(_selected().order_by(clients.c.client_id))).all()

        found = [(row, self._client(row)) for row in await self._database.read(work)]
        return [
            ListedClient(
                client=client,
                created_at=moment(row.created_at),
                last_used_at=moment_or_none(row.last_used_at),
            )
            for row, client in found
            if client is not None
        ]

    async def disable(self, client_id: str) -> bool:
        """Make the client unknown; whether there is such a client. Its grants are another store's.

        There is one for every URL of a document, whether its row expired or was never kept: in its
        place stands one that says no.
        """
        disabled = {"disabled_at": func.coalesce(clients.c.disabled_at, now_ms)}
        if await self._update(client_id, disabled):
            return True
        if not is_document_url(client_id):
            return False
        await self._put(self._values(_nobody(client_id)) | {"disabled_at": now_ms}, None)
        return True

    async def enable(self, client_id: str) -> bool:
        """Make the client known again; whether there is such a client.

        What is kept of a document that was disabled goes, so that it is fetched anew.
        """
        mine = clients.c.client_id == client_id
        disabled = and_(mine, clients.c.kind == "document", clients.c.disabled_at.is_not(None))

        async def work(connection: AsyncConnection) -> bool:
            if (await connection.execute(delete(clients).where(disabled))).rowcount > 0:
                return True
            enabled = update(clients).where(mine).values(disabled_at=None)
            return (await connection.execute(enabled)).rowcount > 0

        return await self._database.write(work)

    async def rotate_secret(self, client_id: str, digest: Digest) -> bool:
        """Put a secret of ours in the place of the client's; whether it is a confidential client.

        A secret that the operator had chosen is forgotten.
        """
        row = await self._row(clients.c.client_id == client_id)
        client = self._client(row) if row is not None else None
        if row is None or client is None or client.is_public:
            return False
        values = self._values(replace(client, secret_digest=digest))
        return await self._update(client_id, _without_date(values))

    async def _row(self, condition: ColumnElement[bool]) -> Row[Any] | None:
        async def work(connection: AsyncConnection) -> Row[Any] | None:
            return (await connection.execute(_selected().where(condition))).first()

        return await self._database.read(work)

    async def _put(self, values: dict[str, Any], most: int | None) -> None:
        async def work(connection: AsyncConnection) -> None:
            if not await _replaced(connection, values):
                await _insert(connection, values, most)

        try:
            await self._database.write(work)
        except IntegrityError:
            # Another worker was faster, so now there is a row to overwrite.
            await self._database.write(work)

    async def _update(
        self, client_id: str, values: dict[str, Any], kind: ClientKind | None = None
    ) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            statement = update(clients).where(clients.c.client_id == client_id)
            if kind is not None:
                statement = statement.where(clients.c.kind == kind)
            return (await connection.execute(statement.values(values))).rowcount > 0

        return await self._database.write(work)

    def _values(
        self, client: Client, *, chosen: ChosenSecret | None = None, etag: str | None = None
    ) -> dict[str, Any]:
        kept = _Kept(
            name=client.name,
            redirect_uris=client.redirect_uris,
            grant_types=client.grant_types,
            application_type=client.application_type,
            scopes=client.scopes,
            may_introspect=client.may_introspect,
            etag=etag,
            salt=chosen.salt if chosen is not None else None,
            hash=chosen.hash if chosen is not None else None,
        )
        plain = kept.model_dump_json(exclude_none=True).encode()
        sealed = self._sealer.seal(plain, _place(client.client_id))
        return {
            "client_id": client.client_id,
            "kind": client.kind,
            "metadata": sealed.text,
            "kid": sealed.kid,
            "auth_method": client.auth_method,
            "secret_hash": client.secret_digest,
            "instance_id": client.instance_id,
            "created_at": now_ms,
            "expires_at": None if client.expires_at is None else _ms(client.expires_at),
        }

    def _client(self, row: Row[Any]) -> Client | None:
        kept = self._kept(row)
        return _made(row, kept) if kept is not None else None

    def _kept(self, row: Row[Any]) -> _Kept | None:
        """The sealed part; None when it cannot be opened, so that the client is unknown."""
        try:
            plain = self._sealer.open(row.metadata, _place(row.client_id))
            return _Kept.model_validate_json(plain)
        except (BrokenSealError, ValidationError) as error:
            reason = str(error) if isinstance(error, BrokenSealError) else "unreadable"
            log.warning("client.unreadable", client_id=row.client_id, reason=reason)
            return None


def _place(client_id: str) -> str:
    return context_of("oauth_clients", "metadata", client_id)


def _nobody(url: str) -> Client:
    """What is known of the client of a document that must not be fetched."""
    return Client(client_id=url, kind="document", name=document_host(url), redirect_uris=())


def _lives() -> ColumnElement[bool]:
    return or_(clients.c.expires_at.is_(None), clients.c.expires_at > now_ms)


def _selected() -> Select[Any]:
    in_reserve = clients.c.expires_at > now_ms - RESERVE_S * 1000
    return select(clients, _lives().label("lives"), in_reserve.label("in_reserve"))


async def _replaced(connection: AsyncConnection, values: dict[str, Any]) -> bool:
    """Whether there was a row to overwrite; its dates of creation and use stay."""
    statement = update(clients).where(
        clients.c.client_id == values["client_id"], clients.c.kind == values["kind"]
    )
    return (await connection.execute(statement.values(_without_date(values)))).rowcount > 0


def _without_date(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "created_at"}


async def _insert(connection: AsyncConnection, values: dict[str, Any], most: int | None) -> None:
    if most is not None:
        await _make_room(connection, values["kind"], most)
    await connection.execute(insert(clients).values(values))


async def _make_room(connection: AsyncConnection, kind: ClientKind, most: int) -> None:
    counted = select(func.count()).select_from(clients).where(clients.c.kind == kind)
    excess = cast("int", await connection.scalar(counted)) - most + 1
    if excess <= 0:
        return
    in_use = exists().where(grants.c.client_id == clients.c.client_id, grants.c.status == "active")
    idle = (
        select(clients.c.client_id)
        .where(clients.c.kind == kind, clients.c.disabled_at.is_(None), ~in_use)
        .order_by(func.coalesce(clients.c.last_used_at, clients.c.created_at))
        .limit(excess)
    )
    evicted = delete(clients).where(clients.c.client_id.in_(idle))
    if (await connection.execute(evicted)).rowcount < excess:
        raise RegistryFullError


def _made(row: Row[Any], kept: _Kept) -> Client:
    return Client(
        client_id=row.client_id,
        kind=row.kind,
        name=kept.name,
        redirect_uris=kept.redirect_uris,
        auth_method=row.auth_method,
        grant_types=kept.grant_types,
        application_type=kept.application_type,
        scopes=kept.scopes,
        secret_digest=None if row.secret_hash is None else Digest(bytes(row.secret_hash)),
        instance_id=row.instance_id,
        may_introspect=kept.may_introspect,
        disabled=row.disabled_at is not None,
        expires_at=moment_or_none(row.expires_at),
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
