"""The schema of a tool's answer, derived from what the upstream declares and what is kept of it.

No field is required: an upstream leaves out what it has nothing to say about, and a write that
took place is told even when its answer cannot be read.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, Final, cast

from treenail_generator.plan import AnswerPlan, RecordPlan
from treenail_generator.yaml_source import JSON, Pointer

from .exact import requestable
from .forms import Form, Forms, component_name
from .views import Views

MOST_FIELDS: Final = 16
"""So many fields a published lenient schema names, those near the top first; others may come."""

MOST_LOCKED: Final = 30
"""So many the lock knows of an answer whose schema is not published."""

_FILE: Final[dict[str, JSON]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "media_type": {"type": "string"},
        "bytes": {"type": "integer"},
    },
}
_WHOLE_NUMBER: Final[dict[str, JSON]] = {"type": "integer"}


@dataclass(slots=True)
class _Object:
    """An object of the answer; its schema moves under `$defs` when it is mentioned twice."""

    name: str
    schema: dict[str, JSON]
    mentions: list[dict[str, JSON]] = field(default_factory=list[dict[str, JSON]])


class OutputSchemas:
    """The schema of one answer over the records of its connector.

    Lenient ones say which fields there are and of which type, as far as `most`; strict ones
    also repeat the document's enumerations, formats and bounds.
    """

    def __init__(
        self,
        views: Views,
        forms: Forms,
        records: Mapping[str, RecordPlan],
        *,
        strict: bool,
        most: int = MOST_FIELDS,
    ) -> None:
        self._views = views
        self._forms = forms
        self._records = records
        self._strict = strict
        self._left = most
        self._definitions: dict[str, JSON] = {}
        self._objects: dict[tuple[str | None, Pointer], _Object] = {}
        self._waiting: deque[tuple[dict[str, JSON], str | None, Form]] = deque()
        self._drops_null = False
        self._keeps_null = False

    def of(self, answer: AnswerPlan, payload: JSON) -> dict[str, JSON]:
        """The schema of `answer`, whose payload the document describes as `payload`."""
        if answer.kind == "text":
            return _object({"text": {"type": "string"}})
        if answer.kind == "file":
            return _object({"file": _FILE})
        if answer.kind == "nothing":
            return _object({"ok": {"type": "boolean"}, "status": _WHOLE_NUMBER})
        self._drops_null = answer.nulls == "drop"
        self._keeps_null = answer.nulls == "keep"
        form = self._forms.of(payload)
        if answer.name is None and not form.is_object:
            scalar = form.kinds and "object" not in form.kinds
            return _object({"value": self._leaf(payload, form)} if scalar else {})
        shaped = self._shaped(answer.record, payload)
        self._fill()
        if answer.name is None:
            whole = dict(next(iter(self._objects.values())).schema) if "$ref" in shaped else shaped
            whole = {**whole, "type": "object"}
        else:
            whole = _object({answer.name: shaped, **_beside(answer)})
        return {**whole, "$defs": self._definitions} if self._definitions else whole

    def _fill(self) -> None:
        """Say what the mentioned objects hold, those near the top first."""
        while self._waiting:
            schema, record, form = self._waiting.popleft()
            if self._left > 0 or self._strict:
                most = len(form.properties) if self._strict else self._left
                properties = self._fields(record, form, most)
                self._left -= len(properties)
                schema["properties"] = properties
        for shared in self._objects.values():
            if len(shared.mentions) > 1:
                name = self._free(shared.name)
                self._definitions[name] = shared.schema
                for mention in shared.mentions:
                    mention["$ref"] = f"#/$defs/{name}"
            else:
                shared.mentions[0].update(shared.schema)

    def _free(self, name: str) -> str:
        number = 1
        while (free := name if number == 1 else f"{name}{number}") in self._definitions:
            number += 1
        return free

    def _shaped(self, record: str | None, schema: JSON, *, null: bool = True) -> dict[str, JSON]:
        """What `record` makes of `schema`; `null` tells whether a null would be told."""
        form = self._forms.of(schema)
        null = null and not self._drops_null and "null" in form.kinds
        if form.is_list:
            kind: JSON = ["array", "null"] if null else "array"
            items = self._shaped(record, form.items) if form.items is not None else {}
            known = items or self._forms.of(form.items).is_object
            return {"type": kind, "items": items} if known else {"type": kind}
        if not form.is_object:
            return self._leaf(schema, form, null=null)
        component = self._forms.component(schema)
        kind = ["object", "null"] if null else "object"
        if component is None or kind != "object":
            inline: dict[str, JSON] = {"type": kind}
            self._waiting.append((inline, record, form))
            return inline
        known = self._objects.get((record, component))
        if known is None:
            known = _Object(component_name(component) or "Object", {"type": "object"})
            self._objects[record, component] = known
            self._waiting.append((known.schema, record, form))
        mention: dict[str, JSON] = {}
        known.mentions.append(mention)
        return mention

    def _fields(self, record: str | None, form: Form, most: int) -> dict[str, JSON]:
        """The first `most` fields that are told."""
        if record is None:
            first = islice(form.properties.items(), most)
            return {name: self._shaped(None, schema) for name, schema in first}
        told: dict[str, JSON] = {}
        for kept in self._records[record].fields:
            if kept.name is None or len(told) >= most:
                continue
            if kept.redacted:
                told[kept.name] = {"type": "string"}
            else:
                inner = form.properties.get(kept.upstream, {})
                told[kept.name] = self._shaped(kept.record, inner, null=self._keeps_null)
        return told

    def _leaf(self, schema: JSON, form: Form, *, null: bool = True) -> dict[str, JSON]:
        if self._strict:
            whole = dict(requestable(self._views.bundle(schema)))
            # References start from the top of the answer's schema.
            definitions = cast("dict[str, JSON]", whole.pop("$defs", {}))
            if all(self._definitions.setdefault(name, d) == d for name, d in definitions.items()):
                return whole
        return dict(_typed(form.kinds, null=null))


@lru_cache(maxsize=2**10)
def _typed(kinds: frozenset[str], *, null: bool) -> dict[str, JSON]:
    kept = kinds - {"integer"} if "number" in kinds else kinds
    told: Any = sorted(kept if null else kept - {"null"})
    return {"type": told[0] if len(told) == 1 else told} if told else {}


def _object(properties: dict[str, JSON]) -> dict[str, JSON]:
    return {"type": "object", "properties": properties} if properties else {"type": "object"}


def _beside(answer: AnswerPlan) -> dict[str, JSON]:
    """What stands beside a list."""
    beside: dict[str, JSON] = {}
    if answer.max_items is not None:
        beside["truncated"] = {"type": "object"}
    if answer.paging is not None and answer.paging.argument:
        counted = answer.paging.told != "next_cursor"
        beside[answer.paging.told] = _WHOLE_NUMBER if counted else {}
        if answer.paging.told != f"next_{answer.paging.argument}":
            beside["next_argument"] = {"type": "string"}
    if answer.page is not None:
        for name in ("page", "total_pages", "total_items", "next_page"):
            beside[name] = _WHOLE_NUMBER
    return beside
