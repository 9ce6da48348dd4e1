"""Keyed digests: equal values are recognised, and a database dump does not tell which they are."""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Final, cast

from .keys import KeyRing

_FINGERPRINT: Final = "hmac/fingerprint"


class Macs:
    """HMAC-SHA256 (RFC 2104) under keys of the ring, one for each purpose."""

    __slots__ = ("_ring",)

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def __repr__(self) -> str:
        return f"Macs({self._ring!r})"

    def fingerprint(self, config: Mapping[str, object]) -> str:
        """`<kid>.<base64url>` of a configuration of JSON values, in whatever order they stand.

        Raises:
            TypeError: For a value that is not JSON, such as a hidden secret: it would look like
                every other hidden secret.
        """
        return self._fingerprint(config, self._ring.current)

    def fits(self, fingerprint: str, config: Mapping[str, object]) -> bool:
        """Whether `fingerprint` is of `config`, under any key of the ring; in constant time."""
        kid = kid_of(fingerprint)
        if kid not in self._ring.kids:
            return False
        expected = self._fingerprint(config, kid)
        return hmac.compare_digest(fingerprint.encode("utf-8", "surrogatepass"), expected.encode())

    def ip(self, address: str) -> bytes:
        """32 bytes for a client's address; others once the current key changes."""
        return self._mac("hmac/ip", address)

    def form(self, browser: str, ticket: str) -> str:
        """64 hexadecimal digits: a form for `ticket`, shown in that browser; later keys make others."""
        return self._mac("hmac/form", f"{len(browser)}:{browser}{ticket}").hex()

    def key(self, bucket: str, key: str) -> bytes:
        """32 bytes for who is counted in the rate limit `bucket`."""
        return self._mac("hmac/rate", f"{len(bucket)}:{bucket}{key}")

    def _mac(self, purpose: str, text: str) -> bytes:
        message = text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._ring.key(purpose), message, "sha256")

    def _fingerprint(self, config: Mapping[str, object], kid: str) -> str:
        mac = hmac.digest(self._ring.key(_FINGERPRINT, kid), _canonical(config), "sha256")
        return f"{kid}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def kid_of(fingerprint: str) -> str:
    """The id of the key that `fingerprint` was made with; empty when it names none."""
    kid, dot, _ = fingerprint.partition(".")
    return kid if dot else ""


def _canonical(config: Mapping[str, object]) -> bytes:
    text = json.dumps(
        dict(config), sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_object
    )
    return text.encode()


def _as_object(value: object) -> object:
    """Mappings that are no dicts; the error for the rest names only the type."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))  # json checks what is in it
    raise TypeError(f"{type(value).__name__} is not a JSON value")
