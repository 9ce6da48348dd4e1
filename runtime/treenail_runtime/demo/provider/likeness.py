"""A made-up provider in the place of the one that a connector declares."""

from dataclasses import replace
from urllib.parse import urlsplit

from treenail_runtime.contract import OAuthProvider
from treenail_runtime.providers.discovery import document_url
from treenail_runtime.providers.provider import document_of

from .modes import MODES, Mode


def mode_like(provider: OAuthProvider) -> Mode:
    """The ways of a provider whose URLs have the same paths as those of `provider`.

    Args:
        provider: With the URLs of its preset filled in, on any host.
    """
    paths = _paths(provider)
    alike = (mode for mode in MODES.values() if paths.items() <= mode.paths.items())
    if not provider.issuer and (known := next(alike, None)):
        return known
    same = (mode for mode in MODES.values() if mode.name == provider.preset)
    base = next(same, MODES["oidc"])
    issuer = urlsplit(provider.issuer).path.removesuffix("/")
    return replace(base, issuer=issuer, paths={**base.paths, **paths})


def _paths(provider: OAuthProvider) -> dict[str, str]:
    urls = {
        "authorize": provider.authorize_url,
        "token": provider.token_url,
        "revoke": provider.revoke_url.replace("{client_id}", "<client_id>"),
        "keys": provider.jwks_url,
    }
    kind = document_of(provider)
    if kind is not None:
        urls["document"] = document_url(provider.issuer, kind)
    return {name: urlsplit(url).path for name, url in urls.items() if url}
