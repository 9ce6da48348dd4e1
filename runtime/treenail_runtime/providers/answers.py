"""From an HTTP answer of a provider to what it says, or to the error that it is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import httpx

from treenail_runtime.clock import Clock
from treenail_runtime.retry_after import told_s

from .errors import Concerned, ProviderBroken, ProviderError, ProviderRefused, ProviderUnavailable
from .presets import Preset

HEADERS: Final = {"Accept": "application/json", "User-Agent": "treenail", "Connection": "close"}
"""Of every request. On a kept connection that the provider has closed meanwhile, nobody knows whether
a code or a refresh token arrived; a second time it may end the grant.
"""

_LONGEST_PAUSE_S: Final = 3600.0
_MOST_FIELDS: Final = 100
_ERROR: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_GONE: Final = frozenset({404, 422})
_TOO_MANY: Final = 429
_BUSY: Final = frozenset({408, 425, _TOO_MANY})
_OK: Final = 200
_SERVER_ERRORS: Final = 500
_AWAY: Final = frozenset({502, 503, 504})
"""Statuses of a provider that is down. 500 is not among them: one odd code may cause it."""

_TRANSIENT: Final[Mapping[str, Concerned]] = {
    "temporarily_unavailable": "provider",
    "server_error": "grant",
    "slow_down": "client",
}
"""RFC 6749 4.1.2.1, RFC 8628 3.5: errors that say "later", and to whom."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its whole body."""

    status: int
    headers: httpx.Headers
    body: bytes


def check_available(reply: Reply, now: Clock, stumbled: Concerned) -> None:
    """Refuse an answer that says "later".

    Args:
        reply: The answer.
        now: The time of day.
        stumbled: What a failure concerns that may be due to the question.

    Raises:
        ProviderUnavailable: It does, by its status.
    """
    if reply.status in _BUSY or reply.status >= _SERVER_ERRORS:
        pause_s = told_s(reply.headers, now)
        bounded = None if pause_s is None else min(pause_s, _LONGEST_PAUSE_S)
        concerns = _concerned(reply.status, stumbled)
        raise ProviderUnavailable(f"status {reply.status}", bounded, concerns=concerns)


def _concerned(status: int, stumbled: Concerned) -> Concerned:
    if status == _TOO_MANY:
        return "client"
    return "provider" if status in _AWAY else stumbled


def read_document(reply: Reply, now: Clock) -> Mapping[str, Any]:
    """The JSON object of a document of the provider.

    Raises:
        ProviderUnavailable: It cannot be had now.
        ProviderBroken: It is not there, or is no JSON object.
    """
    check_available(reply, now, "provider")
    if reply.status != _OK:
        raise ProviderBroken(f"status {reply.status} where its document should be")
    document = _object(reply)
    if document is None:
        raise ProviderBroken("its document is no JSON object")
    return document


def read_granted(
    reply: Reply, preset: Preset, now: Clock, stumbled: Concerned = "grant"
) -> Mapping[str, Any]:
    """The members of a successful answer of the token endpoint (RFC 6749 5.1).

    Args:
        reply: The answer.
        preset: The provider's ways.
        now: The time of day.
        stumbled: What a failure concerns that may be due to the question.

    Raises:
        ProviderRefused: The answer is an error (5.2); GitHub sends it with status 200.
        ProviderUnavailable: It says "later".
        ProviderBroken: It is neither.
    """
    check_available(reply, now, stumbled)
    said = _object(reply)
    if said is not None and isinstance(said.get("error"), str):
        raise refusal(said, preset)
    if not httpx.codes.is_success(reply.status) or said is None:
        raise ProviderBroken(f"status {reply.status} without an answer of OAuth")
    return said


def was_known(reply: Reply, preset: Preset, now: Clock) -> bool:
    """Whether the revocation endpoint knew the token, as far as it says (RFC 7009 2.2: always).

    GitHub does not find a token that is gone already.

    Raises:
        ProviderRefused: The answer is an error.
        ProviderUnavailable: It says "later".
        ProviderBroken: It is neither.
    """
    if preset.revocation == "github" and reply.status in _GONE:
        return False
    if not httpx.codes.is_success(reply.status):
        read_granted(reply, preset, now)
    return True


def refusal(said: Mapping[str, Any], preset: Preset) -> ProviderError:
    """The error that an answer with `error` is, bounded, in the standard's words."""
    name = str(said["error"])
    error = preset.error_names.get(name, name) if _ERROR.fullmatch(name) else "unreadable_error"
    text = said.get("error_description")
    if error in _TRANSIENT:
        return ProviderUnavailable(error, concerns=_TRANSIENT[error])
    return ProviderRefused(error, text if isinstance(text, str) else "")


def _object(reply: Reply) -> Mapping[str, Any] | None:
    kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(reply.body.decode(), max_num_fields=_MOST_FIELDS))
        value = json.loads(reply.body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
