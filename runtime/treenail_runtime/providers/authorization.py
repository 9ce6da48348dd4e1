"""The way to the provider's page and back: the URL for the browser, and what it brings home."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from treenail_runtime.auth.pkce import METHOD, challenge_of
from treenail_runtime.auth.redirect_uris import UnsafeRedirectError, build_redirect
from treenail_runtime.contract import OAuthCodeAuth

from .answers import refusal
from .errors import ProviderBroken
from .provider import Provider

OPENID: Final = "openid"
"""The scope that asks for an ID token (OpenID Connect Core 3.1.2.1)."""

_LONGEST_CODE: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What the return of a browser from the provider is measured by; to be kept in secret.

    Attributes:
        issuer: The identity of the provider that it was sent to.
        redirect_uri: Where it is sent back to.
        verifier: The secret of the challenge (RFC 7636); None where the provider has no PKCE.
        nonce: Has to stand in the ID token; None when none is asked for.
    """

    issuer: str
    redirect_uri: str
    verifier: SecretStr | None
    nonce: SecretStr | None


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send a browser, and what to keep until it returns."""

    url: str
    attempt: Attempt


def depart(
    provider: Provider, auth: OAuthCodeAuth, client_id: str, *, redirect_uri: str, state: str
) -> Departure:
    """Everything for a new authorization request (RFC 6749 4.1.1); its secrets are new.

    Raises:
        ProviderBroken: The provider has no authorization endpoint.
    """
    verifier = secrets.token_urlsafe(48) if provider.pkce else None
    nonce = secrets.token_urlsafe(32) if OPENID in auth.scopes else None
    url = authorization_url(
        provider,
        auth,
        {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            **({"code_challenge": challenge_of(verifier)} if verifier else {}),
            **({"nonce": nonce} if nonce else {}),
        },
    )
    attempt = Attempt(
        issuer=provider.identity,
        redirect_uri=redirect_uri,
        verifier=SecretStr(verifier) if verifier else None,
        nonce=SecretStr(nonce) if nonce else None,
    )
    return Departure(url, attempt)


def authorization_url(provider: Provider, auth: OAuthCodeAuth, own: Mapping[str, str]) -> str:
    """The URL of an authorization request; `own` parameters go before the connector's.

    Raises:
        ProviderBroken: The provider has no authorization endpoint, or none that can be used.
    """
    if not provider.authorize_url:
        raise ProviderBroken("it has no authorization endpoint")
    parameters = {
        **provider.preset.parameters,
        **auth.parameters,
        **({"scope": " ".join(auth.scopes)} if auth.scopes else {}),
        "response_type": "code",
        **({"code_challenge_method": METHOD} if "code_challenge" in own else {}),
        **own,
    }
    try:
        return build_redirect(provider.authorize_url, list(parameters.items()))
    except UnsafeRedirectError as error:
        raise ProviderBroken(f"its authorization endpoint: {error}") from None


def returned_code(
    provider: Provider, issuer: str, answer: Mapping[str, Sequence[str]]
) -> SecretStr:
    """The code that the browser brought from the provider.

    Args:
        provider: The one that the connector declares now.
        issuer: The identity of the one that the browser was sent to.
        answer: The parameters of the authorization response, each with all its values. That its
            `state` is ours, and this browser's, has been seen before.

    Raises:
        ProviderRefused: The person, or the provider, said no.
        ProviderBroken: The answer is another provider's (RFC 9207 2.4, RFC 9700 4.4), or none.
    """
    if any(len(values) != 1 for values in answer.values()):
        raise ProviderBroken("its authorization response has a parameter twice")
    told = {name: values[0] for name, values in answer.items()}
    if issuer != provider.identity:
        raise ProviderBroken("it is not the one that the browser was sent to")
    _check_issuer(provider, told.get("iss"))
    if "error" in told:
        raise refusal(told, provider.preset)
    code = told.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE or not code.isprintable() or not code.isascii():
        raise ProviderBroken("its authorization response has no usable code")
    return SecretStr(code)


def _check_issuer(provider: Provider, told: str | None) -> None:
    if told is None:
        if provider.names_itself:
            raise ProviderBroken("its authorization response does not name it")
    elif provider.issuer and told != provider.issuer:
        raise ProviderBroken("the authorization response names another issuer")
