"""Who asks: the address that limits are counted by.

`X-Forwarded-For` is whatever a client writes, up to the part that our own proxies appended.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

import structlog

from .asgi import Scope

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

UNKNOWN: Final = "unknown"
"""Who comes over a Unix socket without a proxy that says more."""

_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
_SUBSCRIBER: Final = 64
"""Bits of an IPv6 address that a subscriber cannot change; the others are free for the taking."""

_MOST_TEXT: Final = 4096
_FORWARDED_FOR: Final = re.compile(
    r"""(?:^|;)\s*for\s*=\s*(?:"([^"\\]*)"|([^";\s]*))\s*(?:;|$)""", re.IGNORECASE
)
_WITH_PORT: Final = re.compile(r"\[(?P<six>[0-9A-Fa-f:.]+)\](?::\d{1,5})?|(?P<four>[\d.]+):\d{1,5}")


class ProxyListError(ValueError):
    """An entry of the list of proxies is no network.

    Attributes:
        problems: One for each such entry.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, init=False)
class CallerRule:
    """Which proxies are believed."""

    trusted: tuple[Network, ...]
    _unheeded: "_Unheeded" = field(compare=False, repr=False)

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        """Believe the proxies at `trusted`: addresses, networks, or `loopback`.

        Raises:
            ProxyListError: With all faults at once.
        """
        networks: list[Network] = []
        problems: list[str] = []
        for entry in trusted:
            try:
                networks += _networks(entry.strip())
            except ValueError:
                problems.append(f"{entry!r} is no network: write 10.0.0.0/8, fd00::/8 or loopback")
        if problems:
            raise ProxyListError(*problems)
        object.__setattr__(self, "trusted", tuple(networks))
        object.__setattr__(self, "_unheeded", _Unheeded())

    def address(self, scope: Scope) -> str:
        """The caller of an HTTP request, IPv6 cut to its /64; `unknown` where nobody knows.

        That is the peer, unless the peer is a trusted proxy: then the right-most address that is
        none. Whatever is no address ends the search at the proxy that handed it on.
        """
        client: tuple[str, int] | None = scope.get("client")
        peer = _read(client[0]) if client else None
        if peer is None:
            return UNKNOWN
        found = peer
        if not self.trusted and _joined(scope, b"x-forwarded-for"):
            self._unheeded.tell()
        for hop in self._hops(scope) if self.trusted and self._trusts(peer) else ():
            if hop is None:
                break
            found = hop
            if not self._trusts(hop):
                break
        return _told(found)

    def _hops(self, scope: Scope) -> Iterable[Address | None]:
        """What proxies say, the nearest first; `Forwarded` (RFC 7239) only without the other."""
        texts = _joined(scope, b"x-forwarded-for")
        if texts:
            return map(_read_hop, reversed(texts))
        return map(_read_forwarded, reversed(_joined(scope, b"forwarded")))

    def _trusts(self, address: Address) -> bool:
        return any(address.version == each.version and address in each for each in self.trusted)


class _Unheeded:
    """Says once that a proxy may have been forgotten: then everybody shares its limits."""

    def __init__(self) -> None:
        self._told = False

    def tell(self) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "proxy.not_trusted",
                problem="a request came with X-Forwarded-For, which nobody is trusted to send",
                hint="if there is a proxy, name it in TREENAIL_TRUSTED_PROXIES",
            )


def _networks(entry: str) -> Iterable[Network]:
    names = _LOOPBACK if entry == "loopback" else (entry,)
    return [ipaddress.ip_network(name) for name in names]


def _joined(scope: Scope, name: bytes) -> Sequence[str]:
    """The elements of a list field, over all its lines (RFC 9110 5.3)."""
    lines = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ",".join(lines)[-_MOST_TEXT:].split(",") if lines else ()


@lru_cache(maxsize=1024)
def _read(text: str) -> Address | None:
    """An address; IPv4 also where it came mapped into IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _read_hop(text: str) -> Address | None:
    text = text.strip()
    found = _WITH_PORT.fullmatch(text)
    return _read(text if found is None else found["six"] or found["four"])


def _read_forwarded(element: str) -> Address | None:
    found = _FORWARDED_FOR.search(element)
    return None if found is None else _read_hop(found[1] or found[2] or "")


def _told(address: Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), _SUBSCRIBER), strict=False))
