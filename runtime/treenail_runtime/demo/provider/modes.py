"""Which product the provider is like: its paths, and what it does its own way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

ModeName: TypeAlias = Literal["oidc", "cognito", "github"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One product's ways.

    Attributes:
        name: The product.
        issuer: Path of the issuer.
        paths: Of the endpoints, by name; what is not there, it does not have.
        signs: Whether there are ID tokens, keys and a document.
        renews_refresh: Whether its refresh answers may carry a new refresh token.
        writes_access_as_jwt: Whether its access tokens are JWTs, without `aud` (Cognito).
        speaks_github: Errors with status 200, scopes with commas, forms unless JSON is asked for.
    """

    name: ModeName
    issuer: str
    paths: Mapping[str, str]
    signs: bool = True
    renews_refresh: bool = True
    writes_access_as_jwt: bool = False
    speaks_github: bool = False


_COMMON: Final = {"login": "/login", "consent": "/consent", "introspect": "/introspect"}
_POOL: Final = "/eu-west-1_Demo"

MODES: Final[Mapping[ModeName, Mode]] = {
    "oidc": Mode(
        name="oidc",
        issuer="",
        paths={
            **_COMMON,
            "document": "/.well-known/openid-configuration",
            "keys": "/jwks",
            "authorize": "/authorize",
            "token": "/token",
            "revoke": "/revoke",
            "userinfo": "/userinfo",
        },
    ),
    "cognito": Mode(
        name="cognito",
        issuer=_POOL,
        paths={
            **_COMMON,
            "document": f"{_POOL}/.well-known/openid-configuration",
            "keys": f"{_POOL}/.well-known/jwks.json",
            "authorize": "/oauth2/authorize",
            "token": "/oauth2/token",
            "revoke": "/oauth2/revoke",
            "userinfo": "/oauth2/userInfo",
        },
        renews_refresh=False,
        writes_access_as_jwt=True,
    ),
    "github": Mode(
        name="github",
        issuer="",
        paths={
            **_COMMON,
            "authorize": "/login/oauth/authorize",
            "token": "/login/oauth/access_token",
            "revoke": "/applications/<client_id>/token",
            "end": "/applications/<client_id>/grant",
            "userinfo": "/user",
        },
        signs=False,
        speaks_github=True,
    ),
}
