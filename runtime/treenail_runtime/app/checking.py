"""Asks the upstream what it thinks of credentials: at the start, and on the login page."""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

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
    ToolContext,
    ToolError,
    UpstreamRefused,
    read_choices,
)
from treenail_runtime.loading import Connection, server_url
from treenail_runtime.upstream import Refused

from .upstreams import Upstreams

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_RETRY_S: Final = 10
_REQUEST_AT_FAULT: Final = frozenset(range(400, 500)) - {408, 425, 429}
"""Statuses that another try will not change."""


async def judge(connector: Connector, context: ToolContext) -> Judgement:
    """What the connector's harmless call says of the connection. Never fails."""
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
        if error.status in _REQUEST_AT_FAULT:
            return Unjudged()
    except NotConfigured as error:
        log.warning("connection.denied", reason=error.message, **facts)
        return Denied()
    except ToolError as error:
        log.warning("connection.unreachable", kind=error.kind, reason=error.message, **facts)
    except Exception:
        # A fault in the check itself must not keep the tools from being served.
        log.exception("connection.check_crashed", **facts)
    else:
        log.info("connection.accepted", **facts)
        return Accepted()
    return Unavailable(_RETRY_S)


class Checker:
    """The `CredentialChecker` of the login page.

    Args:
        connectors: By name.
        upstreams: The way to them.
        upstream_url: Takes the place of the connectors' servers.
    """

    def __init__(
        self, connectors: Mapping[str, Connector], upstreams: Upstreams, upstream_url: str | None
    ) -> None:
        self.connectors = connectors
        self._upstreams = upstreams
        self._upstream_url = upstream_url

    def context(
        self, connector: str, config: ConnectionConfig, refused: Refused | None = None
    ) -> ToolContext:
        """The surroundings of calls as this connection.

        Args:
            connector: Its name.
            config: The connection.
            refused: Told of each call that the upstream refuses.

        Raises:
            NotConfigured: Its values do not make credentials, or name no server.
        """
        found = self.connectors[connector]
        connection = Connection(
            values=config.values,
            secrets=config.secrets,
            server_url=server_url(found, config.values, self._upstream_url),
            is_override=self._upstream_url is not None,
        )
        return self._upstreams.context(found, connection, refused)

    def is_denial(self, instance: Instance, status: int) -> bool:
        """Whether an upstream's `status` can mean wrong credentials; never without a check."""
        check = self.connectors[instance.connector].check
        return check is not None and status in check.denied

    async def check(self, instance: Instance, config: ConnectionConfig) -> Judgement:
        """What the upstream says of `config`."""
        try:
            context = self.context(instance.connector, config)
        except NotConfigured as error:
            log.info("connection.denied", connector=instance.connector, reason=error.message)
            return Denied()
        return await judge(self.connectors[instance.connector], context)

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
            answer = await field.choices.run(self.context(instance.connector, config))
            return read_choices(field, answer)
        except ToolError as error:
            log.warning(
                "choices.unavailable",
                connector=instance.connector,
                field=field.name,
                kind=error.kind,
                reason=error.message,
            )
            raise ChoicesUnavailableError from None
