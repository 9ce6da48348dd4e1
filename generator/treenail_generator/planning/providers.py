"""The authorization server of the upstream: whether enough is said of it, and nothing unsafe."""

from typing import Final

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.connector_file.auth import (
    OAuthClientKind,
    OAuthCodeKind,
    ProviderSection,
)
from treenail_generator.plan import ProviderPlan
from treenail_generator.yaml_source import Pointer

from .faults import Faults
from .servers import is_sent_in_clear

_URLS: Final = ("issuer", "authorize_url", "token_url", "revoke_url", "jwks_url")
_KNOWN_BY_NAME: Final = frozenset({"google", "github"})
"""Presets that know all addresses by themselves."""

_BY_ISSUER: Final = frozenset({"oidc", "cognito"})
"""Presets whose addresses stand in a document of the issuer."""

_RESERVED: Final = frozenset(
    {"client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type"}
    | {"code", "code_challenge", "code_challenge_method", "code_verifier", "nonce"}
    | {"redirect_uri", "refresh_token", "request", "request_uri", "response_mode"}
    | {"response_type", "scope", "state"}
)
"""What the runtime says itself (RFC 6749 4.1.1 and 4.4.2, RFC 7636 4.3, OpenID Connect Core 3.1.2.1)."""


def plan_provider(
    request: ConnectorRequest,
    auth: OAuthCodeKind | OAuthClientKind,
    pointer: Pointer,
    faults: Faults,
) -> ProviderPlan:
    """The provider of the scheme at `pointer`."""
    section = auth.provider
    here = (*pointer, "provider")
    for key in _URLS:
        is_sent_in_clear(getattr(section, key), request.at(*here, key), faults)
    missing = _missing(section, auth)
    if missing:
        faults.add(
            request.at(*here),
            "provider-incomplete",
            f"preset {section.preset} needs {' and '.join(missing)}",
            hint="or an issuer that tells of itself" if section.preset == "oauth2" else None,
        )
    if isinstance(auth, OAuthClientKind):
        _tell_half_client(request, auth, pointer, faults)
    elif "openid" in auth.scopes and section.preset == "oauth2" and not section.issuer:
        faults.add(
            request.at(*here),
            "provider-incomplete",
            "the scope openid brings an ID token, which cannot be checked without its issuer",
            hint="say issuer and preset: oidc, or leave the scope out",
        )
    return ProviderPlan(arguments=tuple(section.model_dump(exclude_defaults=True).items()))


def tell_reserved_parameters(
    request: ConnectorRequest,
    auth: OAuthCodeKind | OAuthClientKind,
    pointer: Pointer,
    faults: Faults,
) -> None:
    """Report parameters that the runtime gives itself."""
    for name in auth.parameters:
        if name in _RESERVED:
            faults.add(
                request.key_at(*pointer, "parameters", name),
                "reserved-parameter",
                f"{name!r} is said by the server itself",
                hint="use scopes" if name == "scope" else "leave it out",
            )


def _missing(section: ProviderSection, auth: OAuthCodeKind | OAuthClientKind) -> list[str]:
    """What is needed and neither said nor told by the provider itself."""
    if section.preset in _KNOWN_BY_NAME or section.issuer:
        return []
    needed = ["token_url"]
    if isinstance(auth, OAuthCodeKind):
        needed = ["authorize_url", "token_url"]
    if section.preset in _BY_ISSUER:
        return ["issuer"]
    return [key for key in needed if not getattr(section, key)]


def _tell_half_client(
    request: ConnectorRequest, auth: OAuthClientKind, pointer: Pointer, faults: Faults
) -> None:
    is_public = auth.provider.token_auth == "none"  # noqa: S105  # the name of a way, no secret
    if is_public or bool(auth.client_id) != bool(auth.client_secret):
        faults.add(
            request.at(*pointer),
            "half-client",
            "a client of its own needs client_id and client_secret, both or neither",
            hint="without both, those of the operator are used",
        )
