"""What the keeper of tokens works with."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from pydantic import SecretStr

from treenail_runtime.auth.instances import ObtainedTokens, Served, UpstreamTokens

IsRefused: TypeAlias = Callable[[SecretStr], bool]
"""Whether an access token is the one that the upstream has just refused."""


class TokenStore(Protocol):
    """Where tokens are kept."""

    async def get(self, connection_id: str) -> UpstreamTokens | None:
        """The newest; None when there are none, or no longer."""
        ...

    async def claim(
        self, connection_id: str, *, version: int, attempt: str, seconds: int
    ) -> UpstreamTokens | None:
        """Be the one that refreshes, for so long; None when somebody else is, or it is not yet time."""
        ...

    async def replace(self, connection_id: str, version: int, tokens: ObtainedTokens) -> int | None:
        """Put `tokens` in place of that version; None when it was another one by then."""
        ...

    async def owe_unused(self, old: UpstreamTokens, tokens: ObtainedTokens) -> bool:
        """Have the provider forget new tokens of a login that has ended; False when it may not."""
        ...

    async def failed(
        self,
        connection_id: str,
        version: int,
        error: str,
        retry_s: int,
        *,
        attempt: str,
        counts: bool = True,
    ) -> bool:
        """Note an attempt that failed; the next one is due after `retry_s` seconds.

        With `counts`, the pauses after it grow. False when the attempt has not the lease, or the
        version is not the newest, any more.
        """
        ...

    async def mark_reauth(self, connection_id: str, version: int, *, attempt: str) -> bool:
        """Have a person log in again; False in the same cases."""
        ...


class Refresher(Protocol):
    """Asks the provider of a connection."""

    def served(self) -> Sequence[Served]:
        """Whose tokens can be refreshed here."""
        ...

    async def serves(self, tokens: UpstreamTokens) -> bool:
        """Whether this server can; another one on the same database may.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        ...

    async def refresh(self, tokens: UpstreamTokens) -> ObtainedTokens:
        """New tokens.

        Raises:
            ReauthNeeded: The grant has ended.
            ProviderAway: There are none this time.
        """
        ...
