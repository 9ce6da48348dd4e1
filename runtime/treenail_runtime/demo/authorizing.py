"""What an agent's client does to be let in, and to stay in: the SDK's own OAuth client at work."""

from dataclasses import dataclass
from typing import Final

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from .person import Person

_CALLBACK: Final = "http://127.0.0.1:33418/callback"
"""Nothing listens there: the person hands the code over."""

_OK: Final = 200
_UNAUTHORIZED: Final = 401


class AuthorizationError(Exception):
    """Authorization did not go as it should; the text says what was missing."""


class Memory:
    """A client's storage, for as long as the demo lasts."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        """The latest tokens."""
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep them."""
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """The registration."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep it."""
        self.client = client_info


@dataclass(frozen=True, slots=True)
class Membership:
    """An agent's standing with the server at `url`."""

    url: str
    memory: Memory
    provider: OAuthClientProvider

    @property
    def is_registered(self) -> bool:
        """Whether the client has registered itself and holds tokens."""
        return self.memory.client is not None and self.memory.tokens is not None

    def forget_access(self) -> str:
        """Have the client believe that its access token has expired; that token."""
        self.provider.context.token_expiry_time = 1.0
        return self.memory.tokens.access_token if self.memory.tokens else ""

    def was_refreshed(self, before: str) -> bool:
        """Whether the client holds another access token than `before`."""
        return self.memory.tokens is not None and self.memory.tokens.access_token != before

    async def revoke(self) -> None:
        """Give the refresh token back (RFC 7009), and see that the access token ends with it.

        Raises:
            AuthorizationError: It was not taken back, or did not end.
        """
        metadata, tokens = self.provider.context.oauth_metadata, self.memory.tokens
        if metadata is None or metadata.revocation_endpoint is None or tokens is None:
            raise AuthorizationError("the server's metadata names no place to revoke tokens")
        client_id = self.memory.client.client_id if self.memory.client else ""
        form = {"token": tokens.refresh_token or "", "client_id": client_id or ""}
        async with httpx2.AsyncClient(trust_env=False) as http:
            revoked = await http.post(str(metadata.revocation_endpoint), data=form)
            headers = {"Authorization": f"Bearer {tokens.access_token}"}
            tried = await http.post(self.url, headers=headers, json={})
        if revoked.status_code != _OK or tried.status_code != _UNAUTHORIZED:
            raise AuthorizationError(
                f"revocation answered {revoked.status_code}, the token then {tried.status_code}"
            )


def join(url: str, person: Person) -> Membership:
    """A client for the server at `url` that has nothing yet: it discovers, registers, asks the person."""
    memory = Memory()
    metadata = OAuthClientMetadata(
        client_name="treenail demo",
        redirect_uris=[AnyUrl(_CALLBACK)],
        token_endpoint_auth_method="none",  # noqa: S106  # a public client has no secret
    )
    provider = OAuthClientProvider(url, metadata, memory, person.visit, person.returned)
    return Membership(url, memory, provider)
