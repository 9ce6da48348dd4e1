"""Where a connector's provider is, and how it is led somewhere else for trials."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from treenail_runtime.contract import (
    Auth,
    ChainAuth,
    OAuthClientAuth,
    OAuthCodeAuth,
    OAuthProvider,
)

from .presets import PRESETS


def led_to(auth: Auth, origin: str) -> Auth:
    """`auth` with every URL of its providers at `origin`, those of their presets included.

    Args:
        auth: What the connector declares.
        origin: Scheme, host and port; paths stay as they are.
    """
    match auth:
        case OAuthCodeAuth() | OAuthClientAuth():
            return replace(auth, provider=_moved(auth.provider, origin))
        case ChainAuth():
            return replace(auth, schemes=tuple(led_to(each, origin) for each in auth.schemes))
        case _:
            return auth


def login_places(declared: OAuthProvider) -> Sequence[str]:
    """URLs at the places where people log in, as far as they are known without asking anybody.

    A discovery document may name another one, then over https.
    """
    preset = PRESETS[declared.preset]
    named = (declared.authorize_url, preset.authorize_url, declared.issuer, preset.issuer)
    return [each for each in named if each]


def _moved(provider: OAuthProvider, origin: str) -> OAuthProvider:
    preset = PRESETS[provider.preset]
    return replace(
        provider,
        issuer=_at(origin, provider.issuer or preset.issuer),
        authorize_url=_at(origin, provider.authorize_url or preset.authorize_url),
        token_url=_at(origin, provider.token_url or preset.token_url),
        revoke_url=_at(origin, provider.revoke_url or preset.revoke_url),
        jwks_url=_at(origin, provider.jwks_url),
    )


def _at(origin: str, url: str) -> str:
    """`url` there; an empty one is still none."""
    return origin + urlsplit(url).path if url else ""
