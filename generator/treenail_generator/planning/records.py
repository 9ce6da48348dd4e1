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

from .answer_names import Names, is_left_out, names_it, passes_rest, takes_all, touches
from .faults import Faults
from .forms import Form, component_name
from .module_names import ModuleNames
from .readings import Readings
from .redacting import NONE_HIDDEN, Hidden

_TEXT = frozenset({"string", "null"})
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
        tool: What the names of the tool's own records begin with; empty for a component's.
        hidden: What the tool redacts of the document, wherever it stands.
    """

    path: str
    base: str
    wanted: str
    group: str = ""
    tool: str = ""
    hidden: Hidden = NONE_HIDDEN


@dataclass(frozen=True, slots=True)
class _Mention:
    """A component that waits for its record, whose name is taken already."""

    schema: JSON
    names: Names
    place: _Place


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
        self._constants: dict[tuple[Pointer, bool, str], str] = {}
        self._shared: set[str] = set()
        self._late: set[str] = set()
        self._waiting: deque[_Mention] = deque()
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

    def of(
        self, schema: JSON, names: Names, hidden: Hidden, pointer: Pointer, tool: str
    ) -> str | None:
        """The record of the payload's objects; None when they pass as they are."""
        wanted = f"{tool_constant(tool)}_ANSWER"
        place = _Place("", wanted, wanted, tool=wanted, hidden=hidden)
        if not touches(names, ""):
            constant = self._untouched(schema, place, closed=False)
        else:
            constant = self._record(schema, names, place, pointer)
        self._drain()
        return constant

    def _drain(self) -> None:
        """Plan the components that were mentioned; a queue, since they may be very many."""
        while self._waiting:
            mention = self._waiting.popleft()
            if mention.place.group:
                self._of_component.setdefault(mention.place.group, [])
            self._record(mention.schema, mention.names, mention.place, ())

    def _untouched(self, schema: JSON, place: _Place, *, closed: bool) -> str | None:
        """The record of an object that no verb touches; None when it passes as it is."""
        form = self._forms.of(schema)
        holds = place.hidden.holds(schema, self._forms)
        if not holds and not (form.is_object and (closed or self._changes.in_reach_of(form))):
            return None
        if not holds:
            place = replace(place, tool="", hidden=NONE_HIDDEN)
        component = self._forms.component(schema)
        names = _ALL_KNOWN if closed else _NOTHING_SAID
        if component is None:
            return self._record(schema, names, replace(place, path=""), ())
        key = (component, closed, place.tool)
        if key not in self._constants:
            wanted = self._component_constant(component, closed)
            constant = self._names.constant(f"{place.tool}_{wanted}" if holds else wanted)
            self._constants[key] = constant
            self._shared.add(constant)
            if holds:
                self._late.add(constant)
            own = replace(place, path="", base=constant, wanted=constant)
            own = replace(own, group="" if holds else constant)
            self._waiting.append(_Mention(schema, names, own))
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
        keys = place.hidden.of_map(schema, self._forms)
        properties = {**self._properties(schema, names, place.path), **dict.fromkeys(keys)}
        values = self._values(schema, place)
        if not properties and values is None:
            return None
        fields: list[KeptField] = []
        for upstream, inner in properties.items():
            full = f"{place.path}.{upstream}" if place.path else upstream
            redacted = upstream in keys or place.hidden.hides(upstream, inner)
            kept = self._kept(
                full, upstream, names, self._forms.of(inner), pointer, redacted=redacted
            )
            if kept is None:
                continue
            if kept.name is not None and not kept.redacted and not kept.plain:
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
        if constant not in self._shared:
            constant = self._names.constant(place.wanted)
        plan = RecordPlan(
            constant=constant,
            fields=tuple(fields),
            rest=values is not None or self._passes_rest(schema, names, place.path),
            values=values,
            late=values is not None and self._is_late(values, place.group),
        )
        self._keep(plan, place)
        return constant

    def _values(self, schema: JSON, place: _Place) -> str | None:
        """The record of a map's values where something in them is redacted."""
        values = self._forms.values(schema)
        if values is None or not place.hidden.holds(values, self._forms):
            return None
        wanted = f"{place.wanted}_VALUE"
        own = replace(place, base=wanted, wanted=wanted)
        return self._untouched(self._forms.listed(values), own, closed=True)

    def _passes_rest(self, schema: JSON, names: Names, path: str) -> bool:
        """Whether fields that no name speaks of pass: those of a map are known by its values."""
        if passes_rest(names):
            return True
        return self._forms.is_map(schema) and takes_all(names.pick, path)

    def _keep(self, plan: RecordPlan, place: _Place) -> None:
        self._by_constant[plan.constant] = plan
        if place.group:
            self._of_component[place.group].append(plan)
        else:
            self._of_tools[plan.constant] = plan

    def _inner(
        self, schema: JSON, names: Names, place: _Place, path: str, pointer: Pointer
    ) -> str | None:
        """The record of the field at `path`, an object or a list of objects; else None."""
        item = self._forms.listed(schema)
        wanted = f"{place.base}_{constant_name(path.rpartition('.')[2])}"
        if touches(names, path):
            return self._record(item, names, replace(place, path=path, wanted=wanted), pointer)
        own = replace(place, base=wanted, wanted=wanted)
        return self._untouched(item, own, closed=not passes_rest(names))

    def _is_late(self, constant: str, group: str) -> bool:
        """Whether the record stands behind what mentions it in the module.

        Those of a tool's own components do: they are planned after what mentions them.
        """
        return constant in self._late or (
            bool(group) and constant in self._shared and constant >= group
        )

    def _properties(self, schema: JSON, names: Names, path: str) -> Mapping[str, JSON]:
        """Known fields; where none are known, those that verbs speak of."""
        known = self._forms.of(schema).properties
        if known:
            return known
        told: dict[str, JSON] = {}
        for name in names.told:
            if name and (not path or name.startswith(f"{path}.")):
                inner = name[len(path) + 1 :] if path else name
                told.setdefault(inner.partition(".")[0], cast("JSON", {}))
        return told

    def _kept(
        self,
        path: str,
        upstream: str,
        names: Names,
        form: Form,
        pointer: Pointer,
        *,
        redacted: bool,
    ) -> KeptField | None:
        """What becomes of one field; None when an allow-list leaves it out by silence."""
        name = names.rename.get(path) or self._changes.styled(upstream)
        if path in names.redact:
            return KeptField(upstream=upstream, name=name, redacted=True)
        if is_left_out(names, path, form):
            return None if not passes_rest(names) else KeptField(upstream=upstream, name=None)
        if names.pick is not None and names is not _ALL_KNOWN and not names_it(names.pick, path):
            return None
        if path in names.plain and not redacted:
            self._tell_no_text(path, form, names, pointer)
            return KeptField(upstream=upstream, name=name, plain=True)
        return KeptField(upstream=upstream, name=name, redacted=redacted)

    def _tell_no_text(self, path: str, form: Form, names: Names, pointer: Pointer) -> None:
        if pointer and form.kinds and not form.kinds <= _TEXT:
            self._faults.add(
                self._request.at(*pointer, "plain", names.plain.index(path)),
                "plain-no-text",
                f"plain: {path!r} is no text",
                hint="leave it out",
            )

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
