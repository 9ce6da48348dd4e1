"""The `auth` section of the connector file: how credentials are sent."""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from .values import Closed, ProviderScope

_Url: TypeAlias = Annotated[str, Field(pattern=r"^(?:https?://[^\s#{}]+)?$")]


class NoAuthKind(Closed):
    """The upstream asks for no credentials."""

    kind: Literal["none"] = Field(description="No credentials are sent.")


class BasicKind(Closed):
    """HTTP Basic over login fields."""

    kind: Literal["basic"] = Field(description="HTTP Basic.")
    username: str = Field(description="User name; `{field}` stands for a login field.")
    password: str = Field(description="Password; `{field}` stands for a login field.")
    scheme: str | None = Field(
        default=None, description="The document's security scheme to satisfy."
    )


class ApiKeyKind(Closed):
    """A key in a header, in the query or in a cookie."""

    kind: Literal["api_key"] = Field(description="A key in a header, in the query or in a cookie.")
    place: Literal["header", "query", "cookie"] = Field(
        alias="in", description="Where the key goes."
    )
    name: str = Field(description="Name of the header, query parameter or cookie.")
    value: str = Field(description="The key; `{field}` stands for a login field.")
    scheme: str | None = Field(
        default=None, description="The document's security scheme to satisfy."
    )


class BearerKind(Closed):
    """A bearer token."""

    kind: Literal["bearer"] = Field(description="A bearer token in `Authorization`.")
    value: str = Field(description="The token; `{field}` stands for a login field.")
    scheme: str | None = Field(
        default=None, description="The document's security scheme to satisfy."
    )


class ProviderSection(Closed):
    """The upstream's authorization server."""

    preset: Literal["oauth2", "oidc", "cognito", "google", "github"] = Field(
        default="oauth2", description="Whose ways it has; what it tells of itself is read."
    )
    issuer: _Url = Field(default="", description="Exactly what it calls itself.")
    authorize_url: _Url = Field(default="", description="Where people log in.")
    token_url: _Url = Field(default="", description="Where tokens are given.")
    revoke_url: _Url = Field(default="", description="Where tokens are given back.")
    jwks_url: _Url = Field(default="", description="The keys of its ID tokens.")
    token_auth: Literal["basic", "post", "none"] = Field(
        default="basic", description="How a client shows itself at `token_url`."
    )
    pkce: bool = Field(default=True, description="Whether it knows PKCE with S256.")


class OAuthCodeKind(Closed):
    """A token that each person grants at the provider."""

    kind: Literal["oauth2_authorization_code"] = Field(
        description="People log in at the provider (RFC 6749 4.1)."
    )
    provider: ProviderSection = Field(description="Which authorization server, and where it is.")
    scopes: list[ProviderScope] = Field(default=[], description="What is asked for.")
    parameters: dict[str, str] = Field(
        default={}, description="Further parameters of the authorization request."
    )
    scheme: str | None = Field(
        default=None, description="The document's security scheme to satisfy."
    )


class OAuthClientKind(Closed):
    """A token that the provider grants to the client itself."""

    kind: Literal["oauth2_client_credentials"] = Field(
        description="The client has a token of its own (RFC 6749 4.4)."
    )
    provider: ProviderSection = Field(description="Which authorization server, and where it is.")
    scopes: list[ProviderScope] = Field(default=[], description="What is asked for.")
    parameters: dict[str, str] = Field(
        default={}, description="Further parameters of the token request."
    )
    client_id: str = Field(
        default="", description="`{field}` stands for a login field; else that of the operator."
    )
    client_secret: str = Field(
        default="", description="`{field}` stands for a login field; else that of the operator."
    )
    scheme: str | None = Field(
        default=None, description="The document's security scheme to satisfy."
    )


SingleAuth: TypeAlias = BasicKind | ApiKeyKind | BearerKind | OAuthCodeKind | OAuthClientKind
"""One way to prove who is calling."""


class ChainKind(Closed):
    """Several ways."""

    kind: Literal["chain"] = Field(description="Several ways.")
    use: Literal["first", "all"] = Field(
        default="first",
        description="The first that a person has what it takes for, or all at once.",
    )
    schemes: list[Annotated[SingleAuth, Field(discriminator="kind")]] = Field(
        min_length=2, description="The ways, each as `auth` alone."
    )


AuthSection: TypeAlias = Annotated[NoAuthKind | SingleAuth | ChainKind, Field(discriminator="kind")]


def singles(auth: AuthSection) -> Iterator[SingleAuth]:
    """Each way of `auth`, in its order."""
    match auth:
        case NoAuthKind():
            return
        case ChainKind():
            yield from auth.schemes
        case _:
            yield auth


def together(auth: AuthSection) -> tuple[tuple[SingleAuth, ...], ...]:
    """The sets of ways of which one goes with a request."""
    ways = tuple(singles(auth))
    if isinstance(auth, ChainKind) and auth.use == "first":
        return tuple((way,) for way in ways)
    return (ways,)
