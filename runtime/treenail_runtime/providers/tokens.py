"""Requests to the token and revocation endpoints, and what their answers grant. Pure."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote, quote_plus, urlencode

import httpx
import orjson
from pydantic import SecretStr

from treenail_runtime.crypto.sealing import MOST_PLAIN_BYTES

from .answers import HEADERS
from .errors import ProviderBroken
from .presets import Preset
from .provider import Provider, ProviderClient

LONGEST_TOKEN: Final = MOST_PLAIN_BYTES
"""What can be kept, sealed."""

_LONGEST_LIFE_S: Final = 365 * 24 * 3600
_LONGEST_SCOPE: Final = 8192
_HEADER_TEXT: Final = re.compile(r"[\x21-\x7e]+")
_VISIBLE: Final = re.compile(r"[\x20-\x7e]+")
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_SECRET: Final = ("code", "code_verifier", "refresh_token", "access_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """What the provider granted.

    Attributes:
        refresh: None when there is none, and no old one either.
        expires_in_s: Of the access token, from now; None when the provider does not say, or says
            nothing that can be meant.
        scopes: None when they are the ones that were asked for (RFC 6749 5.1).
        subject: Who granted it, from the ID token; None where there is none.
        issuer: The identity of the provider, for `refresh` and `revoke`.
    """

    access: SecretStr
    refresh: SecretStr | None
    expires_in_s: int | None
    scopes: frozenset[str] | None
    subject: str | None
    issuer: str


def token_request(
    provider: Provider, client: ProviderClient, form: Mapping[str, str]
) -> httpx.Request:
    """A request to the token endpoint, in which the client shows itself (RFC 6749 2.3.1)."""
    return _posted(provider.token_url, provider, client, form)


def revocation_request(
    provider: Provider, client: ProviderClient, token: SecretStr, hint: str
) -> httpx.Request:
    """A request that gives a token back (RFC 7009 2.1), or all that GitHub granted with it."""
    if provider.preset.revocation == "github":
        return _given_back_to_github(provider, client, token)
    form = {"token": token.get_secret_value(), "token_type_hint": hint}
    return _posted(provider.revoke_url, provider, client, form)


def secrets_of(form: Mapping[str, str], client: ProviderClient) -> Sequence[str]:
    """What of a request must not be told."""
    own = client.client_secret.get_secret_value() if client.client_secret else ""
    return [value for value in (*(form.get(name) for name in _SECRET), own) if value]


def _posted(
    url: str, provider: Provider, client: ProviderClient, form: Mapping[str, str]
) -> httpx.Request:
    headers = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
    secret = client.client_secret
    if secret is None or provider.token_auth == "none":  # noqa: S105  # the name of a way
        form = {**form, "client_id": client.client_id}
    elif provider.token_auth == "post":  # noqa: S105  # the same
        own = {"client_id": client.client_id, "client_secret": secret.get_secret_value()}
        form = {**form, **own}
    else:
        headers["Authorization"] = _basic(client.client_id, secret)
    return httpx.Request("POST", url, headers=headers, content=urlencode(form).encode())


def _given_back_to_github(
    provider: Provider, client: ProviderClient, token: SecretStr
) -> httpx.Request:
    url = provider.revoke_url.replace("{client_id}", quote(client.client_id, safe=""))
    headers = {**HEADERS, "Content-Type": "application/json"}
    headers["Authorization"] = _basic(client.client_id, client.client_secret or SecretStr(""))
    body = orjson.dumps({"access_token": token.get_secret_value()})
    return httpx.Request("DELETE", url, headers=headers, content=body)


def _basic(client_id: str, secret: SecretStr) -> str:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.get_secret_value())}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def read_tokens(
    said: Mapping[str, Any], provider: Provider, *, old_refresh: SecretStr | None = None
) -> TokenSet:
    """The tokens of a successful answer, bounded.

    Args:
        said: The members of the answer.
        provider: Whose answer it is.
        old_refresh: Stays valid when no new one comes (RFC 6749 6); Cognito never sends one. One
            that cannot be used is none: the access token is good all the same.

    Raises:
        ProviderBroken: There is no access token that a request could carry, or it is no bearer
            token (RFC 6750).
    """
    access = _token(said.get("access_token"), _HEADER_TEXT)
    if access is None:
        raise ProviderBroken("its answer has no usable access token")
    # Required by RFC 6749 5.1; left out by some, who mean bearer tokens.
    kind = said.get("token_type", "bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ProviderBroken("its access token is no bearer token")
    return TokenSet(
        access=access,
        refresh=_token(said.get("refresh_token"), _VISIBLE) or old_refresh,
        expires_in_s=_lifetime_s(said.get("expires_in")),
        scopes=_scopes(said.get("scope"), provider.preset),
        subject=None,
        issuer=provider.identity,
    )


def _token(value: object, allowed: re.Pattern[str]) -> SecretStr | None:
    if not isinstance(value, str) or len(value) > LONGEST_TOKEN or not allowed.fullmatch(value):
        return None
    return SecretStr(value)


def _lifetime_s(value: object) -> int | None:
    """Whole seconds; a number as text is taken, too, and what is not positive says nothing."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(min(value, _LONGEST_LIFE_S)) if value >= 1 else None


def _scopes(value: object, preset: Preset) -> frozenset[str] | None:
    if isinstance(value, list):
        words = [word for word in cast("list[object]", value) if isinstance(word, str)]
    elif isinstance(value, str) and len(value) <= _LONGEST_SCOPE:
        words = value.replace(preset.scope_separator, " ").split()
    else:
        return None
    return frozenset(word for word in words if _SCOPE.fullmatch(word))
