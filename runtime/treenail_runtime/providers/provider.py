"""All that is known of a provider once connector, preset and its own document are put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from treenail_runtime.auth.redirect_uris import check_redirect_uri, is_loopback_redirect
from treenail_runtime.contract import OAuthClientAuth, OAuthProvider
from treenail_runtime.contract.auth import PLACEHOLDER, TokenAuth

from .discovery import Discovered
from .errors import ProviderBroken
from .presets import PRESETS, Preset

_NOTHING: Final = Discovered()


@dataclass(frozen=True, slots=True)
class ProviderClient:
    """We ourselves, as the provider knows us.

    Attributes:
        client_secret: None for a public client.
    """

    client_id: str
    client_secret: SecretStr | None = None


def client_of_values(grant: OAuthClientAuth, given: Mapping[str, str]) -> ProviderClient | None:
    """The client that login fields name; None when the connector asks for none."""
    if not grant.client_id:
        return None
    secret = _filled(grant.client_secret, given)
    return ProviderClient(_filled(grant.client_id, given), SecretStr(secret) if secret else None)


def _filled(template: str, given: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda field: given.get(field[1], ""), template)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider whose endpoints are known and fit to be used.

    Attributes:
        issuer: Empty for one that has no name.
        revoke_url: Empty where tokens cannot be given back.
        jwks_url: Empty where there are no ID tokens.
        names_itself: Whether its authorization responses always carry `iss` (RFC 9207 2.3).
    """

    issuer: str
    authorize_url: str
    token_url: str
    revoke_url: str
    jwks_url: str
    token_auth: TokenAuth
    pkce: bool
    names_itself: bool
    preset: Preset

    @property
    def identity(self) -> str:
        """Its issuer or, for one without, its token endpoint.

        Codes and tokens are never shown to a provider of another identity.
        """
        return self.issuer or self.token_url


def issuer_of(declared: OAuthProvider) -> str:
    """The issuer that the connector or its preset names; empty for none."""
    return declared.issuer or PRESETS[declared.preset].issuer


def identity_of(declared: OAuthProvider) -> str:
    """What `Provider.identity` says, without asking the provider."""
    return issuer_of(declared) or declared.token_url or PRESETS[declared.preset].token_url


def document_of(declared: OAuthProvider) -> str | None:
    """Which document has to be read before the provider is known; None for none."""
    document = PRESETS[declared.preset].document
    if not issuer_of(declared):
        return None
    if document == "oauth" and declared.authorize_url and declared.token_url:
        return None
    return document


def put_together(declared: OAuthProvider, found: Discovered = _NOTHING) -> Provider:
    """The provider as the connector declares it, then as it describes itself, then by its preset.

    Raises:
        ProviderBroken: It has no token endpoint, or one that must not be used; or it says that it
            does not know S256.
    """
    preset = PRESETS[declared.preset]
    issuer = issuer_of(declared)
    token_url = declared.token_url or found.token_url or preset.token_url
    if not token_url:
        raise ProviderBroken("it has no token endpoint")
    if declared.pkce and not found.takes_s256:
        raise ProviderBroken("it does not take S256; say `pkce: false` if that is known")
    provider = Provider(
        issuer=issuer,
        authorize_url=declared.authorize_url or found.authorize_url or preset.authorize_url,
        token_url=token_url,
        revoke_url=declared.revoke_url or found.revoke_url or preset.revoke_url,
        jwks_url=declared.jwks_url or found.jwks_url,
        token_auth=preset.token_auth or _token_auth(declared.token_auth, found),
        pkce=declared.pkce,
        names_itself=found.names_itself,
        preset=preset,
    )
    _check_endpoints(provider)
    return provider


def check_endpoint(url: str, issuer: str, what: str) -> None:
    """Refuse an endpoint that is neither https nor on loopback (RFC 8414 2, RFC 9700 2.6).

    Loopback is for providers that are there themselves: nobody else may send us to our own host.

    Raises:
        ProviderBroken: It must not be used.
    """
    at_home = not issuer or _is_at_home(issuer)
    plain = url.replace("{client_id}", "client")
    kind = "native" if at_home else "web"
    problem = check_redirect_uri(plain, application_type=kind, schemes=frozenset())
    if problem:
        raise ProviderBroken(f"its {what} {problem}")


def _is_at_home(issuer: str) -> bool:
    problem = check_redirect_uri(issuer, application_type="native", schemes=frozenset())
    return problem is None and is_loopback_redirect(issuer)


def _check_endpoints(provider: Provider) -> None:
    for what, url in (
        ("authorization endpoint", provider.authorize_url),
        ("token endpoint", provider.token_url),
        ("revocation endpoint", provider.revoke_url),
        ("key set", provider.jwks_url),
    ):
        if url:
            check_endpoint(url, provider.issuer, what)


def _token_auth(declared: TokenAuth, found: Discovered) -> TokenAuth:
    """`basic` unless the provider says that it takes only the other way (RFC 8414 2)."""
    if declared == "basic" and found.token_auths and "basic" not in found.token_auths:
        return "post" if "post" in found.token_auths else declared
    return declared
