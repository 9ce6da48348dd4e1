"""What `redact` names in one place holds wherever the answer tells the same field of the document."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from treenail_generator.yaml_source import JSON

from .answer_names import Names, is_left_out, names_it, touches
from .forms import Forms

_MAP = "*"
_JOINED = ("allOf", "anyOf")


@dataclass(frozen=True, slots=True)
class HiddenToo:
    """A field that is redacted because `redact` names it in another place.

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

_Key: TypeAlias = tuple[str, int]
"""Tells a field of the document: its name, and its schema or the map that it is a key of."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The fields of the document that one `response` section redacts.

    Attributes:
        keys: The fields.
        holders: The objects that hold one of them, at any depth.
        unsaid: Such objects where no record can reach them, by the field around them.
    """

    keys: frozenset[_Key] = frozenset()
    holders: frozenset[_Kind] = frozenset()
    unsaid: tuple[str, ...] = ()

    def hides(self, name: str, schema: JSON) -> bool:
        """Whether the field is redacted."""
        return bool(self.keys) and any(key in self.keys for key in _keys(name, schema))

    def of_map(self, schema: JSON, forms: Forms) -> list[str]:
        """The keys of the map `schema` that are redacted."""
        ident = _map_ident(schema, forms) if self.keys else 0
        return sorted(name for name, each in self.keys if ident and each == ident)

    def holds(self, schema: JSON, forms: Forms) -> bool:
        """Whether something inside `schema` is redacted."""
        return bool(self.holders) and _kind(schema, forms) in self.holders


NONE_HIDDEN: Final = Hidden()


def hidden(item: JSON, names: Names, forms: Forms) -> Hidden:
    """What `names.redact` means in the payload, or the items of its list, with the schema `item`."""
    keys = frozenset(key for path in names.redact for key in _named(item, path, forms))
    return _Graph(forms, keys).hidden(item) if keys else NONE_HIDDEN


def hidden_too(item: JSON, names: Names, forms: Forms) -> Iterator[HiddenToo]:
    """The places where a redacted field is told and no name leads, each field of a kind once."""
    fields = list(_Walk(names, forms).fields(item))
    told = [(each, list(_keys(each.path.rpartition(".")[2], each.schema))) for each in fields]
    named = {key: each.path for each, keys in told if each.path in names.redact for key in keys}
    for each, keys in told:
        meant = next((named[key] for key in keys if key in named), None)
        if meant is not None and each.path not in names.redact:
            yield HiddenToo(each.path, meant, each.is_inside)


@dataclass(slots=True)
class _Graph:
    """Finds the objects that hold one of `keys`: objects hold each other in circles."""

    forms: Forms
    keys: frozenset[_Key]
    held_by: dict[_Kind, list[_Kind]] = field(default_factory=dict[_Kind, "list[_Kind]"])
    holding: list[_Kind] = field(default_factory=list["_Kind"])
    apart: list[tuple[str, _Kind]] = field(default_factory=list["tuple[str, _Kind]"])

    def hidden(self, item: JSON) -> Hidden:
        waiting, seen = deque([("", item)]), set[_Kind]()
        while waiting:
            name, schema = waiting.popleft()
            kind = _kind(schema, self.forms)
            if kind not in seen:
                seen.add(kind)
                waiting.extend(self._inside(name, schema, kind))
        holders = self._upwards()
        unsaid = dict.fromkeys(name for name, kind in self.apart if kind in holders)
        return Hidden(self.keys, holders, tuple(unsaid))

    def _inside(self, name: str, schema: JSON, kind: _Kind) -> Iterator[tuple[str, JSON]]:
        listed = self.forms.listed(schema)
        members = _members(listed, self.forms)
        told = [key for each, inner in members.items() for key in _keys(each, inner)]
        ident = _map_ident(listed, self.forms)
        if any(key in self.keys for key in told) or any(ident == each for _, each in self.keys):
            self.holding.append(kind)
        for each, inner in members.items():
            self.held_by.setdefault(_kind(inner, self.forms), []).append(kind)
            yield each, inner
        for inner in self.forms.unread(listed):
            apart = _kind(inner, self.forms)
            if apart == kind:
                continue  # a list of it in its place, which a record reads alike
            self.held_by.setdefault(apart, []).append(kind)
            self.apart.append((name, apart))
            yield name, inner

    def _upwards(self) -> frozenset[_Kind]:
        found: set[_Kind] = set()
        while self.holding:
            kind = self.holding.pop()
            if kind not in found:
                found.add(kind)
                self.holding.extend(self.held_by.get(kind, ()))
        return frozenset(found)


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
            members = _members(schema, self._forms)
            kind = _kind(schema, self._forms)
            here = replace(here, is_inside=here.is_inside or kind in here.around)
            if not members or self._is_known(here, kind):
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


def _members(schema: JSON, forms: Forms) -> Mapping[str, JSON]:
    properties, values = forms.of(schema).properties, forms.values(schema)
    return properties if values is None else {**properties, _MAP: values}


def _kind(schema: JSON, forms: Forms) -> _Kind:
    """What tells the object `schema`; of what has no fields, the schema itself does."""
    listed = forms.listed(schema)
    members = _members(listed, forms)
    return frozenset(map(id, members.values())) if members else frozenset({id(listed)})


def _named(item: JSON, path: str, forms: Forms) -> Iterator[_Key]:
    *above, name = path.split(".")
    schema = item
    for step in above:
        listed = forms.listed(schema)
        known = forms.of(listed).properties
        schema = known[step] if step in known else forms.values(listed)
    listed = forms.listed(schema)
    known = forms.of(listed).properties
    if name in known:
        yield from _keys(name, known[name])
    elif _map_ident(listed, forms):
        yield name, _map_ident(listed, forms)


def _map_ident(schema: JSON, forms: Forms) -> int:
    """What tells the map `schema`; 0 when nothing does."""
    bare = forms.bare(schema)
    return id(bare) if bare else 0


def _keys(name: str, schema: JSON) -> Iterator[_Key]:
    """What tells a field of the document: its name and its schema, or those that were joined."""
    waiting: list[JSON] = [schema]
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        yield name, id(schema)
        for keyword in _JOINED:
            members = schema.get(keyword)
            if isinstance(members, list) and len(schema) == 1:
                waiting.extend(members)
