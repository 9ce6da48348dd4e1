"""The kinds of values that settings take, each refused with what to write instead."""

import ipaddress
import re
from collections.abc import Set
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

_NAME: Final = r"(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])"
_PORT: Final = r"(?::(?:\*|[1-9][0-9]{0,4}))?"
_HOST: Final = re.compile(_NAME + _PORT)
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://" + _NAME + _PORT)
_EXACT_ORIGIN: Final = re.compile(r"https?://" + _NAME + r"(?::[1-9][0-9]{0,4})?")
_AUTHORITY: Final = re.compile(
    r"(?:.*@)?(?P<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::(?P<port>.*))?"
)
_PORT_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")
_HIGHEST_PORT: Final = 65_535
_PREFIX: Final = re.compile(r"(?:/[a-z0-9][a-z0-9_-]{0,31}){1,3}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{1,63}")

NEVER_SCHEMES: Final = frozenset(
    {
        *("about", "blob", "content", "data", "file", "filesystem", "ftp", "gopher", "intent"),
        *("jar", "javascript", "mailto", "ms-appx", "sms", "tel", "urn", "vbscript"),
        *("view-source", "ws", "wss", "http", "https"),
    }
)
"""Schemes that no application can own; `http` and `https` have rules of their own."""

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
"""A comma-separated list."""


def _are_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    return _matching(_HOST, hosts, "write name, name:port or name:*")


def _are_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    return _matching(_ORIGIN, origins, "write scheme://name, scheme://name:port or :*")


def _are_cors_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in origins:
        return ("*",)
    return _matching(_EXACT_ORIGIN, origins, "write https://name or https://name:port, or *")


def _are_prefixes(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    for prefix in prefixes:
        _is_prefix(prefix)
    return prefixes


def _is_prefix(prefix: str) -> str:
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ValueError("write a path such as /oauth, without a slash at the end")
    return prefix


def _are_schemes(schemes: tuple[str, ...]) -> tuple[str, ...]:
    for scheme in schemes:
        if not _SCHEME.fullmatch(scheme) or scheme in NEVER_SCHEMES:
            raise ValueError("write schemes that an application owns, such as cursor")
    return schemes


def _are_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    return _readable(networks, "write 10.0.0.0/8, or one address")


def _are_proxies(proxies: tuple[str, ...]) -> tuple[str, ...]:
    return _readable(proxies, "write 10.0.0.0/8, one address, or loopback", {"loopback"})


def _readable(
    networks: tuple[str, ...], hint: str, words: Set[str] = frozenset()
) -> tuple[str, ...]:
    for number, network in enumerate(networks, 1):
        try:
            if network not in words:
                ipaddress.ip_network(network)
        except ValueError:
            raise ValueError(f"entry {number} is no network: {hint}") from None
    return networks


Hosts = Annotated[Names, AfterValidator(_are_hosts)]
Origins = Annotated[Names, AfterValidator(_are_origins)]
CorsOrigins = Annotated[Names, AfterValidator(_are_cors_origins)]
PathPrefix = Annotated[str, AfterValidator(_is_prefix)]
PathPrefixes = Annotated[Names, AfterValidator(_are_prefixes)]
Schemes = Annotated[Names, AfterValidator(_are_schemes)]
Networks = Annotated[Names, AfterValidator(_are_networks)]
Proxies = Annotated[Names, AfterValidator(_are_proxies)]
"""Networks, and the word `loopback`."""


def _is_upstream(url: str | None) -> str | None:
    if url is None:
        return None
    host = _host(url)
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("credentials do not belong into the URL")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http would show the credentials: use https, or loopback")
    return url


def _is_provider(url: str | None) -> str | None:
    if url is None:
        return None
    plain = url.lower().removesuffix("/")
    if not _EXACT_ORIGIN.fullmatch(plain) or not is_loopback(_host(plain)):
        raise ValueError("write http://127.0.0.1:port: it is for a provider on this machine")
    return plain


def _is_base(url: str | None) -> str | None:
    if url is None:
        return None
    plain = url.lower().removesuffix("/")
    if not _EXACT_ORIGIN.fullmatch(plain):
        raise ValueError("write https://name or https://name:port, without a path")
    host = _host(plain)
    scheme = plain.partition("://")[0]
    if scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https:// unless it names a loopback address")
    return plain.removesuffix(_DEFAULT_PORTS[scheme])


UpstreamUrl = Annotated[str | None, AfterValidator(_is_upstream)]
ProviderUrl = Annotated[str | None, AfterValidator(_is_provider)]
BaseUrl = Annotated[str | None, AfterValidator(_is_base)]


def host_of(url: str) -> str:
    """The host of a URL that was validated, without brackets or port."""
    return _host(url)


def _host(url: str) -> str:
    """The host of `url`, which can be connected to; its faults are told without its text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("no usable host") from None
    found = _AUTHORITY.fullmatch(parts.netloc.lower())
    if found is None or (":" in found["host"] and not _is_ipv6(found["host"])):
        raise ValueError("no usable host")
    port = found["port"]
    if port is not None and not (_PORT_NUMBER.fullmatch(port) and int(port) <= _HIGHEST_PORT):
        raise ValueError(f"no usable port: it is a number from 1 to {_HIGHEST_PORT}")
    return found["host"].strip("[]")


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _matching(pattern: re.Pattern[str], values: tuple[str, ...], hint: str) -> tuple[str, ...]:
    """The values in lower case, as browsers write them."""
    lower = tuple(value.lower() for value in values)
    for number, value in enumerate(lower, 1):
        port = value.rpartition(":")[2]
        if not pattern.fullmatch(value) or (port.isdecimal() and int(port) > _HIGHEST_PORT):
            raise ValueError(f"entry {number} can match nothing: {hint}")
    return lower


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine and no other."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
