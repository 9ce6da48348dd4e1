"""Answers kept for a repeated refresh: only who holds the old token can open them.

The key comes from the token, of which the database keeps a digest. The server's secret and a dump
together open nothing.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .keys import derived
from .sealing import BrokenSealError

_NONCE: Final = 12
_TAG: Final = 16


def seal_replay(old_token: str, plain: bytes) -> bytes:
    """`plain`, sealed by AES-256-GCM under a key made from `old_token`; the nonce comes first."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(old_token).encrypt(nonce, plain, None)


def open_replay(old_token: str, blob: bytes) -> bytes:
    """What was sealed under `old_token`.

    Raises:
        BrokenSealError: When it was another token, or `blob` was changed.
    """
    if len(blob) < _NONCE + _TAG:
        raise BrokenSealError("form")
    try:
        return _cipher(old_token).decrypt(blob[:_NONCE], blob[_NONCE:], None)
    except InvalidTag:
        raise BrokenSealError("integrity") from None


def _cipher(token: str) -> AESGCM:
    return AESGCM(derived(token.encode("utf-8", "surrogatepass"), "replay"))
