"""From a connection's login values to what a request carries to prove who is calling."""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote

from pydantic import SecretStr

from treenail_runtime.contract import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    ChainAuth,
    NoAuth,
    NotConfigured,
    OAuthClientAuth,
    OAuthCodeAuth,
)
from treenail_runtime.contract.auth import PLACEHOLDER

from .ways import chosen_schemes

_UNUSABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and surrogates, which have no UTF-8."""

_HEADER_TEXT: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_COOKIE_TEXT: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_ADVICE: Final = "The person who connected this server must connect again and correct it."


class CredentialSource(Protocol):
    """Where a connection's credentials come from at each call."""

    async def current(self) -> "Credentials":
        """Those that go with a request now.

        Raises:
            ToolError: There are none.
        """
        ...

    async def renewed(self, refused: "Credentials") -> "Credentials | None":
        """Others, after the upstream refused these; None when there are none.

        Raises:
            ToolError: There may be others later.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Header fields and query pairs that go with every request of one connection.

    They are their own source, and never change.

    Attributes:
        query: Percent-encoded names and values.
        cookies: Names and values, as they are sent.
        hidden: Every text that must not be shown.
    """

    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    hidden: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in (*self.headers, *self.query, *self.cookies))
        return f"Credentials({names})"

    @property
    def query_text(self) -> str:
        """The query pairs as a query."""
        return "&".join(f"{name}={value}" for name, value in self.query)

    async def current(self) -> "Credentials":
        """These."""
        return self

    async def renewed(self, refused: "Credentials") -> None:
        """None: there are no others."""

    def appear_in(self, text: str) -> bool:
        """Whether `text` gives any of them away."""
        # Here and not once for all: they are made for every call, and asked this after few.
        return any(form in text for form in _forms(self.hidden))


def credentials_for(
    auth: Auth,
    values: Mapping[str, str],
    secrets: Mapping[str, SecretStr],
    access: SecretStr | None = None,
) -> Credentials:
    """The credentials that `auth` describes, made from the login fields.

    Args:
        auth: What the connector declares; of a chain with a client of its own, what is `settled`.
        values: Login fields that are not secret.
        secrets: The others.
        access: The access token that a provider granted; None when there is none.

    Raises:
        NotConfigured: A field or the token is missing, or holds what its place cannot carry. The
            text names the field or the place, never the value.
    """
    known = {**values, **{name: secret.get_secret_value() for name, secret in secrets.items()}}
    secret_texts = [secret.get_secret_value() for secret in secrets.values()]
    match auth:
        case ChainAuth():
            chosen = _chosen(auth, known, access)
            return _joined([credentials_for(each, values, secrets, access) for each in chosen])
        case OAuthCodeAuth() | OAuthClientAuth():
            return _granted(access, secret_texts)
        case NoAuth():
            return Credentials(hidden=frozenset(secret_texts))
        case BasicAuth(username, password):
            proof = _basic(_filled(username, known), word := _filled(password, known))
            header = ("Authorization", f"Basic {proof}")
            return Credentials((header,), hidden=frozenset([*secret_texts, word, proof]))
        case BearerAuth(token):
            proof = _header_text(_filled(token, known), "token")
            header = ("Authorization", f"Bearer {proof}")
            return Credentials((header,), hidden=frozenset([*secret_texts, proof]))
        case ApiKeyAuth("header", name, value):
            key = _header_text(_filled(value, known), "API key")
            return Credentials(((name, key),), hidden=frozenset([*secret_texts, key]))
        case ApiKeyAuth("cookie", name, value):
            key = _cookie_text(_filled(value, known))
            return Credentials(cookies=((name, key),), hidden=frozenset([*secret_texts, key]))
        case ApiKeyAuth(_, name, value):
            key = _without_controls(_filled(value, known), "API key")
            pair = (quote(name, safe=""), quote(key, safe=""))
            return Credentials(query=(pair,), hidden=frozenset([*secret_texts, key]))


def _chosen(chain: ChainAuth, known: Mapping[str, str], access: SecretStr | None) -> Iterable[Auth]:
    """The schemes of the chain that go with a request."""
    if chain.use == "all":
        # Each tells what it misses.
        return chain.schemes
    chosen = chosen_schemes(chain, known, has_tokens=access is not None)
    if chosen is None:
        raise NotConfigured("the connection has no complete credentials", advice=_ADVICE)
    return chosen


def _joined(parts: Sequence[Credentials]) -> Credentials:
    return Credentials(
        headers=tuple(header for part in parts for header in part.headers),
        query=tuple(pair for part in parts for pair in part.query),
        cookies=tuple(cookie for part in parts for cookie in part.cookies),
        hidden=frozenset[str]().union(*(part.hidden for part in parts)),
    )


def _granted(access: SecretStr | None, hidden: Iterable[str]) -> Credentials:
    if access is None:
        raise NotConfigured("the connection has no token of the provider", advice=_ADVICE)
    token = _header_text(access.get_secret_value(), "access token")
    header = ("Authorization", f"Bearer {token}")
    return Credentials((header,), hidden=frozenset([*hidden, token]))


def _filled(template: str, known: Mapping[str, str]) -> str:
    def value(field: re.Match[str]) -> str:
        found = known.get(field[1])
        if not found:
            raise NotConfigured(f"the connection has no {field[1]}", advice=_ADVICE)
        return found

    return PLACEHOLDER.sub(value, template)


def _basic(username: str, password: str) -> str:
    """The credentials part of RFC 7617 section 2, with its UTF-8 (2.1)."""
    if ":" in username:
        raise NotConfigured("the stored username holds a colon", advice=_ADVICE)
    pair = f"{_without_controls(username, 'username')}:{_without_controls(password, 'password')}"
    return base64.b64encode(pair.encode()).decode()


def _without_controls(text: str, place: str) -> str:
    if _UNUSABLE.search(text):
        raise NotConfigured(f"the stored {place} holds a control character", advice=_ADVICE)
    return text


def _header_text(text: str, place: str) -> str:
    if not _HEADER_TEXT.fullmatch(text):
        raise NotConfigured(
            f"the stored {place} is not plain ASCII without outer spaces", advice=_ADVICE
        )
    return text


def _cookie_text(text: str) -> str:
    """RFC 6265 4.1.1 cookie-octet; never encoded, since nothing says that it would be decoded."""
    if not _COOKIE_TEXT.fullmatch(text):
        raise NotConfigured("the stored API key holds what no cookie can hold", advice=_ADVICE)
    return text


def _forms(secrets: Iterable[str]) -> frozenset[str]:
    """Each of them in every form that an upstream may repeat it in."""
    return frozenset(
        form
        for secret in secrets
        if secret
        for form in (
            secret,
            quote(secret, safe=""),
            json.dumps(secret, ensure_ascii=False)[1:-1],
            html.escape(secret),
        )
    )
