"""The cookie that ties an authorization to the browser in which it began.

Without it, a form token that an attacker fetched would be as good in the victim's browser
(CVE-2026-27124). It remembers nothing else: a remembered consent would let another client ride on
it (GHSA-6x8h-498w-gv8c).
"""

from typing import Final

from quart import Request, Response

from treenail_runtime.crypto.opaque import is_well_formed, new_token

_PREFIX: Final = "treenail"
_SECONDS: Final = 600


def browser_of(request: Request, *, https: bool) -> str | None:
    """The browser's id; None when it brings none."""
    found = request.cookies.get(_name(https=https), "")
    return found if is_well_formed(found, "bro") else None


def is_opened(request: Request) -> bool:
    """Whether a person opens a page, as far as the browser tells (W3C Fetch Metadata 2).

    Not so for what another page loads by itself, such as an image or a frame, and for what a
    browser fetches in case it is needed (`Sec-Purpose`). Programs tell nothing, and may go on.
    """
    told = request.headers
    return (
        told.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and told.get("Sec-Fetch-Dest", "document") == "document"
        and not told.get("Sec-Purpose", "").startswith("prefetch")
    )


def new_browser() -> str:
    """An id for a browser that has none."""
    return new_token(_PREFIX, "bro")


def set_browser(
    response: Response, browser: str, *, https: bool, lifetime_s: int = _SECONDS
) -> None:
    """Let the browser keep its id for as long as an authorization may wait."""
    # RFC 6265bis 4.1.3.2: `__Host-` cookies come from this host, over https, for every path.
    # On loopback there is no https, and so no such name.
    response.set_cookie(
        _name(https=https),
        browser,
        max_age=lifetime_s,
        path="/",
        secure=https,
        httponly=True,
        samesite="Lax",
    )


def _name(*, https: bool) -> str:
    return "__Host-treenail" if https else "treenail"
