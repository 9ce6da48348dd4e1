"""Secrets of confidential clients: ours are random and kept as SHA-256, operators' ones as scrypt."""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from treenail_runtime.crypto.opaque import digest, is_well_formed

from .errors import OAuthError
from .records import Client, Digest

SHORTEST_CHOSEN: Final = 32
LONGEST: Final = 256
"""Characters of a secret."""

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
# 16 MiB and about 50 ms each (RFC 7914 2); a guess at 32 characters needs no more to be hopeless.
_COST: Final = 2**14
_BLOCK: Final = 8
_MEMORY: Final = 64 << 20
_AT_ONCE: Final = 2
_MOST_WAITING: Final = 40
"""A second's work. A client's parallel requests find room after a start, a flood does not."""

_MOST_REMEMBERED: Final = 1000
_RETRY_S: Final = 2


@dataclass(frozen=True, slots=True, repr=False)
class ChosenSecret:
    """What is kept of a secret that an operator chose: scrypt's hash (RFC 7914) with its salt."""

    salt: bytes
    hash: bytes


_NOTHING: Final = Digest(bytes(_HASH_BYTES))


def keep_chosen(secret: SecretStr) -> ChosenSecret:
    """What to keep of `secret`; takes some 50 ms.

    Raises:
        ValueError: It is too short to withstand guessing, too long, or not visible ASCII.
    """
    text = secret.get_secret_value()
    if not SHORTEST_CHOSEN <= len(text) <= LONGEST:
        raise ValueError(f"must have {SHORTEST_CHOSEN} to {LONGEST} characters")
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("must consist of visible ASCII characters")
    if is_ours(text):
        raise ValueError("is one that treenail made; take another")
    if len(set(text)) < SHORTEST_CHOSEN // 4:
        raise ValueError("repeats itself; take 32 random characters")
    salt = secrets.token_bytes(_SALT_BYTES)
    return ChosenSecret(salt, _scrypt(text, salt))


def is_ours(secret: str) -> bool:
    """Whether `secret` has the form of those that we make; an operator's one has another."""
    return len(secret) <= LONGEST and is_well_formed(secret, "sec")


def fits_ours(secret: str, client: Client | None) -> bool:
    """Whether `secret` is the one that we made for `client`; the same work when there is none."""
    kept = client.secret_digest if client is not None else None
    right = hmac.compare_digest(digest(secret), kept or _NOTHING)
    return right and kept is not None


class ChosenSecrets:
    """Compares presented secrets with chosen ones, beside the event loop and few at a time.

    What was right is known again without that work, so that guesses keep no client waiting.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._key = secrets.token_bytes(32)
        self._right: set[bytes] = set()

    async def fits(self, secret: str, kept: ChosenSecret | None) -> bool:
        """Whether `secret` is the kept one; no work when nothing is kept.

        Raises:
            OAuthError: `temporarily_unavailable`: too many wait to be compared.
        """
        if kept is None or len(secret) > LONGEST:
            return False
        mark = self._mark(secret, kept)
        if mark in self._right:
            return True
        if self._waiting >= _MOST_WAITING:
            raise _busy()
        self._waiting += 1
        try:
            async with self._room:
                return mark in self._right or await self._compared(secret, kept, mark)
        finally:
            self._waiting -= 1

    async def _compared(self, secret: str, kept: ChosenSecret, mark: bytes) -> bool:
        found = await asyncio.to_thread(_scrypt, secret, kept.salt)
        if not hmac.compare_digest(found, kept.hash):
            return False
        if len(self._right) >= _MOST_REMEMBERED:
            self._right.clear()
        self._right.add(mark)
        return True

    def _mark(self, secret: str, kept: ChosenSecret) -> bytes:
        """Tells this secret and what is kept, under a key that ends with the process."""
        return hmac.digest(self._key, kept.salt + kept.hash + secret.encode(), "sha256")


def _busy() -> OAuthError:
    return OAuthError(
        "temporarily_unavailable",
        "the server cannot answer now; try again",
        "too many client secrets to compare",
        retry_after_s=_RETRY_S,
    )


def _scrypt(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        secret.encode(),
        salt=salt,
        n=_COST,
        r=_BLOCK,
        p=1,
        maxmem=_MEMORY,
        dklen=_HASH_BYTES,
    )
