"""What the agent hears of a failed call. Never a credential, never a stack trace."""

import unicodedata
from math import ceil
from typing import Final

import httpx
import pydantic_core
from pydantic import JsonValue

from treenail_runtime.contract import (
    Endpoint,
    ErrorRules,
    ToolError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from treenail_runtime.contract.answer import detail

from .credentials import Credentials
from .exchange import AnswerError, Outcome, WholeResponse

_MESSAGE_CHARACTERS: Final = 500
_CODE_CHARACTERS: Final = 100
_EXAMINED_CHARACTERS: Final = 4000

_LATER: Final = "Try again later."
_LOOK_FIRST: Final = "The change may have been made: read the current state before you try again."
_REDIRECTED_WRITE: Final = (
    "It is not known whether the change was made: look before you call again. Other arguments do "
    "not help."
)
_REDIRECTED_READ: Final = (
    "Redirects are not followed, and other arguments seldom help: the connector, or the address of "
    "its server, may be out of date."
)
_UNKNOWN: Final = "; whether the change was made is unknown"

_ADVICE: Final = {
    304: "It is what it was: nothing is told anew of the version that the arguments name.",
    401: "The stored credentials were refused; the person who connected this server must connect again.",
    403: "The stored credentials do not allow this; the person who connected this server must connect "
    "again with an account that may.",
    404: "Nothing is there: copy ids from earlier answers, never make them up.",
    409: "This conflicts with the current state: read it again, then decide.",
    412: "It was changed meanwhile: read it again and use its current version.",
    429: "Too many calls at once: wait before the next one.",
}


def told(
    failure: Outcome,
    endpoint: Endpoint,
    rules: ErrorRules,
    credentials: Credentials,
    retry_after_s: float | None,
    *,
    maybe_received: bool = False,
) -> ToolError:
    """The error for the last attempt of a call; `maybe_received` tells of those before it."""
    match failure:
        case WholeResponse():
            refused = _refused(failure, endpoint, rules, credentials, retry_after_s)
            # Its own change is what a second attempt would conflict with.
            ours = maybe_received and not endpoint.reads
            refused.maybe_done = ours and failure.is_client_error
            return refused
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return UpstreamUnavailable(
                "the upstream could not be reached" + _unsent(endpoint), advice=_LATER
            )
        case httpx.TimeoutException():
            return timed_out(endpoint)
        case AnswerError(fault="too large"):
            return UpstreamMalformed(
                f"the upstream's answer is larger than {endpoint.max_bytes} bytes",
                advice="Ask for less at once: a smaller page, a shorter period, a narrower filter.",
            )
        case httpx.NetworkError() | AnswerError(fault="cut short"):
            return UpstreamUnavailable(
                "the connection to the upstream broke" + _doubt(endpoint), advice=_again(endpoint)
            )
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return UpstreamUnavailable("the request cannot be sent: the connector is at fault")
        case _:
            return UpstreamMalformed(
                "the upstream's answer breaks the rules of HTTP" + _doubt(endpoint),
                advice=_again(endpoint),
            )


def timed_out(endpoint: Endpoint) -> UpstreamTimeout:
    """The error for a call whose deadline passed."""
    return UpstreamTimeout(
        f"the upstream did not answer within {endpoint.timeout_s:g} s" + _doubt(endpoint),
        advice=_again(endpoint),
    )


def not_proven() -> UpstreamUnavailable:
    """The error for a call whose deadline passed while a token was waited for."""
    return UpstreamUnavailable(
        "the upstream's login server did not answer in time; nothing was done",
        advice="Try again later.",
    )


def resting(endpoint: Endpoint, wait_s: float) -> UpstreamUnavailable:
    """The error for a call that was not made because the circuit is open."""
    return UpstreamUnavailable(
        "the upstream failed several times in a row and is left alone for now" + _unsent(endpoint),
        advice=f"Try again in {ceil(wait_s)} s.",
        retry_after_s=wait_s,
    )


def _unsent(endpoint: Endpoint) -> str:
    # An earlier attempt at a repeatable request may well have been received.
    return "" if endpoint.repeatable else "; nothing was sent"


def _doubt(endpoint: Endpoint) -> str:
    return "" if endpoint.reads else _UNKNOWN


def _again(endpoint: Endpoint) -> str:
    return _LATER if endpoint.reads else _LOOK_FIRST


def _refused(
    response: WholeResponse,
    endpoint: Endpoint,
    rules: ErrorRules,
    credentials: Credentials,
    retry_after_s: float | None,
) -> UpstreamRefused:
    body = _json(response.body)
    problem = body if _is_problem(response) else None
    code = (rules.code and detail(body, rules.code)) or _problem_type(problem)
    code = _shown(code, credentials, _CODE_CHARACTERS)
    told = (rules.message and detail(body, rules.message)) or _problem_text(problem)
    message = told or _text(response, body)
    text = _shown(message, credentials, _MESSAGE_CHARACTERS)
    status = response.status_code
    phrase = f"the upstream answered {status} {httpx.codes.get_reason_phrase(status)}".rstrip()
    if response.is_redirect:
        place = _shown(response.headers.get("Location"), credentials, _MESSAGE_CHARACTERS)
        phrase = f"{phrase}, which leads to {place}" if place else phrase
    return UpstreamRefused(
        status,
        f"{phrase}: {text}" if text else phrase,
        code=code,
        advice=_advice(status, endpoint),
        retry_after_s=retry_after_s,
    )


def _is_problem(response: WholeResponse) -> bool:
    """Whether the body is a problem (RFC 9457 3)."""
    return "problem+json" in response.headers.get("Content-Type", "").lower()


def _problem_type(problem: JsonValue) -> str | None:
    """The type of a problem, unless it says no more than the status (RFC 9457 4.2.1)."""
    kind = detail(problem, "type")
    return kind if kind != "about:blank" else None


def _problem_text(problem: JsonValue) -> str:
    """Title and detail of a problem (RFC 9457 3.1); empty when it has neither."""
    parts = (detail(problem, "title"), detail(problem, "detail"))
    return ": ".join(dict.fromkeys(part for part in parts if part))


def _advice(status: int, endpoint: Endpoint) -> str | None:
    if httpx.codes.is_server_error(status):
        return _LATER if endpoint.repeatable else _again(endpoint)
    if httpx.codes.is_redirect(status) and not endpoint.reads:
        return _REDIRECTED_WRITE
    return _ADVICE.get(status, _REDIRECTED_READ if httpx.codes.is_redirect(status) else None)


def _json(body: bytes) -> JsonValue:
    try:
        return pydantic_core.from_json(body)
    except ValueError:
        return None


def _text(response: WholeResponse, body: JsonValue) -> str:
    if body is not None:
        # Written anew: escapes could hide a credential.
        return pydantic_core.to_json(body).decode()
    kind = response.headers.get("Content-Type", "text/plain").lower()
    # An HTML page is made for eyes: its first characters say nothing.
    if "html" in kind or not any(word in kind for word in ("text", "json", "xml")):
        return ""
    return response.body.decode(errors="replace")


def _shown(text: str | None, credentials: Credentials, most: int) -> str | None:
    """`text` in one line of printable characters; None when nothing of it can be shown."""
    if not text or credentials.appear_in(text):
        return None
    printable = "".join(
        " " if unicodedata.category(character).startswith(("C", "Z")) else character
        for character in text[:_EXAMINED_CHARACTERS]
    )
    line = " ".join(printable.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
