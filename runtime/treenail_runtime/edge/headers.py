"""Header fields that tell a browser what it must not do with an answer, by kind of answer."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

HSTS: Final = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
"""RFC 6797; browsers ignore it over plain http."""

_EVERYWHERE: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HTTPS: Final = "https:"
_NO_STORE: Final = {"Cache-Control": "no-store"}
_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# CSP 3 host-source knows neither IPv6 addresses nor anything beyond letters, digits, `-` and `.`.
_HTTP_ORIGIN: Final = re.compile(
    r"(?P<origin>(?P<scheme>https?)://(?:[A-Za-z0-9.-]+|(?P<six>\[[0-9A-Fa-f:.]+\]))(?::[0-9]{1,5})?)"
    r"(?:[/?#].*)?",
    re.DOTALL,
)
_PRIVATE_SCHEME: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):.*", re.DOTALL)


def json_headers(*, https: bool) -> dict[str, str]:
    """For answers of endpoints."""
    return _headers(_NO_STORE, {"Content-Security-Policy": _NOTHING}, https=https)


def metadata_headers(*, https: bool, max_age_s: int = 300) -> dict[str, str]:
    """For discovery documents, which are the same for everyone (RFC 8414, RFC 9728)."""
    return _headers(
        {"Cache-Control": f"public, max-age={max_age_s}"},
        {"Content-Security-Policy": _NOTHING},
        https=https,
    )


def page_headers(form_targets: Iterable[str] = (), *, https: bool) -> dict[str, str]:
    """For pages that people see.

    Args:
        form_targets: URLs to which a form of the page may lead: redirect URIs, already proven, and
            a provider's; an empty one is none. Browsers apply `form-action` to every redirect that
            follows a POST, also to those of the client behind its redirect URI, or of the provider,
            whose places only they know: any https one is let through.
        https: The server is reached over https.
    """
    sources = {source for uri in form_targets if (source := _csp_source(uri))}
    targets = sorted(
        {_HTTPS if each.startswith(_HTTPS) else each for each in sources} | {_HTTPS}
        if sources
        else ()
    )
    policy = "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            " ".join(("form-action 'self'", *targets)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )
    return _headers(
        _NO_STORE,
        {
            "Content-Security-Policy": policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
        https=https,
    )


def _headers(*parts: Mapping[str, str], https: bool) -> dict[str, str]:
    headers = dict(_EVERYWHERE)
    for part in parts:
        headers.update(part)
    if https:
        headers.update((HSTS,))
    return dict(sorted(headers.items()))


def _csp_source(uri: str) -> str | None:
    """What `form-action` calls the origin of `uri`; None when it has none that can be written."""
    found = _HTTP_ORIGIN.fullmatch(uri)
    if found is not None:
        return f"{found['scheme']}:" if found["six"] else found["origin"]
    private = _PRIVATE_SCHEME.fullmatch(uri)
    if private is None or private["scheme"] in {"http", "https", "data", "javascript", "blob"}:
        return None
    return f"{private['scheme']}:"
