"""Asks the upstream what it thinks of credentials: at the start, and on the login page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog
from pydantic import SecretStr

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.login import (
    Accepted,
    ChoicesUnavailableError,
    Denied,
    Judgement,
    Unavailable,
    Unjudged,
)
from treenail_runtime.auth.records import ConnectionConfig, Instance
from treenail_runtime.contract import (
    Connector,
    LoginField,
    NotConfigured,
    OAuthClientAuth,
    ToolContext,
    ToolError,
    UpstreamRefused,
    read_choices,
)
from treenail_runtime.loading import Connection, server_url
from treenail_runtime.providers import ProviderClient, client_of_values
from treenail_runtime.upkeep import ClientRefused, ProviderAway, ReauthNeeded, UpkeepError
from treenail_runtime.upstream import Credentials, CredentialSource, Refused, Reuse, credentials_for
from treenail_runtime.upstream.ways import needed_grant, settled

from .upstreams import Upstreams

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_RETRY_S: Final = 10
_REQUEST_AT_FAULT: Final = frozenset(range(400, 500)) - {408, 425, 429}
"""Statuses that another try will not change."""


def _unnoted(_: str) -> None:
    """Tell nobody."""


async def judge(
    connector: Connector, context: ToolContext, note: Callable[[str], None] = _unnoted
) -> Judgement:
    """What the connector's harmless call says of the connection. Never fails.

    Args:
        connector: Whose.
        context: The connection's.
        note: Told what is wrong with the upstream, or with the check, in words of ours.
    """
    if connector.check is None:
        return Accepted()
    facts = {"connector": connector.name}
    try:
        await connector.check.run(context)
    except UpstreamRefused as error:
        if error.status in connector.check.denied:
            log.warning("connection.denied", status=error.status, **facts)
            return Denied()
        log.warning("connection.unclear", status=error.status, **facts)
        note(f"it was answered with {error.status}")
        if error.status in _REQUEST_AT_FAULT:
            return Unjudged()
    except NotConfigured as error:
        log.warning("connection.denied", reason=error.message, **facts)
        return Denied()
    except ToolError as error:
        log.warning("connection.unreachable", kind=error.kind, reason=error.message, **facts)
        note(error.kind)
    except Exception:
        # A fault in the check itself must not keep the tools from being served.
        log.exception("connection.check_crashed", **facts)
        note("it crashed; the log tells where")
    else:
        log.info("connection.accepted", **facts)
        return Accepted()
    return Unavailable(_RETRY_S)


class Grants(Protocol):
    """Gets tokens for clients themselves."""

    async def granted(
        self, instance: Instance, auth: OAuthClientAuth, client: ProviderClient | None
    ) -> ObtainedTokens:
        """A token for the client itself, or for that of the instance.

        Raises:
            UpkeepError: There is none.
        """
        ...


class Checker:
    """The `CredentialChecker` of the login page.

    Args:
        connectors: By name.
        upstreams: The way to them.
        grants: Gets the tokens that clients have of their own.
        upstream_url: Takes the place of the connectors' servers.
    """

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        upstreams: Upstreams,
        grants: Grants,
        upstream_url: str | None,
    ) -> None:
        self.connectors = connectors
        self._upstreams = upstreams
        self._grants = grants
        self._upstream_url = upstream_url

    def context(
        self,
        instance: Instance,
        config: ConnectionConfig,
        refused: Refused | None = None,
        source: CredentialSource | None = None,
        *,
        reuse: Reuse | None = None,
    ) -> ToolContext:
        """The surroundings of calls as this connection.

        Args:
            instance: Whose.
            config: The connection.
            refused: Told of each call that the upstream refuses.
            source: Of the credentials; None for those that the connection's values make.
            reuse: What the connection was answered before; None when the upstream has to be asked.

        Raises:
            NotConfigured: Its values do not make credentials, or name no server.
        """
        found = self.connectors[instance.connector]
        own = instance.own
        override = own.server_url or self._upstream_url
        values = {**config.values, **({"region": own.region} if own.region else {})}
        connection = Connection(
            values=values,
            secrets=config.secrets,
            server_url=server_url(found, values, override),
            is_override=override is not None,
        )
        server_of = None if own.server_url is None else instance.id
        return self._upstreams.context(
            found, connection, refused, source, reuse, server_of=server_of
        )

    def is_denial(self, instance: Instance, status: int) -> bool:
        """Whether an upstream's `status` can mean wrong credentials; never without a check."""
        check = self.connectors[instance.connector].check
        return check is not None and status in check.denied

    async def check(
        self, instance: Instance, config: ConnectionConfig, access: SecretStr | None = None
    ) -> Judgement:
        """What the upstream says of `config`, with an access token of its provider where there is one."""
        try:
            source = await self._credentials(instance, config, access)
        except NotConfigured as error:
            log.info("connection.denied", connector=instance.connector, reason=error.message)
            return Denied()
        except UpkeepError as error:
            return _without_token(instance, error)
        return await self.check_with(instance, config, source)

    async def check_with(
        self, instance: Instance, config: ConnectionConfig, source: CredentialSource | None
    ) -> Judgement:
        """What the upstream says of `config` with the credentials of `source`."""
        try:
            context = self.context(instance, config, None, source)
        except NotConfigured as error:
            log.info("connection.denied", connector=instance.connector, reason=error.message)
            return Denied()
        return await judge(self.connectors[instance.connector], context, self._noting(instance))

    def _noting(self, instance: Instance) -> Callable[[str], None]:
        """Where a failing check is told; nowhere for a server that only this instance has."""
        if instance.own.server_url is not None:
            return _unnoted
        return lambda reason: self._upstreams.check_failed(instance.connector, reason)

    async def choices(
        self, instance: Instance, config: ConnectionConfig, field: LoginField
    ) -> Sequence[tuple[str, str]]:
        """What the upstream offers to this person for `field`.

        Raises:
            ChoicesUnavailableError: It did not answer, or not usefully.
        """
        if field.choices is None:
            return ()
        try:
            source = await self._credentials(instance, config, None)
            answer = await field.choices.run(self.context(instance, config, None, source))
            return read_choices(field, answer)
        except UpkeepError as error:
            _without_token(instance, error)
            raise ChoicesUnavailableError from None
        except ToolError as error:
            log.warning(
                "choices.unavailable",
                connector=instance.connector,
                field=field.name,
                kind=error.kind,
                reason=error.message,
            )
            raise ChoicesUnavailableError from None

    async def _credentials(
        self, instance: Instance, config: ConnectionConfig, access: SecretStr | None
    ) -> Credentials:
        """Those of a connection, with a token of its client where that has one of its own.

        Raises:
            NotConfigured: The values do not make credentials.
            UpkeepError: There is no token.
            StoreUnavailableError: The database does not answer.
        """
        auth = self.connectors[instance.connector].auth
        auth = settled(auth, config.given, has_tokens=access is not None)
        grant = needed_grant(auth, config.given, has_tokens=access is not None)
        if access is None and isinstance(grant, OAuthClientAuth):
            client = client_of_values(grant, config.given)
            access = (await self._grants.granted(instance, grant, client)).access
        return credentials_for(auth, config.values, config.secrets, access)


def _without_token(instance: Instance, error: UpkeepError) -> Judgement:
    """What it means that the provider gives none."""
    log.warning("connection.without_token", connector=instance.connector, reason=str(error))
    match error:
        case ReauthNeeded():
            return Denied()
        case ClientRefused():
            # Nothing of what was typed is wrong.
            return Unjudged()
        case ProviderAway(retry_after_s=after_s):
            return Unavailable(after_s or _RETRY_S)
        case _:
            return Unavailable(_RETRY_S)
