"""Which operations of a document become tools."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from treenail_generator.document import Document, Operation

from .wishes import Wishes

MOST_UNASKED: Final = 40
"""So many operations are taken without asking; agents choose badly among more tools."""


def choose(document: Document, wishes: Wishes) -> tuple[Operation, ...]:
    """The operations that the wishes name, in file order.

    None when nothing is wished and the document has too many to take all of them.
    """
    included = [_pattern(each) for each in wishes.includes]
    excluded = [_pattern(each) for each in wishes.excludes]
    tags = frozenset(wishes.tags)
    return tuple(
        operation
        for operation in document.operations
        if (
            wishes.everything
            or not wishes.chooses
            or not tags.isdisjoint(operation.tags)
            or _matches(operation, included)
        )
        and not _matches(operation, excluded)
    )


def broken(document: Document, wishes: Wishes) -> tuple[str, ...]:
    """What cannot be read, as far as the wishes name it: "METHOD /path", or the path of an item.

    A tag cannot be told of what cannot be read, so a wish for tags alone names none.
    """
    included = [_pattern(each) for each in wishes.includes]
    excluded = [_pattern(each) for each in wishes.excludes]
    everything = wishes.everything or not wishes.chooses
    return tuple(
        name
        for name in document.broken
        if (name.startswith("/") or " /" in name)
        and (everything or _any(name, included))
        and not _any(name, excluded)
    )


def tag_counts(operations: Iterable[Operation]) -> tuple[tuple[str, int], ...]:
    """Each tag with the number of its operations, the commonest first; "" counts those without."""
    counted = Counter(tag for operation in operations for tag in operation.tags or ("",))
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def unmatched(operations: Sequence[Operation], wishes: Wishes) -> tuple[str, ...]:
    """The tags and patterns that name no operation of the document."""
    tags = {tag for operation in operations for tag in operation.tags}
    patterns = (*wishes.includes, *wishes.excludes)
    return (
        *(tag for tag in wishes.tags if tag not in tags),
        *(
            each
            for each in patterns
            if not any(_matches(one, [_pattern(each)]) for one in operations)
        ),
    )


def _matches(operation: Operation, patterns: list[re.Pattern[str]]) -> bool:
    """By "METHOD /path", by the path alone, or by the operationId."""
    return bool(patterns) and (
        _any(operation.endpoint, patterns)
        or _any(operation.path, patterns)
        or (operation.id is not None and _any(operation.id, patterns))
    )


def _any(text: str, patterns: list[re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(text) for pattern in patterns)


def _pattern(glob: str) -> re.Pattern[str]:
    """`*` stands for any text, slashes included; nothing else is special, since paths hold `?[]`."""
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", glob))), re.DOTALL)
