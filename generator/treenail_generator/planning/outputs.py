"""The schema of a tool's answer, derived from what the upstream declares and what is kept of it.

No field is required: an upstream leaves out what it has nothing to say about, and a write that
took place is told even when its answer cannot be read.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from treenail_generator.plan import AnswerPlan, RecordPlan
from treenail_generator.yaml_source import JSON

from .exact import requestable
from .views import View, Views, split_null

_KINDS: Final = frozenset({"string", "integer", "number", "boolean", "array", "object"})
_DEPTH: Final = 16


class OutputSchemas:
    """The schema of one answer over the records of its connector.

    Lenient ones say which fields there are and of which type; strict ones also repeat the
    document's enumerations, formats and bounds.
    """

    def __init__(self, views: Views, records: Mapping[str, RecordPlan], *, strict: bool) -> None:
        self._views = views
        self._records = records
        self._strict = strict
        self._definitions: dict[str, JSON] = {}

    def of(self, answer: AnswerPlan, payload: object) -> dict[str, JSON]:
        """The schema of `answer`, whose payload the document describes as `payload`."""
        shaped = self._shaped(answer.record, payload, 0)
        if answer.name is None:
            return self._with_definitions(shaped)
        properties: dict[str, JSON] = {answer.name: shaped}
        if answer.max_items is not None:
            properties["truncated"] = {"type": "object"}
        if answer.page is not None:
            for name in ("page", "total_pages", "total_items", "next_page"):
                properties[name] = {"type": "integer"}
        return self._with_definitions({"type": "object", "properties": properties})

    def _with_definitions(self, shaped: dict[str, JSON]) -> dict[str, JSON]:
        if shaped.get("type") != "object":
            return {"type": "object"}
        return {**shaped, "$defs": self._definitions} if self._definitions else shaped

    def _shaped(self, record: str | None, schema: object, depth: int) -> dict[str, JSON]:
        view = self._views.of(schema) if schema is not None else {}
        if view.get("type") == "array" or "items" in view:
            return {"type": "array", "items": self._shaped(record, view.get("items", {}), depth)}
        if record is None or not view.get("properties"):
            return self._leaf(schema, view)
        return self._object(self._records[record], view, depth)

    def _object(self, record: RecordPlan, view: View, depth: int) -> dict[str, JSON]:
        upstream = cast("dict[str, Any]", view["properties"])
        properties: dict[str, JSON] = {}
        for kept in record.fields:
            if kept.name is None or depth > _DEPTH:
                continue
            if kept.redacted:
                properties[kept.name] = {"type": "string"}
            elif kept.record is not None:
                inner = self._shaped(kept.record, upstream.get(kept.upstream), depth + 1)
                properties[kept.name] = inner
            else:
                schema = upstream.get(kept.upstream, {})
                properties[kept.name] = self._leaf(schema, self._views.of(schema))
        return {"type": "object", "properties": properties}

    def _leaf(self, schema: object, view: View, depth: int = 0) -> dict[str, JSON]:
        if self._strict and schema is not None:
            whole = dict(requestable(self._views.bundle(schema)))
            # References start from the top of the answer's schema.
            definitions = cast("dict[str, JSON]", whole.pop("$defs", {}))
            if all(self._definitions.setdefault(name, d) == d for name, d in definitions.items()):
                return whole
        # A null field is left out of answers.
        inner, _ = split_null(view)
        kind = inner.get("type")
        if kind == "array" and depth < _DEPTH:
            items = inner.get("items", {})
            return {"type": "array", "items": self._leaf(items, self._views.of(items), depth + 1)}
        return {"type": kind} if isinstance(kind, str) and kind in _KINDS else {}
