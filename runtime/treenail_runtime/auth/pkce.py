"""Proof Key for Code Exchange (RFC 7636), in its one safe form: S256, demanded of every client."""

import hmac
import re
from typing import Final

from authlib.oauth2.rfc7636 import (
    create_s256_code_challenge,  # pyright: ignore[reportUnknownVariableType]  # it has no types
)

METHOD: Final = "S256"

# S256 gives 32 bytes, which are 43 characters without padding. RFC 7636 4.2 allows up to 128 for
# `plain`, which is refused here.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """Whether `text` can be what S256 makes of a verifier (RFC 7636 4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def is_verifier(text: str) -> bool:
    """Whether `text` is written as RFC 7636 4.1 asks: 43 to 128 unreserved characters."""
    return _VERIFIER.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """What S256 makes of a verifier (RFC 7636 4.2)."""
    return str(create_s256_code_challenge(verifier))  # pyright: ignore[reportUnknownArgumentType]  # no types


def proves(verifier: str | None, challenge: str) -> bool:
    """Whether `verifier` is the one that `challenge` was made of (RFC 7636 4.6)."""
    if verifier is None or not is_verifier(verifier):
        return False
    return hmac.compare_digest(challenge_of(verifier).encode(), challenge.encode())
