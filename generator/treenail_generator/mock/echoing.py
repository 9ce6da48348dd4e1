"""What a request said, said again in the answer: values go where their names are known."""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from treenail_generator.document import JSON
from treenail_generator.document.values import items, mapping

from .letters import letters
from .moments import instant, spelled_like
from .sampling import Sampler, Spot
from .shapes import Shapes

_STARTS: Final = ("start", "from", "after", "begin", "since")
_ENDS: Final = ("end", "to", "before", "until")
_STEP: Final = timedelta(minutes=30)


class Scope:
    """The values of a part of a request by the letters of their names; outer parts shine through."""

    def __init__(self, part: Mapping[str, JSON], outer: "Scope | None" = None) -> None:
        self._part = {letters(name): value for name, value in part.items()}
        self._outer = outer

    def get(self, name: str) -> JSON:
        """The innermost value of that name, None when the request has none."""
        plain = letters(name)
        if plain in self._part:
            return self._part[plain]
        return None if self._outer is None else self._outer.get(name)

    def rows(self, names: Mapping[str, JSON]) -> list[dict[str, JSON]]:
        """The objects of the nearest lists that tell some of these names, scalars only."""
        plain = {letters(name) for name in names}
        waiting: deque[list[JSON]] = deque([list(self._part.values())])
        while waiting:
            level = waiting.popleft()
            lists = [items(value) for value in level if isinstance(value, list)]
            objects = [[mapping(item) for item in found] for found in lists]
            fitting = [
                item for found in objects for item in found if plain & set(_scalar_names(item))
            ]
            if fitting:
                return fitting
            deeper = [mapping(value) for value in level if isinstance(value, dict)]
            inner = [item for found in (*objects, deeper) for item in found]
            if below := [value for item in inner for value in item.values()]:
                waiting.append(below)
        return []

    def within(self, row: Mapping[str, JSON]) -> "Scope":
        """The scope of one object of a list."""
        return Scope(row, self)

    def moments(self) -> Iterator[tuple[str, datetime]]:
        """Every instant here, with the letters of its name."""
        for name, value in self._part.items():
            if (moment := instant(value)) is not None:
                yield name, moment
        if self._outer is not None:
            yield from self._outer.moments()


class Echo:
    """Puts the values of a request into made-up answers."""

    def __init__(self, shapes: Shapes, sampler: Sampler) -> None:
        self._shapes = shapes
        self._sampler = sampler

    def into(self, schema: JSON, value: JSON, scope: Scope) -> JSON:
        """The made-up value with what the request said in its place; always valid where it was."""
        changed = self._changed(schema, value, scope, None)
        return changed if self._shapes.fits(schema, changed) else value

    def _changed(self, schema: JSON, value: JSON, scope: Scope, number: int | None) -> JSON:
        """`number` counts the entries of the outermost list, None outside of lists."""
        if not isinstance(value, dict):
            return value
        changed = dict(value)
        for name, child in self._shapes.properties(schema).items():
            if name in value:
                changed[name] = self._property(name, child, value[name], scope, number)
        return changed

    def _property(
        self, name: str, schema: JSON, value: JSON, scope: Scope, number: int | None
    ) -> JSON:
        if isinstance(value, dict):
            return self._changed(schema, value, scope, number)
        if isinstance(value, list):
            return self._list(schema, value, scope, number)
        asked = _within_window(name, value, scope, number)
        if asked is None:
            asked = scope.get(name)
        is_said = asked is not None and not isinstance(asked, (dict, list))
        return asked if is_said and self._shapes.fits(schema, asked) else value

    def _list(self, schema: JSON, value: list[JSON], scope: Scope, number: int | None) -> JSON:
        item = self._shapes.item(schema)
        rows = scope.rows(self._shapes.properties(item))
        if not rows:
            return [
                self._changed(item, each, scope, index if number is None else number)
                for index, each in enumerate(value)
            ]
        return [
            self._changed(
                item,
                self._sampler.sample(item, Spot(index=index, depth=2)),
                scope.within(row),
                index if number is None else number,
            )
            for index, row in enumerate(rows)
        ]


def _within_window(name: str, value: JSON, scope: Scope, number: int | None) -> JSON:
    """Begin and end of an entry of a list, inside the period that the request asks about."""
    if number is None or not isinstance(value, str) or instant(value) is None:
        return None
    asked = dict(scope.moments())
    start = next((asked[key] for key in asked if key.startswith(_STARTS)), None)
    end = next((asked[key] for key in asked if key.startswith(_ENDS)), None)
    if start is None or end is None or end - start < _STEP:
        return None
    begin = start + _STEP * min(number, (end - start) // _STEP - 1)
    plain = letters(name)
    if plain.startswith(_STARTS):
        return spelled_like(value, begin)
    return spelled_like(value, begin + _STEP) if plain.startswith(_ENDS) else None


def _scalar_names(item: Mapping[str, JSON]) -> Iterator[str]:
    for name, value in item.items():
        if not isinstance(value, (dict, list)):
            yield letters(name)
