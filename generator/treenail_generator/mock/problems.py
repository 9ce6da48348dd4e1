"""Error answers in the shape that the document declares for them."""

from typing import Final

from treenail_generator.document import JSON, Document, Operation, Schema
from treenail_generator.document.values import items, mapping

from .identifiers import Identifiers
from .letters import letters
from .resources import json_media
from .sampling import NoSampleError, Sampler, Spot
from .shapes import Shapes
from .wire import JSON_TYPE, Answer, Refusal, json_bytes, phrase

_STATUS: Final = frozenset(("status", "statuscode", "httpstatus", "httpcode", "code"))
_HEADINGS: Final = frozenset(("error", "title"))
_REASON: Final = _HEADINGS | frozenset(
    ("detail", "details", "message", "msg", "reason", "description", "errordescription")
)
_CODE: Final = frozenset(("code", "errorcode", "errorkey", "errortype", "kind"))
_ID: Final = frozenset(("id", "requestid", "traceid", "errorid", "correlationid"))
_FAILED: Final = {"error": True, "success": False, "ok": False}
_HOLDERS: Final = frozenset(("error", "errors"))
_FALLBACK: Final[Schema] = {
    "type": "object",
    "properties": {"status": {"type": "integer"}, "detail": {"type": "string"}},
}


class Problems:
    """Writes error bodies; every one gets an id of its own, the same in every run."""

    def __init__(
        self, document: Document, shapes: Shapes, sampler: Sampler, identifiers: Identifiers
    ) -> None:
        self._document = document
        self._shapes = shapes
        self._sampler = sampler
        self._identifiers = identifiers
        self._told = 0

    def reset(self) -> None:
        """Count from the beginning."""
        self._told = 0

    def answer(self, operation: Operation | None, refusal: Refusal) -> Answer:
        """The refusal as this operation declares it, or else as another one does."""
        self._told += 1
        schema, content_type = self._declared(operation, refusal.status)
        return Answer(
            status=refusal.status,
            body=json_bytes(self._filled(schema, refusal)),
            content_type=content_type,
            headers=refusal.headers,
        )

    def _declared(self, operation: Operation | None, status: int) -> tuple[JSON, str]:
        own = () if operation is None else (operation,)
        wanted = (str(status), f"{status // 100}XX", "default")
        for each in (*own, *self._document.operations):
            failed = [answer for answer in each.responses if answer.status[:1] not in "123"]
            failed.sort(key=lambda answer: (*wanted, answer.status).index(answer.status))
            for answer in failed:
                media = json_media(answer)
                if media is not None and media.schema:
                    return media.schema, media.content_type
        return _FALLBACK, JSON_TYPE

    def _filled(self, schema: JSON, refusal: Refusal) -> JSON:
        flat = self._shapes.flat(schema)
        for variant in self._shapes.variants(flat):
            return self._filled(variant, refusal)
        if self._shapes.kind(flat) == "array":
            return [self._filled(self._shapes.item(flat), refusal)]
        properties = self._shapes.properties(flat)
        if self._shapes.kind(flat) == "string":
            return refusal.reason
        is_headed = any(letters(name) in _REASON - _HEADINGS for name in properties)
        filled: dict[str, JSON] = {}
        for name, child in properties.items():
            value = self._value(name, child, refusal, is_headed=is_headed)
            if value is not None and self._shapes.fits(child, value):
                filled[name] = value
            elif name in items(flat.get("required")):
                filled[name] = self._sample(name, child)
        return filled

    def _value(self, name: str, schema: JSON, refusal: Refusal, *, is_headed: bool) -> JSON:
        """What an error body tells under this name; None for nothing."""
        plain, kind = letters(name), self._shapes.kind(schema)
        if kind == "string":
            return self._text(plain, schema, refusal, is_headed=is_headed)
        if kind in {"integer", "number"}:
            return refusal.status if plain in _STATUS else None
        if kind == "boolean":
            return _FAILED.get(plain)
        is_holder = plain in _HOLDERS and kind in {"object", "array"}
        return self._filled(schema, refusal) if is_holder else None

    def _text(self, plain: str, schema: JSON, refusal: Refusal, *, is_headed: bool) -> JSON:
        if plain in _HEADINGS and is_headed:
            return phrase(refusal.status)
        if plain in _REASON:
            return refusal.reason
        if plain in _CODE:
            return phrase(refusal.status).upper().replace(" ", "_").replace("-", "_")
        if plain in _STATUS:
            return str(refusal.status)
        if plain in _ID:
            return self._identifiers.new("error", mapping(schema), self._told)
        return None

    def _sample(self, name: str, schema: JSON) -> JSON:
        try:
            return self._sampler.sample(schema, Spot(name=name, depth=1))
        except NoSampleError:
            return None
