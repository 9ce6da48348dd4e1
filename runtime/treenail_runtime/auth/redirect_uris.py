r"""Redirect URIs as raw text: which may be registered, which match, and how an answer is added.

No URL class ever touches one: each of them normalises, and what was normalised is not what the
client registered (`ht\ttps://` and `/x/../cb` matched that way elsewhere). RFC 9700 section 2.1
and 4.1.3, RFC 8252 sections 7 and 8.
"""

import re
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, Literal
from urllib.parse import quote, unquote_to_bytes

from treenail_runtime.settings import NEVER_SCHEMES

LONGEST: Final = 2048
"""Characters of a redirect URI."""

_SAFE: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
"""RFC 3986 section 2 without `#`: nothing here can end a header, a tag or an attribute."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):(.*)", re.DOTALL)
_AUTHORITY: Final = re.compile(
    r"//(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?(?P<rest>(?:[/?].*)?)",
    re.DOTALL,
)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOTS: Final = re.compile(r"(?:\.|%2e){1,2}(?:;.*)?", re.IGNORECASE | re.DOTALL)
_LOOPBACK: Final = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<rest>(?:[/?].*)?)",
    re.DOTALL,
)
_HIGHEST_PORT: Final = 65_535
_LONGEST_HOST: Final = 253
_PORTS: Final = {"http": "80", "https": "443"}

_ANSWERS: Final = frozenset(
    {b"code", b"state", b"iss", b"error", b"error_description", b"error_uri"}
)
"""Names that only we may use in an authorization response (RFC 6749 4.1.2, RFC 9207)."""


class UnsafeRedirectError(ValueError):
    """A stored URI cannot stand in a `Location` header; it never passed `check_redirect_uri`."""


def check_redirect_uri(
    uri: str, *, application_type: Literal["native", "web"], schemes: frozenset[str]
) -> str | None:
    """What is wrong with registering `uri`; None when nothing is.

    Args:
        uri: As the client wrote it.
        application_type: `web` means https and no loopback (OpenID Connect Registration 2).
        schemes: Private-use schemes that the operator allows (RFC 8252 7.1), for native clients.
    """
    if not 0 < len(uri) <= LONGEST:
        return f"is empty or longer than {LONGEST} characters"
    if "#" in uri:
        return "has a fragment"
    if not _SAFE.fullmatch(uri):
        return "holds a character that has to be percent-encoded"
    found = _SCHEME.fullmatch(uri)
    if found is None:
        return "does not begin with a scheme in lower case"
    scheme, rest = found.groups()
    if scheme in {"http", "https"}:
        return _web_problem(scheme, rest, application_type)
    return _private_problem(scheme, rest, application_type, schemes)


def _web_problem(scheme: str, rest: str, application_type: str) -> str | None:
    found = _AUTHORITY.fullmatch(rest)
    if found is None:
        return "has no plain host and port: lower case, ASCII, no user name, no wildcard"
    if not _is_host(found["host"]) or not _is_port(found["port"]):
        return "has no usable host or port"
    if _has_dots(found["rest"]):
        return "has dot segments in its path"
    loopback = _is_loopback(found["host"])
    if application_type == "web" and (scheme != "https" or loopback):
        return "must be https and not on loopback, for a web application"
    if scheme == "http" and not _LOOPBACK.fullmatch(f"http:{rest}"):
        return "must be https; http is for 127.0.0.1, [::1] and localhost"
    return None


def _private_problem(
    scheme: str, rest: str, application_type: str, schemes: frozenset[str]
) -> str | None:
    if application_type != "native" or scheme in NEVER_SCHEMES or scheme not in schemes:
        return "has a scheme that is not allowed here"
    authority, _, _ = rest.removeprefix("//").partition("/")
    if not rest.startswith("/") or (rest.startswith("//") and "@" in authority):
        return "must continue with a slash and hold no user name"
    return "has dot segments in its path" if _has_dots(rest) else None


def matches(requested: str, registered: str) -> bool:
    """Whether a request's URI is the registered one, character by character.

    Only the port of an http loopback URI may differ (RFC 8252 7.3): the application takes a free
    one each time.
    """
    if requested == registered:
        return True
    ours, theirs = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(requested)
    if ours is None or theirs is None or not _is_port(theirs["port"]):
        return False
    return (ours["host"], ours["rest"]) == (theirs["host"], theirs["rest"])


def build_redirect(uri: str, params: Sequence[tuple[str, str]]) -> str:
    """`uri` with `params` added; each of our names stands in it exactly once.

    What the registered query says under one of our names goes; every other byte stays.

    Raises:
        UnsafeRedirectError: The result could not stand in a header, or is a script.
    """
    base, mark, query = uri.partition("?")
    names = [name for name, _ in params]
    if len(set(names)) != len(names):
        raise UnsafeRedirectError("a parameter is given twice")
    ours = _ANSWERS | {name.encode() for name in names}
    kept = [pair for pair in query.split("&") if _name(pair) not in ours] if mark else []
    added = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params]
    target = f"{base}?{'&'.join([*kept, *added])}" if kept or added else base
    scheme = _SCHEME.fullmatch(uri)
    if scheme is None or not _SAFE.fullmatch(target):
        raise UnsafeRedirectError("a stored redirect URI is malformed")
    if scheme[1] in NEVER_SCHEMES and _AUTHORITY.fullmatch(scheme[2]) is None:
        raise UnsafeRedirectError("a stored redirect URI is no place to go")
    if scheme[1] in NEVER_SCHEMES - {"http", "https"}:
        raise UnsafeRedirectError("a stored redirect URI has a forbidden scheme")
    return target


def redirect_host(uri: str) -> str:
    """For people: the host without its port, or `cursor:` where an application owns the scheme."""
    scheme, authority = _parts(uri)
    return f"{scheme}:" if authority is None else authority["host"]


def redirect_place(uri: str) -> str:
    """As `redirect_host`, with the port where it is not the scheme's own."""
    scheme, authority = _parts(uri)
    if authority is None:
        return f"{scheme}:"
    port = authority["port"]
    return authority["host"] if port in {None, _PORTS[scheme]} else f"{authority['host']}:{port}"


def is_loopback_redirect(uri: str) -> bool:
    """Whether the answer goes to whatever program listens on the person's own machine."""
    _, authority = _parts(uri)
    return authority is not None and _is_loopback(authority["host"])


def _parts(uri: str) -> tuple[str, re.Match[str] | None]:
    """Scheme and authority; no authority for a private-use scheme."""
    found = _SCHEME.fullmatch(uri)
    if found is None:
        raise UnsafeRedirectError("a stored redirect URI has no scheme")
    if found[1] not in {"http", "https"}:
        return found[1], None
    authority = _AUTHORITY.fullmatch(found[2])
    if authority is None:
        raise UnsafeRedirectError("a stored redirect URI has no host")
    return found[1], authority


def _name(pair: str) -> bytes:
    return unquote_to_bytes(pair.partition("=")[0].replace("+", " "))


def _has_dots(rest: str) -> bool:
    return any(_DOTS.fullmatch(segment) for segment in rest.partition("?")[0].split("/"))


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return is_ipv6(host[1:-1])
    labels = host.split(".")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    # Browsers read `2130706433`, `0x7f.1` and `127.1` as addresses (WHATWG URL 3.5).
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return is_ipv4(host)
    return True


def is_ipv4(host: str) -> bool:
    """Whether `host` is an address in four decimal parts."""
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False


def is_ipv6(host: str) -> bool:
    """Whether `host` is an IPv6 address without brackets and zone."""
    try:
        IPv6Address(host)
    except AddressValueError:
        return False
    return "%" not in host


def _is_port(port: str | None) -> bool:
    return port is None or int(port) <= _HIGHEST_PORT


def _is_loopback(host: str) -> bool:
    if host.startswith("["):
        if not is_ipv6(host[1:-1]):
            return False
        address = IPv6Address(host[1:-1])
        return address.is_loopback or bool(address.ipv4_mapped and address.ipv4_mapped.is_loopback)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_ipv4(host) and IPv4Address(host).is_loopback
