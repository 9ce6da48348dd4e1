"""What a principal's calls are made in: the way to the upstream, and the token that goes with it."""

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.records import ConnectionConfig, Instance, Principal
from treenail_runtime.contract import Auth, OAuthClientAuth, OAuthCodeAuth
from treenail_runtime.edge.gates import Surroundings
from treenail_runtime.providers import client_of_values, identity_of
from treenail_runtime.upkeep import (
    ClientTokens,
    ClientTokenSource,
    ReauthNeeded,
    TokenKeeper,
    TokenSource,
)
from treenail_runtime.upkeep.source import WithToken
from treenail_runtime.upstream import credentials_for
from treenail_runtime.upstream.ways import needed_grant, settled

from .checking import Checker
from .providing import UpstreamProviders
from .rechecking import Rechecks
from .reusing import Reuses


class CallContexts:
    """Makes the surroundings of calls, by the connector's way of proving who is calling.

    Args:
        checker: The way to the upstreams.
        rechecks: Follows up what they refuse.
        keeper: Gives the tokens that people granted.
        tokens: Gives those that clients get themselves.
        providers: Asks for these.
        reuses: Gives what connections were answered before.
    """

    def __init__(
        self,
        checker: Checker,
        rechecks: Rechecks,
        keeper: TokenKeeper,
        tokens: ClientTokens,
        providers: UpstreamProviders,
        reuses: Reuses,
    ) -> None:
        self._checker = checker
        self._rechecks = rechecks
        self._keeper = keeper
        self._tokens = tokens
        self._providers = providers
        self._reuses = reuses

    def of(self, instance: Instance, principal: Principal) -> Surroundings:
        """Those of calls as `principal`.

        Raises:
            NotConfigured: As `Checker.context`.
        """
        source = self._source(instance, principal)
        refused = self._rechecks.watch(instance, principal, source)
        reuse = self._reuses.of(self._checker.connectors[instance.connector], instance, principal)
        context = self._checker.context(instance, principal.config, refused, source, reuse=reuse)
        return Surroundings(context, None if source is None else source.prepare)

    def _source(
        self, instance: Instance, principal: Principal
    ) -> TokenSource | ClientTokenSource | None:
        config = principal.config
        auth = self._checker.connectors[instance.connector].auth
        match needed_grant(auth, config.given, has_tokens=bool(config.account)):
            case None:
                return None
            case OAuthCodeAuth(provider=provider):
                with_token, issuer = _with_token(auth, config), identity_of(provider)
                return TokenSource(self._keeper, principal.connection_id, issuer, with_token)
            case OAuthClientAuth() as grant:
                client = client_of_values(grant, config.given)

                async def ask() -> ObtainedTokens:
                    try:
                        return await self._providers.granted(instance, grant, client)
                    except ReauthNeeded:
                        await self._rechecks.mark(instance, principal)
                        raise

                # Of the client, not of the connection: all who share it share its token.
                key = self._providers.named(
                    instance, grant, principal.fingerprint if client else None
                )
                return ClientTokenSource(self._tokens, key, ask, _with_token(auth, config))


def _with_token(auth: Auth, config: ConnectionConfig) -> WithToken:
    own = settled(auth, config.given, has_tokens=bool(config.account))
    return lambda access: credentials_for(own, config.values, config.secrets, access)
