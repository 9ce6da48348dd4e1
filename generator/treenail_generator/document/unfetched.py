"""References to other places, for libraries that would fetch them: nothing is fetched here."""

from collections import UserDict
from collections.abc import Callable
from typing import Any, NoReturn


class Nowhere(UserDict[str, Callable[[str], Any]]):
    """Handlers for every scheme of URL, none of which opens anything.

    jsonschema-path asks `urllib` for a scheme that it has no handler for (0.5), so an empty
    mapping would not do.
    """

    def __contains__(self, scheme: object) -> bool:
        return True

    def __missing__(self, scheme: str) -> Callable[[str], Any]:
        return _refuse


def _refuse(uri: str) -> NoReturn:
    raise LookupError(f"{uri!r} lies elsewhere; nothing is fetched")
