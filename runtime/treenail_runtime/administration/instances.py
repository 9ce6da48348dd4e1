"""Instances made, shown, changed and ended; whose they are is seen to everywhere."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from treenail_runtime.auth.instances import (
    InstanceRecord,
    NewInstance,
    SlugError,
    StoredInstance,
    TooManyInstancesError,
    UpstreamTokens,
)
from treenail_runtime.auth.login import Accepted, CredentialChecker, Denied, Unavailable
from treenail_runtime.auth.records import ConnectionConfig, Digest, Instance, InstanceSettings
from treenail_runtime.contract import Connector, OAuthClientAuth
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.providers import client_of_values
from treenail_runtime.storage.credentials import CredentialStore
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.instance_changes import InstanceChanges
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.services import ServiceStore
from treenail_runtime.upkeep import ProviderAway, ReauthNeeded, Revocations, TokenKeeper
from treenail_runtime.upstream.ways import code_grant, is_ready, missing_fields, needed_grant

from .errors import AdministrationError, unknown_instance
from .ports import KnownInstances, UpstreamClients
from .wanted import Wanted, judged_settings, judged_slug, judged_values, login_form, slug_error

PAGE: Final = 100
"""Instances in one list."""

_RETRY_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Made:
    """An instance, and what it holds of the upstream's tokens.

    Attributes:
        settings: None when they cannot be opened: its key is gone, or was another.
        tokens: Of an instance with credentials of its own; None when it has none.
    """

    record: InstanceRecord
    settings: InstanceSettings | None
    tokens: UpstreamTokens | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Created:
    """A new instance.

    Attributes:
        access_key: With which people connect to it, told this once; None when each logs in.
    """

    record: InstanceRecord
    access_key: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What ended with an instance.

    Attributes:
        tokens: Connections whose tokens the upstream is to forget.
        calls: That were running in this process.
    """

    record: InstanceRecord
    grants: int
    connections: int
    tokens: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What administration works with.

    Attributes:
        connectors: By name.
        withdrawn: Names of those that are served no more. Live.
        taken: First parts of other paths, which no instance may have.
        named: All connectors that are, or may come, by name, also those that cannot be loaded.
        most: How many instances one owner may have.
        services: What servers over this database have loaded, or could not.
        end_calls: Ends the running calls of an instance, and counts them.
    """

    connectors: Mapping[str, Connector]
    withdrawn: Collection[str]
    taken: Collection[str]
    named: Callable[[], Collection[str]]
    most: int
    services: ServiceStore
    store: InstanceStore
    changes: InstanceChanges
    credentials: CredentialStore
    grants: GrantStore
    known: KnownInstances
    checker: CredentialChecker
    clients: UpstreamClients
    keeper: TokenKeeper
    revocations: Revocations
    end_calls: Callable[[str], int]


class Administration:
    """The verbs. `sees` is whose instances the caller knows; None for everybody's.

    Every verb raises an `AdministrationError` when it cannot be done, and `StoreUnavailableError`.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def connector(self, service: str) -> Connector:
        """The connector of that name."""
        found = self.parts.connectors.get(service)
        if found is None:
            there = sorted({*self.parts.connectors} - {*self.parts.withdrawn})
            raise AdministrationError(
                "unknown-service", f"there is no such service; there are: {', '.join(there)}"
            )
        if service in self.parts.withdrawn:
            raise AdministrationError("wrong-state", "the module of the service is gone")
        return found

    async def create(self, wanted: Wanted, sees: str | None = None) -> Created:
        """Make an instance; one with credentials of its own is pending until it has them."""
        most = None if sees is None else self.parts.most
        connector = self.connector(wanted.service)
        settings = judged_settings(wanted, connector)
        slug = judged_slug(wanted.slug, await self._taken())
        key = new_token(connector.token_prefix, "iak") if wanted.credentials == "instance" else None
        new = NewInstance(
            slug=slug,
            service=connector.name,
            title=wanted.title or connector.title,
            owner=wanted.owner,
            credentials=wanted.credentials,
            settings=settings,
            access_key=None if key is None else Digest(digest(key)),
        )
        try:
            record = await self.parts.store.create(new, most=most)
        except TooManyInstancesError:
            raise AdministrationError(
                "too-many-instances", f"one owner may have {most} instances: delete another"
            ) from None
        except SlugError as error:
            raise slug_error(error) from None
        self.parts.known.forget(record.id)
        return Created(record=record, access_key=None if key is None else SecretStr(key))

    async def _taken(self) -> Collection[str]:
        """What no instance may be called: agents that know a connector's path must not get there."""
        parts = self.parts
        served = [each.name for each in await parts.services.list()]
        return {*parts.taken, *parts.connectors, *parts.named(), *served}

    async def list(
        self, sees: str | None, *, after: str = "", limit: int = PAGE
    ) -> Sequence[InstanceRecord]:
        """Those that the caller knows behind that slug, in their order, `limit` at most."""
        return await self.parts.store.list(owner=sees, after=after, limit=limit)

    async def show(self, slug: str, sees: str | None) -> Made:
        """One, with what it holds."""
        record = await self.record(slug, sees)
        stored = await self.parts.store.show(record.id)
        if stored is None:
            return Made(record=record, settings=None)
        tokens = await self.parts.credentials.get(record.id)
        return Made(record=stored.record, settings=stored.settings, tokens=tokens)

    async def record(self, slug: str, sees: str | None) -> InstanceRecord:
        """One without its settings; another owner's is as unknown as none."""
        record = await self.parts.store.record(slug)
        if record is None or sees not in {None, record.owner}:
            raise unknown_instance()
        return record

    async def find(self, slug: str, sees: str | None) -> StoredInstance:
        """One that can be worked with."""
        record = await self.record(slug, sees)
        stored = await self.parts.store.show(record.id)
        if stored is None:
            raise AdministrationError(
                "wrong-state",
                "its settings cannot be opened with the keys of this server;"
                " it can be disabled and deleted only",
            )
        return stored

    async def disable(self, slug: str, sees: str | None) -> Made:
        """Close it: it answers 503, and everything is kept for when it is opened again."""
        record = await self.record(slug, sees)
        if not await self.parts.store.set_status(record.id, "disabled", owner=sees):
            raise _wrong_state(record)
        self._forget(record.id)
        return await self.show(slug, sees)

    async def enable(self, slug: str, sees: str | None) -> Made:
        """Open it again."""
        stored = await self.find(slug, sees)
        if stored.record.status not in {"disabled", "reauth"}:
            raise _wrong_state(stored.record)
        if stored.record.status == "reauth":
            raise AdministrationError(
                "wrong-state", "the upstream refused its credentials: give it new ones"
            )
        if not await self.parts.store.enable(stored.record.id, owner=sees):
            raise _wrong_state(stored.record)
        self._forget(stored.record.id)
        return await self.show(slug, sees)

    async def delete(self, slug: str, sees: str | None) -> Deleted:
        """End it and everything that was made through it, and have the upstream forget it."""
        record = await self.record(slug, sees)
        ended = await self.parts.store.delete(record.id, owner=sees)
        if ended is None:
            raise unknown_instance()
        self.parts.known.forget(record.id)
        calls = self.parts.end_calls(record.id)
        self.parts.keeper.forget_where(lambda each: each == record.id)
        self.parts.revocations.soon()
        return Deleted(
            record=ended.record,
            grants=ended.grants,
            connections=ended.connections,
            tokens=ended.tokens,
            calls=calls,
        )

    async def set_credentials(self, slug: str, values: Mapping[str, str], sees: str | None) -> Made:
        """Give an instance login values of its own, once the upstream has accepted them."""
        stored = await self.find(slug, sees)
        record = stored.record
        require_own(record, "pending", "active", "reauth", "failed")
        connector = self.connector(record.service)
        typed = judged_values(connector, values)
        config = typed.config(connector.name, login_form(connector).fields)
        instance = await self.served(record)
        await self.check(instance, config, await self._granted(instance, connector, values))
        # What was tried at one server is not kept for another.
        if not await self.parts.store.connect(record.id, config, version=record.version):
            raise _changed()
        self._forget(record.id)
        self.parts.revocations.soon()
        return await self.show(slug, sees)

    async def rotate_access_key(self, slug: str, sees: str | None) -> Created:
        """Another access key; the one before is void, and who is connected stays so."""
        record = (await self.find(slug, sees)).record
        require_own(record, "pending", "active", "reauth", "disabled")
        key = new_token(self.connector(record.service).token_prefix, "iak")
        if not await self.parts.store.set_access_key(record.id, Digest(digest(key)), owner=sees):
            raise _changed()
        self._forget(record.id)
        return Created(record=(await self.find(slug, sees)).record, access_key=SecretStr(key))

    async def revoke(self, slug: str, sees: str | None) -> int:
        """End all logins at an instance, which itself stays; how many there were."""
        record = await self.record(slug, sees)
        ended = await self.parts.grants.revoke_instance(record.id)
        self.parts.end_calls(record.id)
        return ended

    async def refresh(self, slug: str, sees: str | None) -> Made:
        """Get new tokens of the upstream now, for an instance that holds some itself."""
        record = (await self.find(slug, sees)).record
        require_own(record, "active")
        await self.refresh_connection(record.id)
        return await self.show(slug, sees)

    async def refresh_connection(self, connection_id: str) -> None:
        """Get new tokens of the upstream for one connection."""
        held = await self.parts.credentials.get(connection_id)
        if held is None or held.refresh is None:
            raise AdministrationError("wrong-state", "there is nothing that could be refreshed")
        try:
            await self.parts.keeper.refreshed(connection_id, held.version)
        except ReauthNeeded:
            self.parts.known.forget(connection_id)
            raise AdministrationError(
                "credentials-refused", "the upstream has ended its grant: connect again"
            ) from None
        except ProviderAway as error:
            raise unavailable(error.retry_after_s) from None

    async def served(self, record: InstanceRecord) -> Instance:
        """The instance as it is served, read anew."""
        self.parts.known.forget(record.id)
        found = await self.parts.known.by_id(record.id)
        if found is None:
            raise unknown_instance()
        return found

    async def check(
        self, instance: Instance, config: ConnectionConfig, access: SecretStr | None = None
    ) -> None:
        """See that the upstream accepts an account."""
        match await self.parts.checker.check(instance, config, access):
            case Accepted():
                return
            case Denied():
                raise AdministrationError(
                    "credentials-refused", "the upstream does not accept these credentials"
                )
            case Unavailable(retry_after_s):
                raise unavailable(retry_after_s)
            case _:
                raise AdministrationError(
                    "credentials-unclear",
                    "the upstream refused the request for another reason than the credentials",
                )

    async def _granted(
        self, instance: Instance, connector: Connector, values: Mapping[str, str]
    ) -> SecretStr | None:
        """The token that goes with the check, for the kinds that need one."""
        _require_ready(connector, values)
        grant = needed_grant(connector.auth, values, has_tokens=False)
        if not isinstance(grant, OAuthClientAuth):
            return None
        client = client_of_values(grant, values)
        try:
            return (await self.parts.clients.granted(instance, grant, client)).access
        except ReauthNeeded:
            raise AdministrationError(
                "credentials-refused", "the upstream's provider refuses this client"
            ) from None
        except ProviderAway as error:
            raise unavailable(error.retry_after_s) from None

    def _forget(self, instance_id: str) -> None:
        self.parts.known.forget(instance_id)
        self.parts.keeper.forget(instance_id)


def require_own(record: InstanceRecord, *states: str) -> None:
    """See that an instance has an account of its own, and is in one of these states.

    Raises:
        AdministrationError: It has not, or is not.
    """
    if record.credentials != "instance":
        raise AdministrationError("wrong-state", "here, each person logs in with an own account")
    if record.status not in states:
        raise _wrong_state(record)


def _require_ready(connector: Connector, values: Mapping[str, str]) -> None:
    if is_ready(connector.auth, values):
        return
    if code_grant(connector.auth) is None:
        missing = missing_fields(connector.auth, values)
        faults = {f"values.{name}": "is needed" for name in sorted(missing)}
        raise AdministrationError("invalid", "some values are needed", faults=faults)
    raise AdministrationError(
        "wrong-state", "somebody has to log in at the upstream's provider: use initiate-oauth"
    )


def unavailable(retry_after_s: int) -> AdministrationError:
    """The upstream did not judge."""
    return AdministrationError(
        "upstream-unavailable",
        "the upstream does not answer now; nothing was changed",
        retry_after_s=max(1, retry_after_s or _RETRY_S),
    )


def _wrong_state(record: InstanceRecord) -> AdministrationError:
    return AdministrationError("wrong-state", f"the instance is {record.status}")


def _changed() -> AdministrationError:
    return AdministrationError("changed-meanwhile", "it was changed meanwhile; look at it again")
