"""What changed in the fields that tools answer, by the locks: picked, renamed, redacted."""

import json
from collections.abc import Iterator, Mapping

from treenail_generator.lock import REDACTED, REST, WHOLE, Fields, Lock, LockedTool

from .drift import Found
from .schemas import schema_changes


class AnswerChanges:
    """Two locks, compared tool by tool.

    A change inside a record is told where the tool's answer meets that record first.
    """

    def __init__(self, old: Lock | None, new: Lock) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str]] = set()

    def of(self, tool: str) -> Iterator[Found]:
        """The changes of one tool; none when its lock did not know of answers yet."""
        before = self._old.tools.get(tool) if self._old is not None else None
        after = self._new.tools[tool]
        self._seen = set()
        if self._old is None or before is None or not (_is_told(before) and _is_told(after)):
            return
        yield from _types(before, after)
        if before.answers is None and after.answers is None:
            return
        if after.answers is None:
            yield "breaking", "the answer is what the upstream sends now"
        elif before.answers is None:
            told = _fields(after.answers, self._new)
            yield "breaking", f"the answer is no longer what the upstream sends: {_names(told)}"
        else:
            fields = _fields(before.answers, self._old), _fields(after.answers, self._new)
            yield from self._object((), *fields)

    def _object(self, path: tuple[str, ...], old: Fields, new: Fields) -> Iterator[Found]:
        for name in old:
            if name not in new:
                yield "breaking", f"the answer no longer has {_shown(path, name)}"
        for name in new:
            if name not in old:
                yield "compatible", f"the answer has {_shown(path, name)}, too"
            elif old[name] != new[name]:
                yield from self._field((*path, name), old[name], new[name])
            elif old[name] not in {WHOLE, REDACTED}:
                yield from self._record((*path, name), old[name], new[name])

    def _field(self, path: tuple[str, ...], old: str, new: str) -> Iterator[Found]:
        shown = f"answer.{'.'.join(path)}"
        if new == REDACTED:
            yield "breaking", f"{shown} is redacted now"
        elif old == REDACTED:
            yield "compatible", f"{shown} is no longer redacted"
        elif new == WHOLE:
            # Its fields may have had other names; the same holds the other way round.
            yield "breaking", f"{shown} is what the upstream sends now"
        elif old == WHOLE:
            told = _fields(new, self._new)
            yield "breaking", f"{shown} is no longer what the upstream sends: {_names(told)}"
        else:
            yield from self._record(path, old, new)

    def _record(self, path: tuple[str, ...], old: str, new: str) -> Iterator[Found]:
        if (old, new) in self._seen or self._old is None:
            return
        self._seen.add((old, new))
        yield from self._object(path, _fields(old, self._old), _fields(new, self._new))


def _types(before: LockedTool, after: LockedTool) -> Iterator[Found]:
    """What became of the names and types of answers whose schema nobody publishes."""
    if before.answer is not None and after.answer is not None:
        yield from schema_changes(json.loads(before.answer), json.loads(after.answer), "answer")


def _is_told(tool: LockedTool) -> bool:
    return "answers" in tool.model_fields_set


def _fields(answers: str | Mapping[str, str], lock: Lock) -> Fields:
    """The fields; of a record that the lock does not hold, nothing is known."""
    return lock.records.get(answers, {REST: WHOLE}) if isinstance(answers, str) else answers


def _shown(path: tuple[str, ...], name: str) -> str:
    if name == REST:
        return f"further fields in {'.'.join(path)}" if path else "further fields"
    return ".".join((*path, name))


def _names(fields: Fields) -> str:
    return ", ".join("further fields" if name == REST else name for name in fields)
