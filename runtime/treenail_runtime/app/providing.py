"""The authorization servers of the upstreams, as the clients that they know us by."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import structlog
from pydantic import SecretStr

from treenail_runtime.auth.instances import (
    ObtainedTokens,
    OwedRevocation,
    Served,
    UpstreamTokens,
)
from treenail_runtime.auth.records import Instance, OwnClient, UpstreamTrip
from treenail_runtime.contract import Connector, OAuthClientAuth, OAuthCodeAuth
from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.providers import (
    PRESETS,
    Attempt,
    Departure,
    OAuthClient,
    ProviderBroken,
    ProviderClient,
    ProviderError,
    ProviderRefused,
    TokenSet,
    identity_of,
)
from treenail_runtime.upkeep import CLIENT_REFUSED, ClientRefused, ProviderAway, ReauthNeeded
from treenail_runtime.upstream.ways import code_grant, declared_grant

from .circuits import ProviderCircuits, away
from .directory import Directory
from .granting import grant_to_client, no_client, obtained, tell_refusal

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_CLIENT_UNKNOWN: Final = "invalid_client"
_UNKNOWN_TOKEN: Final = SecretStr("treenail-looks-whether-the-client-is-known")


class UpstreamProviders:
    """The `Providers` of the login, and the `Refresher` of the tokens.

    One circuit breaker for each provider keeps an outage from being asked about at every call, and
    one for each instance keeps an instance whose client is refused from using up the provider.

    Args:
        connectors: By name.
        clients: By connector, of those instances that have none of their own.
        directory: Knows the instances.
        oauth: Asks the providers.
        measures: Told of providers that are left alone.
    """

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        clients: Mapping[str, ProviderClient],
        directory: Directory,
        oauth: OAuthClient,
        measures: Measures = UNMEASURED,
    ) -> None:
        self._connectors = connectors
        self._clients = clients
        self._directory = directory
        self._oauth = oauth
        self._circuits = ProviderCircuits(measures)

    def knows(self, instance: Instance) -> bool:
        """Whether the instance has a client at its provider."""
        return self._client(instance) is not None

    async def depart(self, instance: Instance, *, redirect_uri: str, state: str) -> Departure:
        """Where to send a browser, and what to keep until it returns.

        Raises:
            ProviderError: There is nowhere to send it now.
        """
        auth, client = self._known(instance)
        return await self._circuits.looked_up(
            instance.connector,
            instance.id,
            lambda: self._oauth.depart(auth, client, redirect_uri=redirect_uri, state=state),
        )

    async def arrive(
        self, instance: Instance, trip: UpstreamTrip, answer: Mapping[str, Sequence[str]]
    ) -> ObtainedTokens:
        """The tokens for what a browser brought back.

        Raises:
            ProviderError: There are none.
        """
        auth, client = self._known(instance)
        attempt = Attempt(
            issuer=trip.issuer,
            redirect_uri=trip.redirect_uri,
            verifier=trip.verifier,
            nonce=trip.nonce,
        )

        # Beside the circuit breakers: what a browser brings says nothing about the provider.
        code = await self._oauth.code(auth, trip.issuer, answer)
        try:
            granted = await self._circuits.exchanged(
                instance.connector,
                instance.id,
                lambda: self._oauth.exchange(auth.provider, client, code=code, attempt=attempt),
            )
        except ProviderRefused as error:
            if error.error in CLIENT_REFUSED:
                tell_refusal(error, instance.id)
            raise
        return _obtained(instance, auth, granted)

    async def revoke(self, owed: OwedRevocation) -> bool:
        """Have the provider forget tokens.

        Beside the circuit breakers: an endpoint that fails here says nothing about logins.

        Returns:
            False when it takes none back.

        Raises:
            ProviderError: It does not answer, or no client of ours is known here.
            StoreUnavailableError: The database does not answer.
        """
        service = owed.service
        if service is None:
            found = await self._directory.by_id(owed.instance_id)
            service = "" if found is None else found.connector
        connector = self._connectors.get(service)
        auth = None if connector is None else code_grant(connector.auth)
        client = self._chosen(service, owed.client)
        if auth is None or client is None:
            raise ProviderBroken("this server has no client at the provider")
        return await self._oauth.revoke(
            auth.provider,
            client,
            access=owed.access,
            refresh=owed.refresh,
            issuer=owed.issuer,
        )

    def ending_all(self) -> Collection[str]:
        """Issuers of which any token that is given back ends all logins of its person.

        Also those of connectors that only other servers on the database serve.
        """
        grants = [code_grant(connector.auth) for connector in self._connectors.values()]
        served = {
            identity_of(auth.provider)
            for auth in grants
            if auth is not None and PRESETS[auth.provider.preset].ends_all
        }
        return served | {preset.issuer for preset in PRESETS.values() if preset.ends_all}

    async def prove(self, service: str, client: ProviderClient | None) -> ObtainedTokens | None:
        """See whether the provider of a connector takes a client.

        Where nothing is given without a person, it is shown a refresh token that it cannot know:
        it names the client as wrong first, if it is (RFC 6749 5.2).

        Raises:
            ProviderError: It does not take the client, or does not answer.
        """
        chosen = client or self._clients.get(service)
        if chosen is None:
            raise ProviderRefused("invalid_client", "there is none")
        match declared_grant(self._connectors[service].auth):
            case None:
                return None
            case OAuthClientAuth() as grant:
                return obtained(await self._oauth.client_credentials(grant, chosen))
            case OAuthCodeAuth(provider=declared):
                provider = await self._oauth.provider(declared)
        try:
            await self._oauth.refresh(
                declared, chosen, refresh=_UNKNOWN_TOKEN, issuer=provider.identity
            )
        except ProviderRefused as error:
            if error.error == _CLIENT_UNKNOWN:
                raise
        return None

    def named(self, instance: Instance, auth: OAuthClientAuth, typed: str | None) -> str:
        """Names the token that `granted` asks for; it begins with the id of the instance.

        Args:
            instance: Whose.
            auth: What the connector declares.
            typed: Fingerprint of the login fields where the client is among them; None for the
                client of the instance.
        """
        client = self._client(instance)
        wanted = [identity_of(auth.provider), auth.scopes, sorted(auth.parameters.items())]
        whose = typed or (None if client is None else client.client_id)
        return f"{instance.id} {json.dumps([whose, typed is None, *wanted])}"

    async def granted(
        self, instance: Instance, auth: OAuthClientAuth, client: ProviderClient | None
    ) -> ObtainedTokens:
        """A token for the client itself.

        Args:
            instance: Whose.
            auth: What the connector declares.
            client: From login fields; None for the client of the instance.

        Raises:
            ReauthNeeded: The provider refuses a client that a person gave.
            ClientRefused: It refuses the instance's, or there is none.
            ProviderAway: There is none this time.
        """
        chosen = client or self._client(instance)
        if chosen is None:
            raise no_client()
        own = instance.id if client is None else None
        return await grant_to_client(
            self._oauth, self._circuits, auth, chosen, service=instance.connector, instance=own
        )

    async def serves(self, tokens: UpstreamTokens) -> bool:
        """Whether these can be refreshed here.

        Not when their connector is not served, or has another provider by now.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        instance = await self._directory.by_id(tokens.instance_id)
        auth = None if instance is None else code_grant(self._connectors[instance.connector].auth)
        return auth is not None and identity_of(auth.provider) == tokens.issuer

    def served(self) -> Sequence[Served]:
        """Whose tokens can be refreshed here."""
        return [
            Served(
                service=name,
                instance_ids=frozenset(
                    each.id for each in self._directory.configured if each.connector == name
                ),
                issuer=identity_of(auth.provider),
            )
            for name, connector in self._connectors.items()
            if (auth := code_grant(connector.auth)) is not None
        ]

    async def refresh(self, tokens: UpstreamTokens) -> ObtainedTokens:
        """New tokens for a connection's.

        Raises:
            ReauthNeeded: The grant has ended.
            ProviderAway: There are none this time.
        """
        instance = await self._directory.by_id(tokens.instance_id)
        refresh = tokens.refresh
        if refresh is None:
            raise ReauthNeeded("it cannot be refreshed")
        if instance is None:
            # Its connector was withdrawn since `serves` was asked: nobody is logged out.
            raise ProviderAway("its connector is not served here", 1, asked=False)
        try:
            auth, client = self._known(instance)
            granted = await self._circuits.asked(
                instance.connector,
                instance.id,
                lambda: self._oauth.refresh(
                    auth.provider, client, refresh=refresh, issuer=tokens.issuer
                ),
            )
        except ProviderRefused as error:
            if error.ends_the_grant:
                raise ReauthNeeded(error.error) from None
            # The client itself is refused: an affair of the operator, and nobody is logged out.
            tell_refusal(error, instance.id)
            raise ClientRefused(error.error, 0) from None
        except ProviderError as error:
            raise away(error) from None
        return _obtained(instance, auth, granted)

    def _client(self, instance: Instance) -> ProviderClient | None:
        return self._chosen(instance.connector, instance.own.client)

    def _chosen(self, service: str, own: OwnClient | None) -> ProviderClient | None:
        if own is None:
            return self._clients.get(service)
        return ProviderClient(own.client_id, own.client_secret)

    def _known(self, instance: Instance) -> tuple[OAuthCodeAuth, ProviderClient]:
        auth = code_grant(self._connectors[instance.connector].auth)
        client = self._client(instance)
        if auth is None or client is None:
            raise ProviderBroken("the instance has no client at its provider")
        return auth, client


def _obtained(instance: Instance, auth: OAuthCodeAuth, granted: TokenSet) -> ObtainedTokens:
    """What a person's provider granted to the client of an instance."""
    ends_all = PRESETS[auth.provider.preset].ends_all
    return replace(obtained(granted), client=instance.own.client, ends_all=ends_all)
