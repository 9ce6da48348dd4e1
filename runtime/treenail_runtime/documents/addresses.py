"""Which addresses a server may be sent to by a stranger: the answer to SSRF.

`ipaddress.is_global` is no such answer: Python 3.11 calls `64:ff9b::a9fe:a9fe`, `2002:a9fe:a9fe::1`,
`::169.254.169.254` and `fec0::1` global. So the ranges stand here, from IANA's two special-purpose
address registries (RFC 6890), and for IPv6 only what is allocated as global unicast is let through.
"""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_REFUSED_V4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

_GLOBAL_V6: Final = IPv6Network("2000::/3")
_REFUSED_V6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which embeds an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""Upper half of an interface id that embeds an IPv4 address (RFC 5214 6.1)."""


def is_admitted(address: str, networks: Sequence[Network] = ()) -> bool:
    """Whether a connection to `address` can reach nothing but the public internet.

    Args:
        address: From a resolver; what is no address is not admitted.
        networks: Admitted all the same, by the operator's choice.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if any(found in network for network in networks):
        return True
    return _is_public_v4(found) if isinstance(found, IPv4Address) else _is_public_v6(found)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _REFUSED_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        # What DNS64 makes of an IPv4-only site; the network translates it back (RFC 6052 2.1).
        return _is_public_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in _GLOBAL_V6 or any(address in network for network in _REFUSED_V6):
        return False
    return (int(address) >> 32) & 0xFFFF_FFFF not in _ISATAP
