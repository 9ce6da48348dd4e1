"""What an agent does with ids: take them from earlier answers.

A record's own id is its first field called `..._id`; the others refer to other records. The first
record of the latest answer goes first.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from treenail_runtime.contract import JsonObject

_VERSION: Final = "version"


class Gathered:
    """The records of all answers so far."""

    def __init__(self) -> None:
        self._answers: list[list[JsonObject]] = []

    def add(self, answer: JsonValue) -> None:
        """Remember the answer's records."""
        self._answers.append(list(_records(answer)))

    def arguments(self, example: Mapping[str, JsonValue], wanted: Iterable[str]) -> JsonObject:
        """`example` with the ids and versions of real records in place of its own.

        Args:
            example: Arguments that are valid.
            wanted: Names of ids to add when they are known.
        """
        added = {name: found for name in wanted if (found := self._id(name)) is not None}
        return {**added, **self._with_real_ids(dict(example))}

    def _with_real_ids(self, example: JsonObject) -> JsonObject:
        real: JsonObject = {name: self._real(name, value) for name, value in example.items()}
        if _VERSION not in example:
            return real
        record = self._versioned(example)
        if record is None:
            return example
        own = _own_id(record)
        return {**real, own: record[own], _VERSION: record[_VERSION]}

    def _real(self, name: str, value: JsonValue) -> JsonValue:
        match value:
            case dict():
                return self._with_real_ids(value)
            case list():
                return [self._real("", item) for item in value]
            case _:
                found = self._id(name)
                return value if found is None else found

    def _id(self, name: str) -> JsonValue:
        """The own id of a record, else whatever a record calls by this name."""
        if not name.endswith("_id"):
            return None
        own = (each[name] for each in self._newest() if _own_id(each) == name)
        named = (each[name] for each in self._newest() if _is_id(each.get(name)))
        return next(own, next(named, None))

    def _versioned(self, example: JsonObject) -> JsonObject | None:
        """A record with a version whose own id is among the names of `example`."""
        return next(
            (each for each in self._newest() if _VERSION in each and _own_id(each) in example), None
        )

    def _newest(self) -> Iterator[JsonObject]:
        for records in reversed(self._answers):
            yield from records


def _own_id(record: JsonObject) -> str:
    """Empty for a record without ids."""
    return next(
        (name for name, value in record.items() if name.endswith("_id") and _is_id(value)), ""
    )


def _is_id(value: JsonValue) -> bool:
    return isinstance(value, str | int) and value != "" and not isinstance(value, bool)


def _records(value: JsonValue) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _records(item)
