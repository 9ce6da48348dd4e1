"""Puts into one request what the tool, the connector and the credentials say."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote, unquote_plus

import httpx

from treenail_runtime.contract import InvalidArguments

from .credentials import Credentials


def with_query(asked: str, credentials: Credentials) -> str:
    """The query of a request, with the credentials that go there.

    Raises:
        InvalidArguments: It holds their name already; which one the upstream would read, nobody
            can tell.
    """
    key = credentials.query_text
    if not asked or not key:
        return asked or key
    taken = {unquote(name) for name, _ in credentials.query}
    for pair in asked.split("&"):
        name = unquote_plus(pair.partition("=")[0])
        if name in taken:
            raise InvalidArguments([f"{name}: the connection sets this query parameter itself"])
    return f"{asked}&{key}"


def cookie_field(
    asked: str, fixed_headers: Mapping[str, str], credentials: Credentials
) -> Sequence[tuple[str, str]]:
    """One `Cookie` field (RFC 6265 5.4) of what the connector, its credentials and the tool say.

    A name goes to the credentials first, and then to the connector.
    """
    if not asked and not credentials.cookies:
        return ()
    own = [f"{name}={value}" for name, value in credentials.cookies]
    fixed = [text for name, text in fixed_headers.items() if name.lower() == "cookie"]
    return (("Cookie", _one_cookie_field("; ".join(own), *fixed, asked)),)


def joined(*parts: Mapping[str, str] | Sequence[tuple[str, str]]) -> httpx.Headers:
    """One header of each name, of the last part that has it.

    Not by `httpx.Headers.update`, which decodes every name again: a client is made for each call.
    """
    fields: dict[str, tuple[str, str]] = {}
    for part in parts:
        for field in part.items() if isinstance(part, Mapping) else part:
            fields[field[0].lower()] = field
    return httpx.Headers(list(fields.values()))


def _one_cookie_field(*fields: str) -> str:
    """Cookie fields in one, each without the names of those before it."""
    pairs: list[str] = []
    for field in fields:
        taken = {pair.partition("=")[0] for pair in pairs}
        pairs += [
            pair for pair in field.split("; ") if pair and pair.partition("=")[0] not in taken
        ]
    return "; ".join(pairs)
