"""OAuth 2 and OpenID Connect of a document, as the `auth` section of a connector file."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from treenail_generator.document import SecurityScheme
from treenail_generator.yaml_source import JSON

from .proposal import AuthProposal

_USABLE: Final = re.compile(r"https://[^\s#{}]+")
_SCOPE: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,256}")
_DISCOVERY: Final = "/.well-known/openid-configuration"
_TOKEN: Final[dict[str, JSON]] = {"name": "token", "label": "Access token", "type": "password"}
_CLIENT: Final[tuple[dict[str, JSON], ...]] = (
    {"name": "client_id", "label": "Client ID"},
    {"name": "client_secret", "label": "Client secret", "type": "password"},
)


def propose_grant(scheme: SecurityScheme, scopes: Sequence[str]) -> AuthProposal:
    """A login at the provider; a client of each person's own; else a token that people paste."""
    usable = [scope for scope in scopes if _SCOPE.fullmatch(scope)]
    for propose in (_openid, _code, _client):
        found = propose(scheme, usable)
        if found is not None:
            left_out = _left_out(len(scopes) - len(usable))
            return replace(found, notes=(*found.notes, *left_out))
    note = f"{scheme.name} is {scheme.kind}: people paste an access token of their own"
    section: dict[str, JSON] = {"kind": "bearer", "value": "{token}"}
    return AuthProposal(section=section, fields=(_TOKEN,), notes=(note,))


def _left_out(count: int) -> tuple[str, ...]:
    if count == 0:
        return ()
    names = "one scope has a name" if count == 1 else f"{count} scopes have names"
    return (f"{names} that no provider can be asked for (RFC 6749 3.3), and left out",)


def _openid(scheme: SecurityScheme, scopes: Sequence[str]) -> AuthProposal | None:
    url = scheme.openid_url
    if not (_USABLE.fullmatch(url) and url.endswith(_DISCOVERY)):
        return None
    provider: dict[str, JSON] = {"preset": "oidc", "issuer": url.removesuffix(_DISCOVERY)}
    return _login(scheme, provider, list(dict.fromkeys(["openid", *scopes])))


def _code(scheme: SecurityScheme, scopes: Sequence[str]) -> AuthProposal | None:
    flow = scheme.flows.get("authorizationCode")
    if flow is None or not all(map(_USABLE.fullmatch, (flow.authorize_url, flow.token_url))):
        return None
    provider: dict[str, JSON] = {"authorize_url": flow.authorize_url, "token_url": flow.token_url}
    # Without its issuer, an ID token cannot be checked.
    return _login(scheme, provider, [scope for scope in scopes if scope != "openid"])


def _client(scheme: SecurityScheme, scopes: Sequence[str]) -> AuthProposal | None:
    flow = scheme.flows.get("clientCredentials")
    if flow is None or not _USABLE.fullmatch(flow.token_url):
        return None
    return AuthProposal(
        section={
            "kind": "oauth2_client_credentials",
            "scheme": scheme.name,
            "provider": {"token_url": flow.token_url},
            "scopes": list(scopes),
            "client_id": "{client_id}",
            "client_secret": "{client_secret}",
        },
        fields=_CLIENT,
    )


def _login(
    scheme: SecurityScheme, provider: dict[str, JSON], scopes: Sequence[str]
) -> AuthProposal:
    return AuthProposal(
        section={
            "kind": "oauth2_authorization_code",
            "scheme": scheme.name,
            "provider": provider,
            "scopes": list(scopes),
        },
        notes=(
            "the operator's client is read from <CONNECTOR>_OAUTH_CLIENT_ID and _OAUTH_CLIENT_SECRET",
            "to have people paste a token: kind: bearer, value: '{token}', and a login field",
        ),
    )
