"""Which `Host` and `Origin` a request may carry: the answer to DNS rebinding.

Source: MCP, Transports, "Security Warning": servers MUST validate `Origin`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from .cors import NO_CORS, CorsRules, Origins

_LOOPBACK: Final = ("127.0.0.1:*", "localhost:*", "[::1]:*")
_LOOPBACK_ORIGINS: Final = tuple(
    f"{scheme}://{name}" for scheme in ("http", "https") for name in _LOOPBACK
)

# RFC 9110 7.2 `uri-host [":" port]`, without user information, percent-encoding or other characters
# that a URL parser further on could read differently.
_HOST: Final = re.compile(
    r"(?P<name>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
)

_PORT: Final = re.compile(r":[0-9]+$")
_DEFAULT_PORTS: Final = {"https": "443", "http": "80"}

HostVerdict = Literal["allowed", "malformed", "unknown"]


@dataclass(frozen=True, slots=True)
class _Allowed:
    """Exact values, and values that may have any port."""

    exact: frozenset[str]
    any_port: frozenset[str]

    def admits(self, value: str) -> bool:
        if value in self.exact or value in self.any_port:
            return True
        name, colon, port = value.rpartition(":")
        return bool(colon) and port.isdecimal() and name in self.any_port


def _allowed(values: Iterable[str]) -> _Allowed:
    listed = set(values)
    return _Allowed(
        exact=frozenset(value for value in listed if not value.endswith(":*")),
        any_port=frozenset(value.removesuffix(":*") for value in listed if value.endswith(":*")),
    )


class HostRules:
    """The names under which this server answers, and the web pages that may call it."""

    def __init__(
        self,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        *,
        own_origins: Iterable[str] = _LOOPBACK_ORIGINS,
        cors: CorsRules = NO_CORS,
    ) -> None:
        """Admit the loopback names on any port, and what is listed.

        Args:
            hosts: `name`, `name:port`, or `name:*` for any port.
            origins: The same behind `http://` or `https://`.
            own_origins: Where our own pages are, which post logins and decisions.
            cors: Origins that may call routes with CORS.
        """
        self._hosts = _allowed((*_LOOPBACK, *(host.lower() for host in hosts)))
        self._origins = _allowed((*_LOOPBACK_ORIGINS, *origins))
        self._own = _allowed(own_origins)
        self.cors = cors

    @classmethod
    def of_base_url(
        cls,
        base_url: str,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        *,
        cors: CorsRules = NO_CORS,
    ) -> "HostRules":
        """The rules of a server that is announced as `base_url`: `scheme://name[:port]`."""
        scheme, _, host = base_url.lower().rstrip("/").partition("://")
        explicit = f":{_DEFAULT_PORTS.get(scheme, '')}"
        host = host.removesuffix(explicit)
        # A client may write the port that goes without saying.
        names = (host,) if _PORT.search(host) else (host, host + explicit)
        return cls((*names, *hosts), origins, own_origins=(f"{scheme}://{host}",), cors=cors)

    def host(self, value: str) -> HostVerdict:
        """What to think of a `Host` header."""
        lower = value.lower()
        if not _HOST.fullmatch(lower):
            return "malformed"
        return "allowed" if self._hosts.admits(lower) else "unknown"

    def admits_origin(self, value: str, kind: Origins = "listed", fetch_site: str = "") -> bool:
        """Whether a page of that origin may call; exactly as browsers write it (RFC 6454 6.2).

        Args:
            value: The `Origin` header.
            kind: Of the route.
            fetch_site: `Sec-Fetch-Site`, which no page can forge.
        """
        match kind:
            case "own":
                # With `Referrer-Policy: no-referrer`, as our pages have it, browsers send
                # `Origin: null` with a form (Fetch standard, "append a request Origin header").
                return self._own.admits(value) or (value == "null" and fetch_site == "same-origin")
            case "cors":
                return self._origins.admits(value) or self.cors.admits(value)
            case "listed":
                return self._origins.admits(value)
