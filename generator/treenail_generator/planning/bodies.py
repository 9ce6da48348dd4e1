"""The request body: its fields beside the parameters, or one argument for the whole."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from treenail_generator.connector_file import BodySection, Param
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Operation
from treenail_generator.naming import class_name
from treenail_generator.plan import (
    Arrays,
    Binding,
    BodyPlan,
    EncodingPlan,
    FieldPlan,
    TypePlan,
)

from .alternatives import with_form
from .body_choices import WHOLE, BodyChoices, ChosenBody
from .body_fields import accepting, defined_by, examples_of, in_form
from .encodings import plan_encodings, unsayable_headers
from .faults import Faults
from .files import as_files, binary_part
from .leaves import constraints
from .media_types import (
    is_structured,
    sent_type,
    tell_type,
)
from .objects import only_properties
from .shapes import Shape, shapes
from .types import Subject, Types
from .values import Slot, Values
from .verbs import Verbs


class Bodies:
    """Plans the body of one tool's operation."""

    def __init__(self, types: Types, values: Values, verbs: Verbs, faults: Faults) -> None:
        self._choices = BodyChoices(types.views, verbs, faults)
        self._types = types
        self._values = values
        self._verbs = verbs
        self._faults = faults

    def plan(
        self, operation: Operation, section: BodySection, owner: str
    ) -> tuple[list[FieldPlan], list[Binding], BodyPlan | None]:
        """Fields and bindings of the body, and what it is; None when nothing is sent."""
        chosen = self._choices.chosen(operation, section)
        if chosen is None or not self._choices.has_parts(chosen):
            return [], [], None
        tell_type(chosen.media, chosen.kind, chosen.view, self._faults)
        planned = BodyPlan(
            kind=chosen.kind,
            content_type=sent_type(chosen.media.content_type, chosen.kind),
            required=chosen.body.required,
            source=chosen.media.location,
            fields=tuple(
                (name, replace(each, arrays=self._arrays(name, each)))
                for name, each in plan_encodings(
                    chosen.media, chosen.kind, self._types.views, self._faults
                )
            ),
        )
        self._imply(chosen, section)
        self._tell_unknown_headers(chosen, section)
        slots = self._slots(chosen, section, owner)
        defined = {name: defined_by(each, chosen.kind) for name, each in planned.fields}
        slots = [(name, self._with_form(slot, defined.get(name))) for name, slot in slots]
        fields, bindings = self._collect(slots, chosen, defined)
        self._tell_idle(operation, section)
        return fields, bindings, planned

    def _arrays(self, name: str, encoding: EncodingPlan) -> Arrays | None:
        if encoding.style != "deepObject":
            return None
        return self._verbs.arrays(name, "body")

    def _tell_unknown_headers(self, chosen: ChosenBody, section: BodySection) -> None:
        """Hide the fields that no part can carry, because it needs a header that nobody knows."""
        if chosen.kind != "multipart":
            return
        named = chosen.view.get("properties", ())
        optional = {*named} - {*chosen.view.get("required", ())}
        for name, header in unsayable_headers(chosen.media, self._types.views).items():
            told = f"its part needs the header {header!r}, of which no value is told"
            message = f"body field {name!r}: {told}"
            hint = "give the header a const or a default by an overlay"
            place = chosen.media.encoding[name].location
            if name in optional and only_properties(chosen.view):
                is_whole = self._is_whole(chosen, section)
                path = f"{WHOLE}.{name}" if is_whole else f"body:{name}"
                self._verbs.imply(path, Param(hide=True))
                self._faults.note(place, "field-left-out", message, hint=hint, severity="warning")
            elif name in named or not named:
                self._faults.add(place, "unsupported-field", message, hint=hint)

    def _imply(self, chosen: ChosenBody, section: BodySection) -> None:
        """Take `as`, `only` and `omit` for what they mean: entries of single fields."""
        if section.name is not None and section.name != WHOLE:
            self._verbs.imply(f"body:{WHOLE}", Param(rename=section.name), "body", "as")
        known = cast("dict[str, Any]", chosen.view.get("properties") or {})
        named = (*(section.only or ()), *section.omit)
        for name in named:
            if name not in known:
                close = nearest(name, known)
                self._faults.add(
                    self._verbs.at_tool("body"),
                    "unknown-parameter",
                    f"{name!r}: the body has no such field",
                    hint=f"did you mean {close!r}?" if close else None,
                )
        key = "only" if section.only is not None else "omit"
        for name in known:
            if name in section.omit or (section.only is not None and name not in section.only):
                path = f"{WHOLE}.{name}" if self._is_whole(chosen, section) else f"body:{name}"
                self._verbs.imply(path, Param(hide=True), "body", key)

    def _tell_idle(self, operation: Operation, section: BodySection) -> None:
        """Report fields that `only` or `omit` cannot leave out."""
        key = "only" if section.only is not None else "omit"
        for name in self._verbs.idle(WHOLE):
            self._faults.add(
                self._verbs.at_tool("body", key),
                "whole-body",
                f"{name!r}: the body of {operation.key} stays in one piece, because its schema says "
                "more than its fields",
                hint=f"leave {key!r} out, or repair the schema by an overlay",
            )

    def _is_whole(self, chosen: ChosenBody, section: BodySection) -> bool:
        """Whether the body is one argument."""
        # Side by side, the fields of a body that may be left out could be given in part.
        apart = chosen.body.required or not chosen.view.get("required")
        properties = cast("dict[str, Any]", chosen.view.get("properties") or {})
        # The empty name is that of a whole body.
        fits = properties and only_properties(chosen.view) and "" not in properties
        return section.is_nested or not apart or not fits

    def _slots(
        self, chosen: ChosenBody, section: BodySection, owner: str
    ) -> list[tuple[str, Slot]]:
        """What is asked for, by upstream name; the whole body has the empty one."""
        if chosen.kind == "text":
            return [("", self._whole(chosen, self._text_schema(chosen), owner))]
        if chosen.kind == "binary":
            return [("", self._whole(chosen, binary_part(chosen.view), owner, files=1))]
        if not self._is_whole(chosen, section):
            return self._side_by_side(chosen, owner)
        files = 2 if chosen.kind == "multipart" else 0
        # Of nothing else can a form be made.
        untold = chosen.is_form and not constraints(chosen.view)
        schema = {**chosen.view, "type": "object"} if untold else chosen.media.schema
        return [("", self._whole(chosen, schema, owner, files=files))]

    def _text_schema(self, chosen: ChosenBody) -> object:
        """The schema of a text; what is more than a text is told to the agent as one."""
        if not is_structured(chosen.view):
            return chosen.media.schema if chosen.view.get("type") else {"type": "string"}
        self._faults.note(
            chosen.media.location,
            "body-as-text",
            f"its body is {chosen.media.content_type}: the agent writes it as a text, and its "
            "schema is not checked",
            severity="warning",
        )
        described = chosen.view.get("description") or f"The body as {chosen.media.content_type}."
        return {"type": "string", "description": described}

    def _whole(self, chosen: ChosenBody, schema: object, owner: str, *, files: int = 0) -> Slot:
        if chosen.view.get("readOnly") is True:
            # OpenAPI 3.1.1, 4.8.24.6: only properties have it.
            view = self._types.views.of(schema)
            schema = {key: value for key, value in view.items() if key != "readOnly"}
        subject = Subject(
            schema=schema,
            path=WHOLE,
            hint="Body",
            owner=owner,
            place="body",
            files=files,
        )
        return Slot(
            subject=subject,
            upstream=WHOLE,
            required=chosen.body.required,
            deprecated=False,
            description=chosen.body.description,
            examples=() if chosen.kind == "binary" else chosen.media.examples,
            source=chosen.media.location,
        )

    def _side_by_side(self, chosen: ChosenBody, owner: str) -> list[tuple[str, Slot]]:
        required = set(chosen.view.get("required", ()))
        examples = examples_of(chosen.media)
        slots: list[tuple[str, Slot]] = []
        for name, schema in cast("dict[str, Any]", chosen.view["properties"]).items():
            inner = self._types.views.of(schema)
            # A form has no files; what may be any octets may be a text there.
            is_file = chosen.kind == "multipart" and as_files(schema, self._types.views) is not None
            slot = Slot(
                subject=Subject(
                    schema=schema,
                    path=name,
                    hint=class_name(name),
                    owner=owner,
                    place="body",
                    files=1 if is_file else 0,
                ),
                upstream=name,
                required=name in required,
                deprecated=inner.get("deprecated") is True,
                description=str(inner.get("description", "")),
                examples=() if is_file else examples.get(name, ()),
                source=chosen.media.location,
            )
            slots.append((name, slot))
        return slots

    def _with_form(self, slot: Slot, defined: frozenset[Shape] | None) -> Slot:
        """The field with the alternatives of its schema that its style can carry."""
        if defined is None:
            return slot
        schema, lost = with_form(slot.subject.schema, defined, self._types.views)
        if not lost:
            return slot
        self._faults.note(
            slot.source,
            "alternative-left-out",
            f"body field {slot.upstream!r}: its style or media type has no form for "
            f"{' and '.join(lost)} values; the others are offered",
        )
        return replace(slot, subject=replace(slot.subject, schema=schema))

    def _has_form(self, slot: Slot, kind: TypePlan, defined: frozenset[Shape] | None) -> bool:
        """Whether the style of a field has a form for all of its values; told when it has not."""
        undefined = frozenset[str]() if defined is None else self._shapes(kind) - defined
        if not undefined:
            return True
        told = " and ".join(sorted(undefined))
        message = (
            f"body field {slot.upstream!r}: its style or media type has no form for {told} values"
        )
        deep = f"say how this upstream reads them: params: {{{slot.upstream}: {{arrays: ...}}}}"
        hint = deep if defined is not None and "deep" in defined else None
        if slot.required or self._verbs.of(slot.upstream, "body").said:
            self._faults.add(slot.source, "unsupported-field", message, hint=hint)
        else:
            self._faults.note(slot.source, "field-left-out", message, hint=hint, severity="warning")
        return False

    def _shapes(self, kind: TypePlan) -> frozenset[Shape]:
        return shapes(kind, self._types.by_name)

    def _collect(
        self,
        slots: list[tuple[str, Slot]],
        chosen: ChosenBody,
        defined: Mapping[str, frozenset[Shape] | None],
    ) -> tuple[list[FieldPlan], list[Binding]]:
        fields: list[FieldPlan] = []
        bindings: list[Binding] = []
        for upstream, slot in slots:
            sourced = self._values.of(slot)
            if sourced is None:
                continue
            value, field, kind = sourced
            sent = in_form(kind) if chosen.is_form and upstream else kind
            sent = accepting(sent, chosen.accepts(upstream))
            if not self._has_form(slot, sent, defined.get(upstream)):
                continue
            if field is not None:
                fields.append(field if sent is kind else replace(field, type=sent))
            bindings.append(
                Binding(
                    place="body",
                    upstream=upstream,
                    value=value,
                    type=sent,
                    required=slot.required,
                    source=slot.source,
                )
            )
        return fields, bindings
