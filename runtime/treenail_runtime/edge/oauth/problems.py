"""What people read when it cannot go on: what happened, and what to do. Never a received value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from treenail_runtime.auth.authorization import LocalReason
from treenail_runtime.edge.limiting import TOO_MANY, limit_headers
from treenail_runtime.limits import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A page that ends the attempt."""

    status: int
    title: str
    text: str
    advice: str


@dataclass(slots=True)
class PageError(Exception):
    """Answer with a problem's page.

    Attributes:
        problem: For the person.
        reason: For the log.
        headers: Further header fields, such as `Retry-After`.
    """

    problem: Problem
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        return self.reason


_AGAIN: Final = "Go back to the application and start the connection again."

UNKNOWN_CLIENT: Final = Problem(
    status=400,
    title="Unknown application",
    text="The application that sent you here is not known to this server, or no longer.",
    advice="Remove the connection in the application, then add it again.",
)
WRONG_REDIRECT: Final = Problem(
    status=400,
    title="The way back is not registered",
    text="The application asked to be called back at an address that it has not registered here.",
    advice="Nothing was shared. Remove the connection in the application, then add it again.",
)
MALFORMED: Final = Problem(
    status=400,
    title="This request cannot be read",
    text="The application sent a request that is incomplete or malformed.",
    advice=f"Nothing was shared. {_AGAIN}",
)
NOT_OPENED: Final = Problem(
    status=400,
    title="Open this page by itself",
    text="It was asked for as a part of another page, or before anybody opened it.",
    advice=f"Nothing was shared. {_AGAIN}",
)
GONE: Final = Problem(
    status=400,
    title="This page has expired",
    text="It was open for too long, was already used, or was ended.",
    advice=_AGAIN,
)
NOT_PROVEN: Final = Problem(
    status=403,
    title="This page belongs to another browser",
    text="It was not opened in this browser, or the browser does not keep cookies of this site.",
    advice=f"Allow cookies for this site. {_AGAIN}",
)
CHANGED: Final = Problem(
    status=400,
    title="The application has changed",
    text="While this page was open, the application or its address was removed.",
    advice=f"Nothing was shared. {_AGAIN}",
)
ALTERED: Final = Problem(
    status=400,
    title="This connection has changed",
    text="While you connected, whoever runs it has changed where it leads. Nothing was connected.",
    advice=_AGAIN,
)
NOTHING_TO_CHOOSE: Final = Problem(
    status=422,
    title="There is nothing to choose from",
    text="Your details were accepted, but the upstream offers nothing to choose, and a choice is needed.",
    advice="Ask whoever runs your account there to give it access, or go back and use another one.",
)
DENIED_TOO_OFTEN: Final = Problem(
    status=403,
    title="Too many failed attempts",
    text="The details were refused too often, so that this attempt was ended.",
    advice=f"Check the details first. {_AGAIN}",
)
TOO_MANY_WAITING: Final = Problem(
    status=TOO_MANY,
    title="Too many open connections",
    text="From your network, too many connections have been started and not finished.",
    advice="Finish one of them, or wait ten minutes. Then start again from the application.",
)
TOO_FAST: Final = Problem(
    status=TOO_MANY,
    title="Too many attempts",
    text="There were too many attempts in a short time.",
    advice="Wait a few minutes, then go back and try again.",
)
CLOSED: Final = Problem(
    status=503,
    title="This connection is not in service",
    text="It has not been set up yet, or was switched off.",
    advice="Ask whoever runs it, and try again later.",
)
PROVIDER_AWAY: Final = Problem(
    status=503,
    title="The sign-in page cannot be reached",
    text="The service where you sign in does not answer now. Nothing was connected.",
    advice=f"Wait a moment. {_AGAIN}",
)
PROVIDER_FAILED: Final = Problem(
    status=502,
    title="The sign-in did not work",
    text="The service where you sign in did not confirm it. Nothing was connected.",
    advice=f"{_AGAIN} If it fails again, tell the operator of this server.",
)
ACCOUNT_REFUSED: Final = Problem(
    status=403,
    title="This account cannot be used",
    text="You have signed in, but the service does not let this account in. Nothing was connected.",
    advice=f"Sign in there with another account. {_AGAIN}",
)
ACCOUNT_UNCHECKED: Final = Problem(
    status=503,
    title="This account could not be checked",
    text="You have signed in, but the service did not answer when it was tried. Nothing was connected.",
    advice=f"Wait a moment. {_AGAIN}",
)
SERVER_REFUSED: Final = Problem(
    status=502,
    title="This connection does not work now",
    text="The service does not take this server's own credentials. Nothing was connected.",
    advice="Tell the operator of this server.",
)
SERVER_UNCHECKED: Final = Problem(
    status=503,
    title="The service could not be reached",
    text="It did not answer when it was tried. Nothing was connected.",
    advice=f"Wait a moment. {_AGAIN}",
)
UNFINISHED: Final = Problem(
    status=503,
    title="The last step did not work",
    text="You have signed in, but the server could not keep it. This page cannot be loaded again.",
    advice=f"Wait a moment. {_AGAIN}",
)
DECLINED: Final = Problem(
    status=403,
    title="Nothing was connected",
    text="You have not given your account to this connection.",
    advice="You can close this page.",
)
BUSY: Final = Problem(
    status=503,
    title="The server is busy",
    text="The server cannot answer now.",
    advice="Wait a moment, then load this page again.",
)
BROKEN: Final = Problem(
    status=500,
    title="Something went wrong here",
    text="The server failed unexpectedly. It is not your fault.",
    advice=f"{_AGAIN} If it fails again, tell the operator of this server.",
)

_LOCAL: Final[Mapping[LocalReason, Problem]] = {
    "no client": MALFORMED,
    "repeated client": MALFORMED,
    "unknown client": UNKNOWN_CLIENT,
    "no redirect": WRONG_REDIRECT,
    "repeated redirect": MALFORMED,
    "redirect": WRONG_REDIRECT,
}


def local(reason: LocalReason) -> PageError:
    """A request at /authorize whose client or redirect URI is not proven."""
    return PageError(_LOCAL[reason], reason)


def too_fast(verdict: Verdict) -> PageError:
    """Somebody asks too often."""
    return PageError(TOO_FAST, "rate limit", limit_headers(verdict))
