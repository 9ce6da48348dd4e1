"""What may stand inside one segment of a URL path."""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from .errors import InvalidArguments

_UNQUOTE_ROUNDS: Final = 8
_LEAVES_SEGMENT: Final = re.compile(r"[/\\\x00-\x1f\x7f]")


def inside_segment(text: str, name: str) -> str:
    """`text`, when it stays in its path segment.

    Raises:
        InvalidArguments: It could leave it, also behind (repeated) percent-encoding.
    """
    # Some servers fold full-width dots and slashes into plain ones.
    seen = text if text.isascii() else unicodedata.normalize("NFKC", text)
    for _ in range(_UNQUOTE_ROUNDS):
        if _leaves_segment(seen):
            raise InvalidArguments([f"{name}: {text[:40]!r} is not usable inside a URL path"])
        decoded = unquote(seen)
        if decoded == seen:
            return text
        seen = decoded
    raise InvalidArguments([f"{name}: percent-encoded too often for a URL path"])


def _leaves_segment(text: str) -> bool:
    # Some servers cut a segment at `;` before they compare it with `..` (CVE-2026-3872).
    bare = text.partition(";")[0]
    return bare in {"", ".", ".."} or _LEAVES_SEGMENT.search(text) is not None


def refuse_delimiter(name: str, text: str, delimiter: str) -> None:
    """Refuse path text in which the upstream would find the delimiter of its segment.

    Args:
        name: Of the parameter.
        text: Percent-encoded; `%2F` holds an F, too, for an upstream that looks before it decodes.
        delimiter: Percent-encoded.

    Raises:
        InvalidArguments: It holds `delimiter`, encoded or not.
    """
    if delimiter in text or unquote(delimiter) in unquote(text):
        raise InvalidArguments([f"{name}: must not hold {unquote(delimiter)!r} in this path"])
