"""Numbers for made-up records: the document's example and its neighbours, within the bounds."""

from collections.abc import Iterator

from treenail_generator.document import JSON, Schema
from treenail_generator.plan import MaybeJSON


def number_candidates(flat: Schema, index: int, example: MaybeJSON) -> Iterator[JSON]:
    """Numbers for a property, the most telling first; the caller takes the first that is valid."""
    is_whole = flat.get("type") == "integer"
    step = _number(flat.get("multipleOf")) or (1 if is_whole else 0.5)
    first = _number(example)
    if first is None:
        first = _least(flat, step)
    if is_whole or isinstance(first, int):
        step = int(step) or 1
    for distance in (index, index % 7, 0, -index, 1, -1):
        value = first + distance * step
        yield value if isinstance(value, int) else round(value, 6)
    yield _least(flat, step)
    yield _most(flat, step)
    yield 0


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _least(flat: Schema, step: float) -> int | float:
    """The smallest multiple of the step within the bounds; 1 where there is no lower one."""
    low = _number(flat.get("minimum"))
    above = _number(flat.get("exclusiveMinimum"))
    start = low if above is None else above + step
    if start is None:
        return min(1, _most(flat, step))
    return start if start % step == 0 else start + step - start % step


def _most(flat: Schema, step: float) -> int | float:
    high = _number(flat.get("maximum"))
    below = _number(flat.get("exclusiveMaximum"))
    end = high if below is None else below - step
    return 1 if end is None else end - end % step
