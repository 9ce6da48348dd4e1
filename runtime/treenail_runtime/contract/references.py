"""References between the definitions of a schema."""

from collections.abc import Iterator
from typing import Any, Final, cast

PREFIX: Final = "#/$defs/"
"""What a reference to a definition begins with."""
_NESTED: Final = (dict, list)


def references(schema: Any) -> Iterator[str]:
    """The names of the definitions that `schema` refers to, in its own order."""
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            mapping = cast("dict[str, Any]", node)
            target = mapping.get("$ref")
            if isinstance(target, str) and target.startswith(PREFIX):
                yield target.removeprefix(PREFIX)
            inside: list[Any] = [each for each in mapping.values() if isinstance(each, _NESTED)]
            waiting.extend(reversed(inside))
        elif isinstance(node, list):
            waiting.extend(reversed(cast("list[Any]", node)))
