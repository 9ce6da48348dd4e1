"""Opaque tokens: random, recognisable by secret scanners, and dropped early when mistyped.

`<prefix>_<kind>_<43 characters of 32 random bytes><6 characters of CRC-32>`. The checksum is no
protection: it only spares the database what cannot be a token.
"""

import hashlib
import re
import secrets
import zlib
from typing import Final, Literal, get_args

TokenKind = Literal["atk", "rtk", "cod", "txn", "csr", "ses", "sec", "bro", "iak", "ups", "adm"]
"""Access token, refresh token, code, transaction, CSRF token, session, client secret, browser id,
access key of an instance, state for the upstream's provider, admin token."""

_KINDS: Final[tuple[str, ...]] = get_args(TokenKind)
_PREFIX: Final = re.compile(r"[a-z][a-z0-9]{0,15}")
_RANDOM_BYTES: Final = 32
_CHECKSUM: Final = 6
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST: Final = 16 + len("_atk_") + 43 + _CHECKSUM
_SHAPES: Final = {
    # The last of the 43 characters carries four bits, so only sixteen of them are ever written.
    kind: re.compile(
        rf"[a-z][a-z0-9]{{0,15}}_{kind}_[A-Za-z0-9_-]{{42}}[AEIMQUYcgkosw048][A-Za-z0-9]{{6}}"
    )
    for kind in _KINDS
}


def new_token(prefix: str, kind: TokenKind) -> str:
    """A new token with 256 random bits.

    Raises:
        ValueError: When `prefix` is not a lower-case letter and up to 15 letters and digits.
    """
    if not _PREFIX.fullmatch(prefix) or kind not in _KINDS:
        raise ValueError("no such token prefix or kind")
    body = f"{prefix}_{kind}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    return body + _checksum(body)


def is_well_formed(token: str, kind: TokenKind) -> bool:
    """Whether `token` has the form of a `kind` token; cheap for text of any length."""
    if len(token) > _LONGEST or not _SHAPES[kind].fullmatch(token):
        return False
    return _checksum(token[:-_CHECKSUM]) == token[-_CHECKSUM:]


def digest(token: str) -> bytes:
    """SHA-256 of `token`, 32 bytes: what is kept of it. It needs no salt, being random itself."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _checksum(body: str) -> str:
    rest = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM):
        rest, digit = divmod(rest, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits
