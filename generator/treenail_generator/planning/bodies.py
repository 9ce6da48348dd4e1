"""The request body: its fields beside the parameters, or one argument for the whole."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from treenail_generator.connector_file import BodySection, Param
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Body, Media, Operation, Schema
from treenail_generator.media_types import essence, is_lines, is_media_range
from treenail_generator.naming import class_name
from treenail_generator.plan import (
    Arrays,
    Binding,
    BodyKind,
    BodyPlan,
    EncodingPlan,
    FieldPlan,
    TypePlan,
)

from .alternatives import with_form
from .body_fields import accepting, defined_by, examples_of, in_form
from .encodings import plan_encodings, unsayable_headers
from .faults import Faults
from .files import as_files, binary_part, holds_files
from .leaves import constraints
from .media_types import (
    body_kind,
    is_structured,
    preferred,
    sendable,
    sent_type,
    tell_type,
    without_parts,
)
from .objects import only_properties
from .parts import apart, with_files
from .shapes import Shape, shapes
from .types import Subject, Types
from .values import Slot, Values
from .verbs import Verbs
from .views import View

_WHOLE = "body"
_FORMS = frozenset({"form", "multipart"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The media type that is sent."""

    body: Body
    media: Media
    kind: BodyKind
    view: View

    @property
    def is_form(self) -> bool:
        return self.kind in _FORMS

    def accepts(self, name: str) -> tuple[str, ...]:
        """The media types that a file may have: of the body, or of the part called `name`."""
        if self.kind == "binary":
            told = essence(self.media.content_type)
        else:
            encoding = self.media.encoding.get(name or "*")
            told = encoding.content_type or "" if encoding is not None else ""
        ranges = tuple(essence(each) for each in told.split(",") if is_media_range(each.strip()))
        # Any bytes are that.
        return () if {"*/*", "application/*", "application/octet-stream"} & {*ranges} else ranges


class Bodies:
    """Plans the body of one tool's operation."""

    def __init__(self, types: Types, values: Values, verbs: Verbs, faults: Faults) -> None:
        self._types = types
        self._values = values
        self._verbs = verbs
        self._faults = faults

    def plan(
        self, operation: Operation, section: BodySection, owner: str
    ) -> tuple[list[FieldPlan], list[Binding], BodyPlan | None]:
        """Fields and bindings of the body, and what it is; None when nothing is sent."""
        chosen = self._chosen(operation, section)
        if chosen is None or not self._has_parts(chosen):
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

    def _chosen(self, operation: Operation, section: BodySection) -> _Chosen | None:
        body = operation.body
        if body is None:
            return None
        if not body.media:
            self._faults.note(
                body.location, "body-untold", f"{operation.key}: nothing tells what its body is"
            )
            return None
        body = replace(body, media=sendable(body, self._faults))
        self._tell_unknown_media(body, section)
        offered = [self._in_sequence(each) for each in body.media]
        if not offered:
            return None
        views = {each.content_type: self._types.views.of(each.schema) for each in offered}
        kinds: dict[str, BodyKind] = {name: body_kind(name, view) for name, view in views.items()}
        said = [each for each in offered if each.content_type == section.media]
        media = said[0] if said else preferred(offered, kinds)
        if len(body.media) > 1 and not said:
            self._faults.note(
                media.location,
                "media-type-chosen",
                f"{operation.key}: its body is sent as {media.content_type}",
                hint="choose another: body: {media: ...}",
            )
        kind = kinds[media.content_type]
        if kind == "multipart":
            media = self._in_parts(media, operation)
        return _Chosen(body=body, media=media, kind=kind, view=self._types.views.of(media.schema))

    def _in_parts(self, media: Media, operation: Operation) -> Media:
        """The multipart body with the fields that can be parts, each on its own."""
        views = self._types.views
        found = apart(media.schema, views)
        view, lost = found or (views.of(media.schema), ())
        if lost:
            self._faults.note(
                media.location,
                "parts-not-checked",
                f"{operation.key}: its body holds files, so that {' and '.join(lost)} of its schema "
                "is left to the upstream; its fields are offered",
                severity="warning",
            )
        own = with_files(view, media.encoding, views)
        self._tell_inner_files(media, own)
        return media if own is view and found is None else replace(media, schema=own)

    def _tell_inner_files(self, media: Media, view: View) -> None:
        views = self._types.views
        for name, schema in cast("dict[str, object]", view.get("properties") or {}).items():
            if as_files(schema, views) is None and holds_files(schema, views):
                self._faults.note(
                    media.location,
                    "file-as-text",
                    f"body field {name!r}: a file inside it has no part of its own; it is sent as "
                    "a text in JSON",
                    severity="warning",
                )

    def _tell_unknown_headers(self, chosen: _Chosen, section: BodySection) -> None:
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
                path = f"{_WHOLE}.{name}" if is_whole else f"body:{name}"
                self._verbs.imply(path, Param(hide=True))
                self._faults.note(place, "field-left-out", message, hint=hint, severity="warning")
            elif name in named or not named:
                self._faults.add(place, "unsupported-field", message, hint=hint)

    def _in_sequence(self, media: Media) -> Media:
        """The media type with the schema of all its items, where it is JSON texts in a row.

        OpenAPI 3.2, 4.14.2: `itemSchema` is that of one; so is a `schema` of no list, before 3.2.
        """
        is_listed = media.positional or media.item_schema is not None
        if is_listed and not media.schema and media.content_type.startswith("multipart/"):
            return replace(media, schema={"type": "array", "items": media.item_schema or {}})
        view = self._types.views.of(media.schema)
        untold = "array" if "items" in view else "string" if not view else ""
        kind = view.get("type", untold)
        if not is_lines(media.content_type) or (
            kind in {"array", "string"} and not media.item_schema
        ):
            return media
        items: Schema = media.item_schema or media.schema
        return replace(media, schema={"type": "array", "items": items})

    def _has_parts(self, chosen: _Chosen) -> bool:
        """Whether the body can be made at all; reports it when not, unless it is hidden."""
        told = without_parts(chosen.media.content_type, chosen.kind, chosen.view)
        first = cast("list[object]", chosen.view.get("prefixItems") or [])
        apart = [*first, *([chosen.view.get("items")] if first else [])]
        if chosen.kind == "multipart" and any(as_files(each, self._types.views) for each in apart):
            told = "a file in prefixItems, or behind them,"
        if told is None:
            return True
        if chosen.body.required or not self._verbs.of(_WHOLE, "body").param.hide:
            self._faults.add(
                chosen.media.location,
                "unsupported-body",
                f"the body is {chosen.media.content_type}, of which {told} has no form",
                hint="say by an overlay which fields it has",
            )
        return False

    def _tell_unknown_media(self, body: Body, section: BodySection) -> None:
        offered = [each.content_type for each in body.media]
        if section.media is not None and section.media not in offered:
            self._faults.add(
                self._verbs.at_tool("body", "media"),
                "unknown-media-type",
                f"the operation takes no {section.media!r}",
                hint=f"it takes: {', '.join(offered)}",
            )

    def _imply(self, chosen: _Chosen, section: BodySection) -> None:
        """Take `as`, `only` and `omit` for what they mean: entries of single fields."""
        if section.name is not None and section.name != _WHOLE:
            self._verbs.imply(f"body:{_WHOLE}", Param(rename=section.name), "body", "as")
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
                path = f"{_WHOLE}.{name}" if self._is_whole(chosen, section) else f"body:{name}"
                self._verbs.imply(path, Param(hide=True), "body", key)

    def _tell_idle(self, operation: Operation, section: BodySection) -> None:
        """Report fields that `only` or `omit` cannot leave out."""
        key = "only" if section.only is not None else "omit"
        for name in self._verbs.idle(_WHOLE):
            self._faults.add(
                self._verbs.at_tool("body", key),
                "whole-body",
                f"{name!r}: the body of {operation.key} stays in one piece, because its schema says "
                "more than its fields",
                hint=f"leave {key!r} out, or repair the schema by an overlay",
            )

    def _is_whole(self, chosen: _Chosen, section: BodySection) -> bool:
        """Whether the body is one argument."""
        # Side by side, the fields of a body that may be left out could be given in part.
        apart = chosen.body.required or not chosen.view.get("required")
        properties = cast("dict[str, Any]", chosen.view.get("properties") or {})
        # The empty name is that of a whole body.
        fits = properties and only_properties(chosen.view) and "" not in properties
        return section.is_nested or not apart or not fits

    def _slots(self, chosen: _Chosen, section: BodySection, owner: str) -> list[tuple[str, Slot]]:
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

    def _text_schema(self, chosen: _Chosen) -> object:
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

    def _whole(self, chosen: _Chosen, schema: object, owner: str, *, files: int = 0) -> Slot:
        if chosen.view.get("readOnly") is True:
            # OpenAPI 3.1.1, 4.8.24.6: only properties have it.
            view = self._types.views.of(schema)
            schema = {key: value for key, value in view.items() if key != "readOnly"}
        subject = Subject(
            schema=schema,
            path=_WHOLE,
            hint="Body",
            owner=owner,
            place="body",
            files=files,
        )
        return Slot(
            subject=subject,
            upstream=_WHOLE,
            required=chosen.body.required,
            deprecated=False,
            description=chosen.body.description,
            examples=() if chosen.kind == "binary" else chosen.media.examples,
            source=chosen.media.location,
        )

    def _side_by_side(self, chosen: _Chosen, owner: str) -> list[tuple[str, Slot]]:
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
        chosen: _Chosen,
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
