"""How a request to the upstream proves who is calling."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
"""`{field}` in a template, which stands for a login field."""

Preset: TypeAlias = Literal["oauth2", "oidc", "cognito", "google", "github"]
"""Authorization servers whose ways are known: plain OAuth 2, OpenID Connect, and three products."""

TokenAuth: TypeAlias = Literal["basic", "post", "none"]
"""How a client shows itself at the token endpoint (RFC 6749 2.3.1); `none` is a public client."""


@dataclass(frozen=True, slots=True)
class NoAuth:
    """The upstream asks for no credentials."""


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """HTTP Basic (RFC 7617), UTF-8; `{field}` stands for a login field."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class ApiKeyAuth:
    """A key in a header, query parameter or cookie; `{field}` stands for a login field."""

    place: Literal["header", "query", "cookie"]
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BearerAuth:
    """A bearer token (RFC 6750 2.1); `{field}` stands for a login field."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthProvider:
    """The upstream's authorization server. An empty text is not there, or comes from elsewhere.

    What is empty comes from the preset and, for `oidc`, `cognito` and `google`, from the discovery
    document of the issuer (OpenID Connect Discovery 4); what is given here goes before both.

    Attributes:
        issuer: Exactly as the provider calls itself; tokens of another issuer are refused.
        revoke_url: Without one, tokens are forgotten and not revoked.
        jwks_url: The keys of its ID tokens.
        pkce: Whether it knows S256 (RFC 7636).
    """

    preset: Preset = "oauth2"
    issuer: str = ""
    authorize_url: str = ""
    token_url: str = ""
    revoke_url: str = ""
    jwks_url: str = ""
    token_auth: TokenAuth = "basic"  # noqa: S105  # the name of a way, no secret
    pkce: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthCodeAuth:
    """A bearer token that the person grants at the provider (RFC 6749 4.1).

    Attributes:
        parameters: Further parameters of the authorization request.
    """

    provider: OAuthProvider
    scopes: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClientAuth:
    """A bearer token that the provider grants to the client itself (RFC 6749 4.4).

    Attributes:
        parameters: Further parameters of the token request, such as `audience`.
        client_id: `{field}` stands for a login field; empty for the client of the instance.
        client_secret: The same.
    """

    provider: OAuthProvider
    scopes: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    client_id: str = ""
    client_secret: str = ""


@dataclass(frozen=True, slots=True)
class ChainAuth:
    """Several schemes.

    Attributes:
        use: `all` go with each request; or only the `first` for which the connection has what it
            takes: its login fields or, for OAuth, tokens. The login page offers them all.
    """

    schemes: "tuple[Auth, ...]"
    use: Literal["first", "all"] = "first"


Auth: TypeAlias = (
    NoAuth | BasicAuth | ApiKeyAuth | BearerAuth | OAuthCodeAuth | OAuthClientAuth | ChainAuth
)
