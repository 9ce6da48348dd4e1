"""Where the value of a parameter or body field comes from: agent, connection, constant, nowhere."""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.diagnostics import Location, nearest
from treenail_generator.naming import free_name
from treenail_generator.plan import (
    Constant,
    Either,
    FieldPlan,
    FromArgument,
    FromConnection,
    TypePlan,
    ValuePlan,
)
from treenail_generator.yaml_source import JSON

from .faults import Faults
from .objects import offered
from .shapes import texts
from .types import Subject, Types
from .verbs import Verb, Verbs, tell_conflicts

_PARAMETERS: Final = frozenset({"path", "query", "querystring", "header", "cookie"})

Sourced: TypeAlias = tuple[ValuePlan, FieldPlan | None, TypePlan]
"""The value, the argument it needs (if any), and the type it has for the upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A parameter or top-level body field that needs a value."""

    subject: Subject
    upstream: str
    required: bool
    deprecated: bool
    description: str
    examples: tuple[JSON, ...]
    source: Location


class Values:
    """Decides the value of each slot of one tool."""

    def __init__(
        self, request: ConnectorRequest, types: Types, verbs: Verbs, faults: Faults
    ) -> None:
        self._request = request
        self._types = types
        self._verbs = verbs
        self._attributes: set[str] = set()
        self._faults = faults

    def of(self, slot: Slot) -> Sourced | None:
        """The value of `slot`; None when nothing is sent for it."""
        verb = self._verbs.of(slot.subject.path, slot.subject.place)
        tell_conflicts(verb, slot.subject.path, self._faults)
        view = self._types.views.of(slot.subject.schema)
        if slot.subject.place in _PARAMETERS:
            # OpenAPI 3.1.1, "readOnly": only properties have it.
            view = {key: value for key, value in view.items() if key != "readOnly"}
        named = bool(verb.said - {"hide", "keep_deprecated"})
        if slot.deprecated and not slot.required and not (named or verb.keeps_deprecated):
            return None
        if not named and not offered(view, verb, required=slot.required):
            return None
        if verb.says("hide") and verb.param.hide:
            return self._hidden(slot, verb)
        if verb.says("constant"):
            self._types.tell_misfit(verb, "constant", slot.subject.path, view, verb.param.constant)
            kind = self._types.type_of(slot.subject, self._verbs)
            return Constant(verb.param.constant), None, kind
        field = self._types.field(
            slot.subject,
            self._verbs,
            upstream=slot.upstream,
            required=slot.required,
            description=slot.description,
            examples=slot.examples,
        )
        free = free_name(field.attribute, self._attributes)
        field = field if free == field.attribute else replace(field, attribute=free)
        self._attributes.add(free)
        if verb.param.inject:
            return self._injected(slot, verb, field)
        return FromArgument(field.attribute), field, field.type

    def takes(self, attribute: str) -> bool:
        """Take the attribute; False when the tool has it already."""
        is_free = attribute not in self._attributes
        self._attributes.add(attribute)
        return is_free

    def _hidden(self, slot: Slot, verb: Verb) -> None:
        if slot.required:
            self._faults.add(
                verb.at("hide"),
                "hidden-required",
                f"{slot.subject.path!r} is required by the upstream and cannot be hidden",
                hint="give it a constant, or inject it",
            )

    def _injected(self, slot: Slot, verb: Verb, field: FieldPlan) -> Sourced:
        name = verb.param.inject or ""
        known = {entry.name: entry.is_secret for entry in self._request.file.login.fields}
        if known.get(name, True):
            close = nearest(name, [key for key, hidden in known.items() if not hidden])
            secret = name in known
            self._faults.add(
                verb.at("inject"),
                "secret-injected" if secret else "unknown-login-field",
                f"{slot.subject.path!r}: {name!r} is "
                + ("a secret and cannot be a parameter" if secret else "no login field"),
                hint=f"did you mean {close!r}?" if close and not secret else None,
            )
        if not texts(field.type):
            self._faults.add(
                verb.at("inject"),
                "inject-needs-text",
                f"{slot.subject.path!r} is not a string; login fields are",
            )
        if not verb.param.override:
            return FromConnection(name, slot.required), None, field.type
        optional = replace(field, required=False)
        return Either(field.attribute, name, slot.required), optional, field.type
