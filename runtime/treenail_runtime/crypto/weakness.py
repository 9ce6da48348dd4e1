"""What makes a secret too weak to derive keys from.

HKDF is fast (about 400,000 guesses a second and core), so it adds nothing to a secret that can be
guessed: only enough random bytes help.
"""

import base64
import binascii
import re
from itertools import pairwise
from typing import Final

FEWEST_BYTES: Final = 32
MOST_BYTES: Final = 512
_FEWEST_DIFFERENT: Final = 16  # 32 random bytes have fewer about once in 10^16
_SAME: Final = 8  # random bytes end as they begin, for that long, once in 10^19
_HINT: Final = "make one with `treenail keys generate`"

_PLACEHOLDERS: Final = (
    "changeme",
    "changethis",
    "default",
    "example",
    "insecure",
    "password",
    "placeholder",
    "replace",
    "secret",
    "treenail",
    "yourkey",
    "abcdefghij",
    "0123456789",
    "1234567890",
    "qwertyuiop",
)
"""Words that no random text of this length holds: six letters or more, written in any way."""

_PUBLISHED: Final = frozenset(
    {
        # RFC 7515 appendix A.1.1 and RFC 7520 section 3.5: keys that everybody has.
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    }
)


def decoded(text: str) -> bytes | None:
    """`text` as base64 or base64url, with or without padding; None when it is neither."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def weakness_of(text: str) -> str | None:
    """Why the secret `text` cannot be used, without showing any of it; None when it can."""
    if _is_placeholder(text):
        return f"is a placeholder or a published example; {_HINT}"
    secret = decoded(text)
    if secret is None:
        return f"is not base64; {_HINT}"
    if len(secret) < FEWEST_BYTES:
        return f"holds {len(secret)} bytes; at least {FEWEST_BYTES} are needed; {_HINT}"
    if len(secret) > MOST_BYTES:
        return f"holds {len(secret)} bytes; at most {MOST_BYTES} make sense; {_HINT}"
    if _repeats(secret) or _is_regular(secret):
        return f"repeats itself; {_HINT}"
    if len(set(secret)) < _FEWEST_DIFFERENT or _is_written(text, secret):
        return f"is not random; {_HINT}"
    return None


def _is_placeholder(text: str) -> bool:
    letters = re.sub(r"[^a-z0-9]", "", text.lower())
    same = text.rstrip("=").replace("+", "-").replace("/", "_")
    return same in _PUBLISHED or any(word in letters for word in _PLACEHOLDERS)


def _repeats(secret: bytes) -> bool:
    """Whether it is one shorter text, again and again (the last time perhaps cut)."""
    most = len(secret) - _SAME
    return any(secret.startswith(secret[period:]) for period in range(1, most + 1))


def _is_regular(secret: bytes) -> bool:
    """Whether it counts: 0, 1, 2 ... or 7, 5, 3 ..."""
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    return len(steps) < _FEWEST_DIFFERENT // 2


def _is_written(text: str, secret: bytes) -> bool:
    """Whether a person wrote it: text in base64, or words that happen to be base64."""
    return all(32 <= byte < 127 or byte in b"\r\n\t" for byte in secret) or bool(  # noqa: PLR2004  # printable ASCII
        re.fullmatch(r"[a-z+/=_-]+|[A-Z+/=_-]+|[0-9+/=_-]+", text)
    )
