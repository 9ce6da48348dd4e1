"""The JSON request body: its properties beside the parameters, or one argument for the whole."""

from typing import Any, Literal, cast

from treenail_generator.document import Media, Operation
from treenail_generator.naming import class_name
from treenail_generator.plan import Binding, FieldPlan

from .faults import Faults
from .headers import is_json
from .objects import only_properties
from .types import Subject, Types
from .values import Slot, Values
from .views import View


def json_media(operation: Operation, faults: Faults) -> Media | None:
    """The JSON media type of the operation's body; None for no body, or one that is refused."""
    if operation.body is None:
        return None
    for media in operation.body.media:
        if is_json(media.content_type):
            return media
    names = ", ".join(media.content_type for media in operation.body.media) or "none"
    faults.add(
        operation.body.location,
        "unsupported-body",
        f"{operation.key}: only JSON bodies are supported yet; this one offers {names}",
    )
    return None


class Bodies:
    """Plans the body of one tool's operation."""

    def __init__(self, types: Types, values: Values) -> None:
        self._types = types
        self._values = values

    def plan(
        self, operation: Operation, media: Media, style: Literal["flatten", "nested"], hint: str
    ) -> tuple[list[FieldPlan], list[Binding]]:
        """Fields and bindings of the body."""
        body = operation.body
        assert body is not None  # noqa: S101  # the media came from it
        view = self._types.views.of(media.schema)
        # Side by side, the fields of a body that may be left out could be given in part.
        whole = body.required or not view.get("required")
        if style == "flatten" and whole and view.get("properties") and only_properties(view):
            return self._flattened(view, media, hint)
        slot = Slot(
            subject=Subject(
                schema=media.schema, path="body", hint=f"{hint}Body", owner=hint, place="body"
            ),
            upstream="body",
            required=body.required,
            deprecated=False,
            description=body.description,
            examples=(),
            source=media.location,
        )
        return self._collect([("", slot)])

    def _flattened(
        self, view: View, media: Media, hint: str
    ) -> tuple[list[FieldPlan], list[Binding]]:
        required = set(view.get("required", ()))
        slots: list[tuple[str, Slot]] = []
        for name, schema in cast("dict[str, Any]", view["properties"]).items():
            inner = self._types.views.of(schema)
            slot = Slot(
                subject=Subject(
                    schema=schema,
                    path=name,
                    hint=f"{hint}{class_name(name)}",
                    owner=hint,
                    place="body",
                ),
                upstream=name,
                required=name in required,
                deprecated=inner.get("deprecated") is True,
                description=str(inner.get("description", "")),
                examples=(),
                source=media.location,
            )
            slots.append((name, slot))
        return self._collect(slots)

    def _collect(self, slots: list[tuple[str, Slot]]) -> tuple[list[FieldPlan], list[Binding]]:
        fields: list[FieldPlan] = []
        bindings: list[Binding] = []
        for upstream, slot in slots:
            sourced = self._values.of(slot)
            if sourced is None:
                continue
            value, field, kind = sourced
            if field is not None:
                fields.append(field)
            bindings.append(
                Binding(
                    place="body",
                    upstream=upstream,
                    value=value,
                    type=kind,
                    required=slot.required,
                    source=slot.source,
                )
            )
        return fields, bindings
