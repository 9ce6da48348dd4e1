"""Parameters of OAuth requests, read in the one way that RFC 6749 3.1 and 3.2 allow."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast
from urllib.parse import unquote_to_bytes

from quart import Request

from treenail_runtime.auth.errors import OAuthError

_FORM: Final = "application/x-www-form-urlencoded"
_MOST: Final = 100
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")

Parameters = Mapping[str, str]


async def read_form(request: Request) -> Parameters:
    """The body's parameters; one that is empty counts as absent, one that is unknown is kept.

    Raises:
        OAuthError: `invalid_request`: another media type, a repeated parameter, no UTF-8.
    """
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise OAuthError(
            "invalid_request", f"send the parameters as {_FORM}", f"content type {media_type[:50]}"
        )
    return parameters(cast("bytes", await request.get_data(parse_form_data=False)))


def read_query(request: Request) -> tuple[Parameters, frozenset[str]]:
    """The query string's parameters, and the names of repeated ones, for the caller to refuse.

    Raises:
        OAuthError: `invalid_request`: too many, no UTF-8.
    """
    query: bytes = request.query_string
    return first_of_each(query)


def all_of_each(request: Request) -> Mapping[str, Sequence[str]]:
    """The query string's parameters with all their values, for whoever has to judge repetitions.

    Raises:
        OAuthError: `invalid_request`: too many, no UTF-8.
    """
    found: dict[str, list[str]] = {}
    for name, text in _pairs(request.query_string):
        found.setdefault(name, []).append(text)
    return found


def parameters(encoded: bytes) -> Parameters:
    """Names and values of an `application/x-www-form-urlencoded` text.

    Raises:
        OAuthError: `invalid_request`: a repeated parameter, too many, no UTF-8.
    """
    found, repeated = first_of_each(encoded)
    for name in repeated:
        raise OAuthError("invalid_request", "a parameter is repeated", f"repeated {name[:40]!r}")
    return found


def first_of_each(encoded: bytes) -> tuple[Parameters, frozenset[str]]:
    """The parameters, and the names that came more than once; of those, the first value.

    A name counts as often as it stands there, whatever its values are.

    Raises:
        OAuthError: `invalid_request`: too many, no UTF-8.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    repeated: set[str] = set()
    for key, text in _pairs(encoded):
        if key in seen:
            repeated.add(key)
            continue
        seen.add(key)
        if text:
            found[key] = text
    return found, frozenset(repeated)


def _pairs(encoded: bytes) -> Iterator[tuple[str, str]]:
    pairs = [pair for pair in encoded.split(b"&") if pair]
    if len(pairs) > _MOST:
        raise OAuthError("invalid_request", "too many parameters")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        yield _decoded(name), _decoded(value)


def _decoded(text: bytes) -> str:
    if _BAD_ESCAPE.search(text):
        raise OAuthError("invalid_request", "a parameter is not percent-encoded correctly")
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise OAuthError("invalid_request", "a parameter is not UTF-8") from None
