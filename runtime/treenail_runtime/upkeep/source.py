"""A connection's token of the upstream, as the credentials of its calls."""

from collections.abc import Callable
from typing import Final, TypeAlias

from pydantic import SecretStr

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.contract import NotConfigured, ToolError, UpstreamUnavailable
from treenail_runtime.upstream import Credentials

from .keeper import TokenKeeper
from .outcomes import ClientRefused, ProviderAway, ReauthNeeded, UpkeepError

WithToken: TypeAlias = Callable[[SecretStr], Credentials]
"""The credentials of a connection, once its access token is known."""

_AGAIN: Final = "The person who connected this server must connect again."
_LATER: Final = "Try again later."
_OPERATOR: Final = "Tell whoever runs this server."


class TokenSource:
    """The `CredentialSource` of one connection.

    Args:
        keeper: Gives the tokens.
        connection_id: Whose.
        issuer: The provider that the connector declares, whose tokens alone are used.
        with_token: Makes the credentials.
    """

    def __init__(
        self, keeper: TokenKeeper, connection_id: str, issuer: str, with_token: WithToken
    ) -> None:
        self._keeper = keeper
        self._connection_id = connection_id
        self._issuer = issuer
        self._with_token = with_token

    async def prepare(self) -> None:
        """Have a token ready, before anything is said of the call.

        Raises:
            ReauthNeeded: A person has to log in again.
            ProviderAway: There is none this time.
            StoreUnavailableError: The database does not answer.
        """
        await self._keeper.current(self._connection_id, self._issuer)

    async def current(self) -> Credentials:
        """Those with the token to send now.

        Raises:
            ToolError: There is none.
        """
        try:
            tokens = await self._keeper.current(self._connection_id, self._issuer)
        except (UpkeepError, StoreUnavailableError) as error:
            raise told(error) from None
        return self._with_token(tokens.access)

    async def renewed(self, refused: Credentials) -> Credentials | None:
        """Those with another token than the upstream refused; None when there is no other.

        Raises:
            ToolError: There is none this time.
        """
        try:
            tokens = await self._keeper.renewed(
                self._connection_id,
                self._issuer,
                lambda access: self._with_token(access) == refused,
            )
        except (UpkeepError, StoreUnavailableError) as error:
            raise told(error) from None
        if tokens is None:
            return None
        credentials = self._with_token(tokens.access)
        return None if credentials == refused else credentials


def told(error: UpkeepError | StoreUnavailableError) -> ToolError:
    """What an agent hears when there is no token."""
    match error:
        case ReauthNeeded():
            return NotConfigured("the upstream has ended this connection", advice=_AGAIN)
        case ClientRefused(retry_after_s=after_s):
            message = "the upstream's login server refuses this server's client"
            return UpstreamUnavailable(message, advice=_OPERATOR, retry_after_s=after_s)
        case ProviderAway(retry_after_s=after_s):
            message = "the upstream's login server does not answer, and the last token is over"
            return UpstreamUnavailable(message, advice=_LATER, retry_after_s=after_s)
        case _:
            return UpstreamUnavailable("the server cannot answer now", advice=_LATER)
