"""Tokens that a provider grants to a client itself (RFC 6749 4.4)."""

from math import ceil

import httpx
import structlog
from pydantic import SecretStr

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.contract import OAuthClientAuth
from treenail_runtime.providers import (
    OAuthClient,
    ProviderClient,
    ProviderError,
    ProviderRefused,
    TokenSet,
)
from treenail_runtime.upkeep import (
    CLIENT_REFUSED,
    ClientRefused,
    ClientTokens,
    ClientTokenSource,
    ReauthNeeded,
)
from treenail_runtime.upstream import Credentials, credentials_for
from treenail_runtime.upstream.ways import needed_grant, settled

from .circuits import COOL_DOWN_S, ProviderCircuits, away
from .connecting import Offering
from .observers import UNOBSERVED, Observers

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class OwnTokens:
    """Tokens of the environment's clients, for those who serve or call without authorization."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        observers: Observers = UNOBSERVED,
    ) -> None:
        """Ask over `transport`, which belongs to the caller; tell `observers` of it."""
        self._oauth = OAuthClient(transport)
        self._circuits = ProviderCircuits(observers.measures)
        self._tokens = ClientTokens(measures=observers.measures, traces=observers.traces)

    def source(self, offering: Offering) -> ClientTokenSource | None:
        """Of the credentials of an offering's connection; None when they are without a token."""
        connector, connection, client = offering.connector, offering.connection, offering.client
        if connection is None or client is None:
            return None
        grant = needed_grant(connector.auth, connection.given, has_tokens=False)
        if not isinstance(grant, OAuthClientAuth):
            return None
        auth = settled(connector.auth, connection.given, has_tokens=False)

        async def ask() -> ObtainedTokens:
            return await grant_to_client(
                self._oauth,
                self._circuits,
                grant,
                client,
                service=connector.name,
                instance=connector.name,
            )

        def with_token(access: SecretStr) -> Credentials:
            return credentials_for(auth, connection.values, connection.secrets, access)

        return ClientTokenSource(self._tokens, connector.name, ask, with_token)

    async def aclose(self) -> None:
        """Give up what is being asked for."""
        await self._oauth.aclose()


async def grant_to_client(
    oauth: OAuthClient,
    circuits: ProviderCircuits,
    auth: OAuthClientAuth,
    client: ProviderClient,
    *,
    service: str,
    instance: str | None,
) -> ObtainedTokens:
    """A token for a client itself.

    Args:
        oauth: Asks the provider.
        circuits: Leave it alone when it fails.
        auth: What the connector declares.
        client: Whose token.
        service: The connector's name.
        instance: Whose client it is; None for one that a person gave.

    Raises:
        ReauthNeeded: The provider refuses a client that a person gave.
        ClientRefused: It refuses the instance's.
        ProviderAway: There is none this time.
    """
    try:
        return obtained(
            await circuits.asked(service, instance, lambda: oauth.client_credentials(auth, client))
        )
    except ProviderRefused as error:
        if instance is None and error.error in CLIENT_REFUSED:
            raise ReauthNeeded(error.error) from None
        tell_refusal(error, instance or service)
        raise ClientRefused(error.error, ceil(COOL_DOWN_S)) from None
    except ProviderError as error:
        raise away(error) from None


def tell_refusal(error: ProviderRefused, instance: str) -> None:
    """Tell the operator that the provider refuses a client."""
    log.error("provider.refuses_client", error=error.error, instance=instance)


def no_client() -> ClientRefused:
    """That the operator has given no client."""
    return ClientRefused("the instance has no client at its provider", ceil(COOL_DOWN_S))


def obtained(tokens: TokenSet) -> ObtainedTokens:
    """The tokens as they are kept."""
    return ObtainedTokens(
        access=tokens.access,
        refresh=tokens.refresh,
        expires_in_s=tokens.expires_in_s,
        scopes=tokens.scopes,
        issuer=tokens.issuer,
        subject=tokens.subject,
    )
