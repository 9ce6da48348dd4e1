"""Media types (RFC 9110 8.3.1, RFC 6838) as far as they tell how to read a body."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from treenail_generator.media_types import charset_of, essence, is_lines

__all__ = ["FORM", "charset_of", "essence", "fitting", "is_json", "is_lines"]

FORM: Final = "application/x-www-form-urlencoded"


def is_json(content_type: str) -> bool:
    """Whether bodies of this type are JSON texts (RFC 6839 3.1 for `+json`)."""
    kind = essence(content_type)
    return not is_lines(kind) and (
        kind.endswith(("/json", "+json")) or kind in {"*/*", "application/*"}
    )


def fitting(content_type: str, ranges: Iterable[str]) -> str | None:
    """Which of the media ranges `content_type` is in, the most exact one first."""
    known = list(ranges)
    kind = essence(content_type)
    exact = [each for each in known if each.strip().lower() == content_type.strip().lower()]
    same = [each for each in known if essence(each) == kind]
    wide = [each for each in known if fnmatchcase(kind, essence(each))]
    return next(iter(exact + same + wide), None)
