"""Sealed columns: JWE (RFC 7516) that opens only in the row and column it was made for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe
from joserfc.jwk import OctKey
from joserfc.registry import HeaderParameter
from joserfc.util import json_b64encode, urlsafe_b64decode

from .keys import KeyRing

MOST_PLAIN_BYTES: Final = 48 << 10
_MOST_HEADER: Final = 9 << 10
_MOST_SEALED: Final = 80 << 10
_SEGMENTS: Final = 5
_IV: Final = 16  # characters of 12 bytes
_TAG: Final = 22  # characters of 16 bytes
_HEADER: Final = frozenset({"alg", "enc", "kid", "ctx"})
_CONTEXT: Final = re.compile(r"([a-z][a-z_]*\.[a-z][a-z_]*):.+", re.DOTALL)


class BrokenSealError(Exception):
    """What was sealed cannot be opened here: changed, moved from another row, or of another key.

    Attributes:
        reason: Which check failed, for the log; never any of the text or of the plaintext.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the seal is broken: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value, and the id of the key that it was sealed with."""

    text: str
    kid: str


def context_of(table: str, column: str, row: str | bytes) -> str:
    """The place that a value is bound to: `<table>.<column>:<row>`, binary row ids as hex."""
    return f"{table}.{column}:{row.hex() if isinstance(row, bytes) else row}"


class Sealer:
    """Seals and opens values with `dir` and `A256GCM` (RFC 7518 4.5, 5.3), a key per column.

    Every tool call opens one, so opening does not pass through joserfc: once the header is known to
    be the one that sealing writes, what is left of RFC 7516 5.2 is a single AES-GCM operation.
    """

    __slots__ = ("_ciphers", "_keys", "_registry", "_ring")

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._keys: dict[tuple[str, str], OctKey] = {}
        self._ciphers: dict[tuple[str, str], AESGCM] = {}
        self._registry = _registry()

    def __repr__(self) -> str:
        return f"Sealer({self._ring!r})"

    def seal(self, plain: bytes, context: str, *, kid: str | None = None) -> Sealed:
        """Seal `plain` for the place `context`, with the current key unless `kid` names another.

        Raises:
            ValueError: When `context` is not `<table>.<column>:<row id>`, or either is too long.
        """
        kid = self._ring.current if kid is None else kid
        header = _header(kid, context)
        if len(plain) > MOST_PLAIN_BYTES or len(json_b64encode(header)) > _MOST_HEADER:
            raise ValueError(f"too long to be sealed: at most {MOST_PLAIN_BYTES} bytes")
        key = self._key(context, kid)
        return Sealed(jwe.encrypt_compact(header, plain, key, registry=self._registry), kid)

    def open(self, text: str, context: str) -> bytes:
        """What was sealed for the place `context`.

        Raises:
            BrokenSealError: When any bit of it differs, or it was sealed for another place.
        """
        parts = text.encode().split(b".") if len(text) <= _MOST_SEALED and text.isascii() else []
        if len(parts) != _SEGMENTS:
            raise BrokenSealError("form")
        header, key, iv, body, tag = parts
        kid = self._proven_kid(header, context)
        if (key, len(iv), len(tag)) != (b"", _IV, _TAG):
            raise BrokenSealError("form")
        try:
            sealed = urlsafe_b64decode(body) + urlsafe_b64decode(tag)
            return self._cipher(context, kid).decrypt(urlsafe_b64decode(iv), sealed, header)
        except (InvalidTag, ValueError):
            raise BrokenSealError("integrity") from None

    def _proven_kid(self, segment: bytes, context: str) -> str:
        """The key id in the header, which is byte for byte the one that sealing writes."""
        for kid in self._ring.kids:
            if segment == json_b64encode(_header(kid, context)):
                return kid
        raise BrokenSealError(self._fault(segment, context))

    def _fault(self, segment: bytes, context: str) -> str:
        """What is wrong with a header that is not ours."""
        header = _read(segment)
        if header is None or frozenset(header) != _HEADER:
            return "header"
        if (header["alg"], header["enc"]) != ("dir", "A256GCM"):
            return "algorithm"
        kid = header["kid"]
        if not isinstance(kid, str) or kid not in self._ring.kids:
            return "key id"
        return "header" if header["ctx"] == context else "context"

    def _cipher(self, context: str, kid: str) -> AESGCM:
        purpose = _purpose(context)
        known = self._ciphers.get((purpose, kid))
        if known is None:
            known = self._ciphers[purpose, kid] = AESGCM(self._ring.key(purpose, kid))
        return known

    def _key(self, context: str, kid: str) -> OctKey:
        purpose = _purpose(context)
        known = self._keys.get((purpose, kid))
        if known is None:
            known = OctKey.import_key(self._ring.key(purpose, kid))
            self._keys[purpose, kid] = known
        return known


def _header(kid: str, context: str) -> dict[str, Any]:
    return {"alg": "dir", "enc": "A256GCM", "kid": kid, "ctx": context}


def _purpose(context: str) -> str:
    place = _CONTEXT.fullmatch(context)
    if place is None:
        raise ValueError("a context is <table>.<column>:<row id>")
    return f"jwe/{place[1]}"


def _read(segment: bytes) -> Mapping[str, object] | None:
    try:
        header: object = json.loads(urlsafe_b64decode(segment))
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None  # pyright: ignore[reportUnknownVariableType]  # keys of JSON objects are text


def _registry() -> jwe.JWERegistry:
    registry = jwe.JWERegistry(
        algorithms=["dir", "A256GCM"],
        header_registry={
            "kid": HeaderParameter("key id", "str", required=True),
            # Unregistered header parameters are refused, private ones too.
            "ctx": HeaderParameter("the place it was sealed for", "str", required=True),
        },
    )
    # The default is 1,024; a client id of 512 characters outside ASCII takes more.
    registry.max_protected_header_length = _MOST_HEADER
    return registry
