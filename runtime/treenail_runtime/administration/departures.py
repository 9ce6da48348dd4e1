"""From an invitation to the provider: whoever holds the account reads what it is for, and agrees.

MCP, security best practices, "Confused deputy": a person who has a session at the provider would
otherwise give their account to a stranger's instance by following one link.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from treenail_runtime.auth.instances import InstanceRecord
from treenail_runtime.auth.records import Digest, InstanceSettings, UpstreamTrip
from treenail_runtime.contract import Connector, OAuthProvider
from treenail_runtime.crypto.opaque import digest, is_well_formed, new_token
from treenail_runtime.providers import Departure, ProviderError
from treenail_runtime.storage.setups import SetupStore
from treenail_runtime.upstream.ways import code_grant

from .errors import unknown_instance
from .instances import Administration, require_own, unavailable
from .wanted import with_wanted

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

CONNECT: Final = "/api/v1/auth-registry/auth/connect/"
"""Before the connector's name: our page, on which somebody agrees."""

CALLBACK: Final = "/api/v1/auth-registry/auth/callback/"
"""Before the connector's name: where the provider sends whoever went there for an instance."""

_TICKET: Final = "txn"
_STATE: Final = "ups"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Asking:
    """What somebody has to know before they agree.

    Attributes:
        connector: Whose account is asked for.
        provider: Where they would log in.
        scopes: What is asked for there.
        wanted: What the instance gets once they return.
    """

    record: InstanceRecord
    connector: Connector
    provider: OAuthProvider
    scopes: Sequence[str]
    wanted: InstanceSettings


class Departures:
    """What may be done with an invitation, by whoever has it."""

    def __init__(self, administration: Administration, store: SetupStore, base_url: str) -> None:
        self._administration = administration
        self._store = store
        self._base_url = base_url

    async def asking(self, service: str, ticket: str) -> Asking:
        """What an invitation is for.

        Raises:
            AdministrationError: There is none, or no longer.
            StoreUnavailableError: The database does not answer.
        """
        if not is_well_formed(ticket, _TICKET):
            raise unknown_instance()
        invitation = await self._store.find(Digest(digest(ticket)))
        if invitation is None:
            raise unknown_instance()
        stored = await self._administration.parts.store.show(invitation.instance_id)
        if stored is None or stored.record.service != service:
            raise unknown_instance()
        require_own(stored.record, "pending", "reauth", "active")
        connector = self._administration.connector(service)
        grant = code_grant(connector.auth)
        if grant is None:
            raise unknown_instance()
        return Asking(
            record=stored.record,
            connector=connector,
            provider=grant.provider,
            scopes=grant.scopes,
            wanted=invitation.wanted,
        )

    async def leave(self, service: str, ticket: str, browser: Digest) -> str:
        """Where to send a browser whose person has agreed; the invitation is used up.

        Raises:
            AdministrationError: There is none, or no longer, or the provider does not answer.
            StoreUnavailableError: The database does not answer.
        """
        asking = await self.asking(service, ticket)
        state = new_token(asking.connector.token_prefix, _STATE)
        departure = await self._departure(asking, state)
        left = await self._store.depart(
            Digest(digest(ticket)),
            Digest(digest(state)),
            browser=browser,
            trip=_trip(departure),
        )
        if not left:
            raise unknown_instance()
        return departure.url

    async def decline(self, service: str, ticket: str) -> None:
        """End an invitation.

        Raises:
            AdministrationError: There is none, or no longer.
            StoreUnavailableError: The database does not answer.
        """
        await self.asking(service, ticket)
        if not await self._store.withdraw(Digest(digest(ticket))):
            raise unknown_instance()

    async def _departure(self, asking: Asking, state: str) -> Departure:
        served = await self._administration.served(asking.record)
        instance = replace(served, own=with_wanted(served.own, asking.wanted))
        back = f"{self._base_url}{CALLBACK}{asking.connector.name}"
        try:
            return await self._administration.parts.clients.depart(
                instance, redirect_uri=back, state=state
            )
        except ProviderError as error:
            log.warning("setup.no_departure", reason=str(error), instance=instance.id)
            raise unavailable(0) from None


def _trip(departure: Departure) -> UpstreamTrip:
    attempt = departure.attempt
    return UpstreamTrip(
        verifier=attempt.verifier,
        nonce=attempt.nonce,
        issuer=attempt.issuer,
        redirect_uri=attempt.redirect_uri,
    )
