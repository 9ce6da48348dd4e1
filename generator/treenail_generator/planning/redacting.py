"""What `redact` names in one place and the answer holds in clear in another."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from treenail_generator.yaml_source import JSON

from .answer_names import Names, is_left_out, names_it, touches
from .forms import Form, Forms

_MAP = "*"
_JOINED = ("allOf", "anyOf")


@dataclass(frozen=True, slots=True)
class InClear:
    """A field that is redacted elsewhere.

    Attributes:
        path: Where it is told; `*` stands for any key of a map.
        named: Where `redact` names it.
        is_inside: Whether it stands inside an object of its own kind, so that it has no last place.
    """

    path: str
    named: str
    is_inside: bool


_Kind: TypeAlias = frozenset[int]
"""Tells an object of the document by the schemas of its fields, also where null stands beside it."""


@dataclass(frozen=True, slots=True)
class _Object:
    """An object on the way through an answer, with what stands around it."""

    schema: JSON
    path: str
    around: frozenset[_Kind]
    is_inside: bool


@dataclass(frozen=True, slots=True)
class _Field:
    path: str
    schema: JSON
    is_inside: bool


def in_clear(item: JSON, names: Names, forms: Forms) -> Iterator[InClear]:
    """The places where a redacted field of the document is told, each field of a kind once.

    Args:
        item: The schema of the payload, or of the items of its list.
        names: What the `response` section says.
        forms: Of the document.
    """
    fields = list(_Walk(names, forms).fields(item))
    named = {key: each.path for each in fields if each.path in names.redact for key in _keys(each)}
    for each in fields:
        meant = next((named[key] for key in _keys(each) if key in named), None)
        if meant is not None and each.path not in names.redact:
            yield InClear(each.path, meant, each.is_inside)


class _Walk:
    def __init__(self, names: Names, forms: Forms) -> None:
        self._names = names
        self._forms = forms
        self._passed: set[tuple[_Kind, bool]] = set()

    def fields(self, item: JSON) -> Iterator[_Field]:
        """Every field that is told or redacted; of what no verb touches, each object once."""
        waiting = deque([_Object(item, "", frozenset(), is_inside=False)])
        while waiting:
            here = waiting.popleft()
            schema = self._forms.listed(here.schema)
            form = self._forms.of(schema)
            members = self._members(schema, form)
            kind = frozenset(map(id, members.values()))
            here = replace(here, is_inside=here.is_inside or kind in here.around)
            if not kind or self._is_known(here, kind):
                continue
            around = here.around | {kind}
            for name, inner in members.items():
                path = f"{here.path}.{name}" if here.path else name
                if self._is_silent(path, inner):
                    continue
                yield _Field(path, inner, here.is_inside)
                if path not in self._names.redact:
                    waiting.append(_Object(inner, path, around, here.is_inside))

    def _is_silent(self, path: str, schema: JSON) -> bool:
        pick = self._names.pick
        if path in self._names.redact:
            return False
        is_passed_over = pick is not None and not names_it(pick, path)
        return is_passed_over or is_left_out(self._names, path, self._forms.of(schema))

    def _is_known(self, here: _Object, kind: _Kind) -> bool:
        if touches(self._names, here.path):
            return False
        key = (kind, here.is_inside)
        known = key in self._passed
        self._passed.add(key)
        return known

    def _members(self, schema: JSON, form: Form) -> Mapping[str, JSON]:
        values = self._forms.values(schema)
        return form.properties if values is None else {**form.properties, _MAP: values}


def _keys(field: _Field) -> Iterator[tuple[str, int]]:
    """What tells a field of the document: its name and its schema, or those that were joined."""
    name = field.path.rpartition(".")[2]
    waiting: list[JSON] = [field.schema]
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        yield name, id(schema)
        for keyword in _JOINED:
            members = schema.get(keyword)
            if isinstance(members, list) and len(schema) == 1:
                waiting.extend(members)
