"""Which `Host` and `Origin` a request may carry: the answer to DNS rebinding.

Source: MCP, Transports, "Security Warning": servers MUST validate `Origin`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

_LOOPBACK: Final = ("127.0.0.1:*", "localhost:*", "[::1]:*")
_LOOPBACK_ORIGINS: Final = tuple(
    f"{scheme}://{name}" for scheme in ("http", "https") for name in _LOOPBACK
)

# RFC 9110 7.2 `uri-host [":" port]`, without user information, percent-encoding or other characters
# that a URL parser further on could read differently.
_HOST: Final = re.compile(
    r"(?P<name>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
)

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

    def __init__(self, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        """Admit the loopback names on any port, and what is listed.

        Args:
            hosts: `name`, `name:port`, or `name:*` for any port.
            origins: The same behind `http://` or `https://`.
        """
        self._hosts = _allowed((*_LOOPBACK, *(host.lower() for host in hosts)))
        self._origins = _allowed((*_LOOPBACK_ORIGINS, *origins))

    def host(self, value: str) -> HostVerdict:
        """What to think of a `Host` header."""
        lower = value.lower()
        if not _HOST.fullmatch(lower):
            return "malformed"
        return "allowed" if self._hosts.admits(lower) else "unknown"

    def admits_origin(self, value: str) -> bool:
        """Whether a page of that origin may call; exactly as browsers write it (RFC 6454 6.2)."""
        return self._origins.admits(value)
