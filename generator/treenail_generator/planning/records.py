"""Which fields of the upstream's objects the agent gets, as constants of the module.

An object that no verb touches has one record for all tools, named after its component: such records
stand first, in the order of their names, so that what a module says of one component does not depend
on the tools that use it. What a verb touches is named after its tool.
"""

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.naming import (
    class_name,
    constant_name,
    is_derived,
    snake_case,
    tool_constant,
)
from treenail_generator.plan import KeptField, RecordPlan
from treenail_generator.yaml_source import JSON, Pointer

from .answer_names import Names, is_left_out, names_it, passes_rest, touches
from .faults import Faults
from .forms import Form, component_name
from .module_names import ModuleNames
from .readings import Readings

_NOTHING_SAID = Names(None, [], [], {})
_ALL_KNOWN = Names([""], [], [], {})
"""Stands for an allow-list that names everything."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record is planned.

    Attributes:
        path: Dotted path of the object, counted from the payload or from the component.
        base: What the names of the records inside begin with.
        wanted: The record's name.
        group: The name of the component's record that it belongs to; empty for a tool's.
    """

    path: str
    base: str
    wanted: str
    group: str


class Records:
    """Plans the records of one connector."""

    def __init__(
        self, request: ConnectorRequest, readings: Readings, names: ModuleNames, faults: Faults
    ) -> None:
        self._request = request
        self._forms = readings.forms
        self._changes = readings.changes
        self._names = names
        self._faults = faults
        self._of_component: dict[str, list[RecordPlan]] = {}
        self._of_tools: dict[str, RecordPlan] = {}
        self._constants: dict[tuple[Pointer, bool], str] = {}
        self._shared: set[str] = set()
        self._waiting: deque[tuple[JSON, bool, str]] = deque()
        self._by_constant: dict[str, RecordPlan] = {}

    @property
    def plans(self) -> tuple[RecordPlan, ...]:
        """The records; each stands behind those it mentions, unless it calls them `late`."""
        shared = (self._of_component[group] for group in sorted(self._of_component))
        return (*(record for group in shared for record in group), *self._of_tools.values())

    @property
    def by_constant(self) -> Mapping[str, RecordPlan]:
        """The records by their constants."""
        return self._by_constant

    def of(self, schema: JSON, names: Names, pointer: Pointer, tool: str) -> str | None:
        """The record of the payload's objects; None when they pass as they are."""
        if not touches(names, ""):
            constant = self._untouched(schema, closed=False, wanted=f"{tool_constant(tool)}_ANSWER")
        else:
            wanted = f"{tool_constant(tool)}_ANSWER"
            constant = self._record(schema, names, _Place("", wanted, wanted, ""), pointer)
        self._drain()
        return constant

    def _drain(self) -> None:
        """Plan the components that were mentioned; a queue, since they may be very many."""
        while self._waiting:
            schema, closed, constant = self._waiting.popleft()
            names = _ALL_KNOWN if closed else _NOTHING_SAID
            self._of_component.setdefault(constant, [])
            self._record(schema, names, _Place("", constant, constant, constant), ())

    def _untouched(self, schema: JSON, *, closed: bool, wanted: str, group: str = "") -> str | None:
        """The record of an object that no verb touches; None when it passes as it is."""
        form = self._forms.of(schema)
        if not form.is_object or not (closed or self._changes.in_reach_of(form)):
            return None
        component = self._forms.component(schema)
        if component is None:
            names = _ALL_KNOWN if closed else _NOTHING_SAID
            return self._record(schema, names, _Place("", wanted, wanted, group), ())
        key = (component, closed)
        if key not in self._constants:
            self._constants[key] = self._names.constant(self._component_constant(component, closed))
            self._shared.add(self._constants[key])
            self._waiting.append((schema, closed, self._constants[key]))
        return self._constants[key]

    def _component_constant(self, component: Pointer, closed: bool) -> str:  # noqa: FBT001  # see above
        """A name that depends on nothing but the component."""
        told = "/".join(map(str, component))
        digest = hashlib.sha256(told.encode()).hexdigest()[:6].upper()
        kind = "FIELDS" if closed else "RECORD"
        name = component_name(component)
        if name is None:
            return f"SCHEMA_{digest}_{kind}"
        word = constant_name(name)
        own = class_name(snake_case(name)) == name and not is_derived(word)
        return f"{word}_{kind}" if own else f"{word}_{kind}_{digest}"

    def _record(self, schema: JSON, names: Names, place: _Place, pointer: Pointer) -> str | None:
        closed = not passes_rest(names)
        properties = self._properties(schema, names, place.path)
        if not properties:
            return None
        fields: list[KeptField] = []
        for upstream, inner in properties.items():
            full = f"{place.path}.{upstream}" if place.path else upstream
            kept = self._kept(full, upstream, names, self._forms.of(inner))
            if kept is None:
                continue
            if kept.name is not None and not kept.redacted:
                record = self._inner(inner, names, place, full, pointer)
                if record is not None:
                    late = self._is_late(record, place.group)
                    kept = KeptField(upstream=upstream, name=kept.name, record=record, late=late)
            fields.append(kept)
        if pointer:
            self._tell_clashes(fields, place.path, pointer)
        else:
            fields = _apart(fields)
        constant = place.wanted
        if not (place.group and place.wanted == place.group):
            constant = self._names.constant(place.wanted)
        plan = RecordPlan(constant=constant, fields=tuple(fields), rest=not closed)
        self._by_constant[constant] = plan
        if place.group:
            self._of_component[place.group].append(plan)
        else:
            self._of_tools[constant] = plan
        return constant

    def _inner(
        self, schema: JSON, names: Names, place: _Place, path: str, pointer: Pointer
    ) -> str | None:
        """The record of the field at `path`, an object or a list of objects; else None."""
        item = self._forms.listed(schema)
        is_touched = touches(names, path)
        if not is_touched and not self._forms.of(item).is_object:
            return None
        wanted = f"{place.base}_{constant_name(path.rpartition('.')[2])}"
        if is_touched:
            return self._record(item, names, replace(place, path=path, wanted=wanted), pointer)
        closed = not passes_rest(names)
        return self._untouched(item, closed=closed, wanted=wanted, group=place.group)

    def _is_late(self, constant: str, group: str) -> bool:
        """Whether the record stands behind what mentions it in the module."""
        return bool(group) and constant in self._shared and constant >= group

    def _properties(self, schema: JSON, names: Names, path: str) -> Mapping[str, JSON]:
        """Known fields; where none are known, those that verbs speak of."""
        known = self._forms.of(schema).properties
        if known:
            return known
        told: dict[str, JSON] = {}
        for name in names.told:
            if not path or name.startswith(f"{path}."):
                inner = name[len(path) + 1 :] if path else name
                told.setdefault(inner.partition(".")[0], cast("JSON", {}))
        return told

    def _kept(self, path: str, upstream: str, names: Names, form: Form) -> KeptField | None:
        """What becomes of one field; None when an allow-list leaves it out by silence."""
        name = names.rename.get(path) or self._changes.styled(upstream)
        if path in names.redact:
            return KeptField(upstream=upstream, name=name, redacted=True)
        if is_left_out(names, path, form):
            return None if not passes_rest(names) else KeptField(upstream=upstream, name=None)
        if names.pick is not None and names is not _ALL_KNOWN and not names_it(names.pick, path):
            return None
        return KeptField(upstream=upstream, name=name)

    def _tell_clashes(self, fields: list[KeptField], path: str, pointer: Pointer) -> None:
        """Report fields of one object that would hide each other."""
        seen: dict[str, str] = {}
        for kept in fields:
            if kept.name is None:
                continue
            other = seen.setdefault(kept.name, kept.upstream)
            if other != kept.upstream:
                full = f"{path}.{kept.upstream}" if path else kept.upstream
                self._faults.add(
                    self._request.at(*pointer, "rename"),
                    "name-clash",
                    f"{kept.upstream!r} and {other!r} are both answered as {kept.name!r}",
                    hint=f"rename one of them: response: {{rename: {{{full}: ...}}}}",
                )


def _apart(fields: list[KeptField]) -> list[KeptField]:
    """`fields` where no two hide each other: one whose new name is taken keeps its own."""
    upstream = {kept.upstream for kept in fields}
    seen: set[str] = set()
    told: list[KeptField] = []
    for kept in fields:
        taken = kept.name in seen or (kept.name in upstream and kept.name != kept.upstream)
        told.append(replace(kept, name=kept.upstream) if kept.name and taken else kept)
        seen.add(told[-1].name or "")
    return told
