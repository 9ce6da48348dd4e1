"""An instance becomes otherwise: what that ends is ended with it, and what it needs is tried first."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import SecretStr

from treenail_runtime.auth.instances import (
    EndedByChange,
    InstanceRecord,
    InstanceSettings,
    StoredInstance,
    ended_by,
)
from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.contract import Connector, OAuthClientAuth, OAuthCodeAuth
from treenail_runtime.providers import (
    ProviderClient,
    ProviderError,
    ProviderRefused,
    client_of_values,
    identity_of,
)
from treenail_runtime.storage.instance_changes import Alteration
from treenail_runtime.upkeep import ProviderAway, ReauthNeeded
from treenail_runtime.upstream.ways import code_grant, declared_grant, needed_grant

from .errors import AdministrationError
from .instances import Administration, Made, require_own, unavailable
from .wanted import Wanted, judged_settings, judged_values, login_form

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Change:
    """What somebody wants to be otherwise: as in a merge patch (RFC 7396).

    Attributes:
        given: The fields that count; the others stay as they are.
        title: None for the connector's, and so on as in `Wanted`.
        limits: By name; None removes one, or in place of all those that there are.
        values: Login values of the instance's own account, by name; None removes one.
    """

    given: frozenset[str]
    title: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    server_url: str | None = None
    region: str | None = None
    limits: Mapping[str, str | None] | None = field(default_factory=dict[str, str | None])
    values: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


class Changes:
    """Changes instances."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self._parts = administration.parts

    async def apply(
        self, slug: str, change: Change, sees: str | None, *, version: int | None = None
    ) -> Made:
        """Change an instance; nothing at all unless everything can be.

        Args:
            slug: Which.
            change: What becomes otherwise.
            sees: Whose instances the caller knows; None for everybody's.
            version: That it must have; None for whichever it has.

        Raises:
            AdministrationError: It was not changed.
            StoreUnavailableError: The database does not answer.
        """
        stored = await self._administration.find(slug, sees)
        record = stored.record
        if version not in {None, record.version}:
            raise _other_version()
        connector = self._administration.connector(record.service)
        title, settings = merged(stored, change, connector)
        by_provider = code_grant(connector.auth) is not None
        ends = ended_by(stored.settings, settings, by_provider=by_provider)
        _require_open(record, ends)
        await self._prove_client(stored.settings, settings, connector)
        account = await self._account(stored, settings, change, ends, connector)
        if ends.all_logins:
            settings = replace(settings, values={}, secrets={})
        to = Alteration(
            version=record.version,
            service=record.service,
            before=stored.settings,
            title=title,
            settings=settings,
            account=account,
            ends=ends,
        )
        await self._alter(record, to, sees, is_bound=version is not None)
        return await self._administration.show(slug, sees)

    async def _alter(
        self, record: InstanceRecord, to: Alteration, sees: str | None, *, is_bound: bool
    ) -> None:
        if not await self._parts.changes.alter(record.id, to, owner=sees):
            raise _other_version() if is_bound else _changed()
        self._parts.known.forget(record.id)
        self._parts.keeper.forget_where(lambda each: each == record.id)
        self._parts.revocations.soon()

    async def _prove_client(
        self, before: InstanceSettings, after: InstanceSettings, connector: Connector
    ) -> None:
        """See that the upstream's provider takes the client that the instance gets."""
        client = _client_of(after)
        if client == _client_of(before) or declared_grant(connector.auth) is None:
            return
        try:
            await self._parts.clients.prove(connector.name, client)
        except ProviderRefused:
            if client is None:
                raise AdministrationError(
                    "no-client", "the connector has no client of its own at the provider"
                ) from None
            raise AdministrationError(
                "credentials-refused", "the upstream's provider refuses this client"
            ) from None
        except ProviderError:
            raise unavailable(0) from None

    async def _account(
        self,
        stored: StoredInstance,
        settings: InstanceSettings,
        change: Change,
        ends: EndedByChange,
        connector: Connector,
    ) -> ConnectionConfig | None:
        """The account that is to be kept, tried under the settings that the instance gets.

        None when there is none, or when the one there is stays or ends.
        """
        record = stored.record
        if "values" in change.given:
            require_own(record, "pending", "active", "reauth", "failed")
        elif record.credentials != "instance" or record.status != "active":
            return None
        held = await self._parts.changes.account(record.id)
        config = held
        if "values" in change.given:
            # What was typed for one server never reaches another.
            base = None if ends.all_logins else held
            config = typed_account(connector, base, change.values)
        elif ends.all_logins:
            return None
        if config is None or not self._needs_trial(stored.settings, settings, change):
            return None
        if ends.provider_logins and _is_granted(connector, config):
            return None
        access = await self._access(stored, settings, ends, connector, config)
        instance = await self._administration.served(record)
        await self._administration.check(replace(instance, own=settings), config, access)
        return config if "values" in change.given else None

    def _needs_trial(
        self, before: InstanceSettings, after: InstanceSettings, change: Change
    ) -> bool:
        return (
            "values" in change.given
            or before.region != after.region
            or _client_of(before) != _client_of(after)
        )

    async def _access(
        self,
        stored: StoredInstance,
        settings: InstanceSettings,
        ends: EndedByChange,
        connector: Connector,
        config: ConnectionConfig,
    ) -> SecretStr | None:
        """The token with which the account is tried, for the kinds that need one."""
        values = _plain(config)
        try:
            match needed_grant(connector.auth, values, has_tokens=bool(config.account)):
                case None:
                    return None
                case OAuthCodeAuth(provider=provider):
                    if ends.all_logins:
                        raise _log_in()
                    keeper, issuer = self._parts.keeper, identity_of(provider)
                    return (await keeper.current(stored.record.id, issuer)).access
                case OAuthClientAuth() as grant:
                    client = client_of_values(grant, values) or _client_of(settings)
                    given = (
                        await self._parts.clients.prove(connector.name, None)
                        if client is None
                        else await self._parts.clients.granted(
                            await self._administration.served(stored.record), grant, client
                        )
                    )
                    return None if given is None else given.access
        except (ReauthNeeded, ProviderRefused):
            raise _log_in() from None
        except ProviderAway as error:
            raise unavailable(error.retry_after_s) from None
        except ProviderError:
            raise unavailable(0) from None


def merged(
    stored: StoredInstance, change: Change, connector: Connector
) -> tuple[str, InstanceSettings]:
    """Title and settings as they become.

    Raises:
        AdministrationError: With all faults at once.
    """
    has = stored.settings

    def chosen(name: str, new: T, old: T) -> T:
        return new if name in change.given else old

    client_id = chosen("client_id", change.client_id, has.upstream_client_id)
    # A secret belongs to its client, and goes with it.
    kept = has.upstream_client_secret if client_id == has.upstream_client_id else None
    wanted = Wanted(
        slug=stored.record.slug,
        service=connector.name,
        owner=stored.record.owner,
        title=chosen("title", change.title, stored.record.title),
        client_id=client_id,
        client_secret=chosen("client_secret", change.client_secret, kept),
        server_url=chosen("server_url", change.server_url, has.server_url),
        region=chosen("region", change.region, has.region),
        limits={} if change.limits is None else _patched(has.limits, change.limits),
    )
    judged = judged_settings(wanted, connector)
    title = wanted.title or connector.title
    return title, replace(judged, values=has.values, secrets=has.secrets)


def typed_account(
    connector: Connector, held: ConnectionConfig | None, given: Mapping[str, str | None]
) -> ConnectionConfig:
    """The login values as they become.

    Raises:
        AdministrationError: With all faults at once.
    """
    values = _patched({} if held is None else _plain(held), given)
    account = "" if held is None else held.account
    grant = needed_grant(connector.auth, values, has_tokens=bool(account))
    by_provider = isinstance(grant, OAuthCodeAuth)
    typed = judged_values(connector, values, before_provider=by_provider)
    config = typed.config(connector.name, login_form(connector).fields)
    return replace(config, account=account if by_provider else "")


def _patched(has: Mapping[str, str], given: Mapping[str, str | None]) -> dict[str, str]:
    both = {**has, **given}
    return {name: value for name, value in both.items() if value is not None}


def _plain(config: ConnectionConfig) -> dict[str, str]:
    secrets = {name: value.get_secret_value() for name, value in config.secrets.items()}
    return {**config.values, **secrets}


def _client_of(settings: InstanceSettings) -> ProviderClient | None:
    if settings.upstream_client_id is None:
        return None
    return ProviderClient(settings.upstream_client_id, settings.upstream_client_secret)


def _is_granted(connector: Connector, config: ConnectionConfig) -> bool:
    grant = needed_grant(connector.auth, _plain(config), has_tokens=bool(config.account))
    return isinstance(grant, OAuthCodeAuth)


def _require_open(record: InstanceRecord, ends: EndedByChange) -> None:
    """See that nothing is ended of an instance that is to come back as it was."""
    ends_account = ends.all_logins or ends.provider_logins
    if record.status == "disabled" and record.credentials == "instance" and ends_account:
        raise AdministrationError(
            "wrong-state", "that would end its account: enable it before, or delete it"
        )


def _log_in() -> AdministrationError:
    return AdministrationError(
        "wrong-state", "somebody has to log in at the upstream's provider: use initiate-oauth"
    )


def _changed() -> AdministrationError:
    return AdministrationError("changed-meanwhile", "it was changed meanwhile; look at it again")


def _other_version() -> AdministrationError:
    return AdministrationError(
        "other-version", "somebody has changed it since; look at it again, and then change it"
    )
