"""What a request says by the rules of OpenAPI 3.1.1 "Parameter Object" and RFC 6570.

Written against the rules, not against the runtime's encoder, so that one proves the other.
"""

import json
import re
from typing import Any, Final, cast
from urllib.parse import unquote

from treenail_generator.plan import (
    ABSENT,
    Binding,
    BooleanType,
    ChoiceType,
    EndpointPlan,
    ExactType,
    ListType,
    MapType,
    MaybeJSON,
    ModelPlan,
    ModelType,
    NullableType,
    NumberType,
    StylePlan,
    TypePlan,
)
from treenail_generator.planning.exact import item_kind, primitive_kind
from treenail_generator.yaml_source import JSON

from .loaded import SentRequest

_DEFAULTS: Final = {
    "path": StylePlan(style="simple", explode=False),
    "query": StylePlan(style="form", explode=True),
    "header": StylePlan(style="simple", explode=False),
}
_DELIMITERS: Final = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


class DecodingError(Exception):
    """The request does not follow the rules."""


class Decoder:
    """Reads requests of one connector."""

    def __init__(self, models: dict[str, ModelPlan]) -> None:
        self._models = models

    def values(
        self, endpoint: EndpointPlan, request: SentRequest
    ) -> dict[tuple[str, str], MaybeJSON]:
        """The value of every binding by place and upstream name; a whole body by ("body", "")."""
        found: dict[tuple[str, str], MaybeJSON] = {}
        others = frozenset(binding.upstream for binding in endpoint.at("query"))
        segments = _segments(endpoint.path, request.path)
        pairs = [tuple(part.partition("=")[::2]) for part in request.query.split("&") if part]
        headers = {name.lower(): text for name, text in request.headers}
        for binding in endpoint.bindings:
            key = (binding.place, binding.upstream)
            match binding.place:
                case "path":
                    found[key] = self._path(binding, segments[binding.upstream])
                case "query":
                    found[key] = self._query(binding, pairs, others)
                case "header":
                    found[key] = self._header(binding, headers.pop(binding.upstream.lower(), None))
                case _:
                    pass
        if pairs:
            raise DecodingError(f"the query says more than was asked: {pairs}")
        if headers:
            raise DecodingError(f"there are more headers than were asked: {sorted(headers)}")
        found["body", ""] = json.loads(request.body) if request.body is not None else ABSENT
        return found

    def _path(self, binding: Binding, raw: str) -> MaybeJSON:
        style = binding.style or _DEFAULTS["path"]
        if style.style == "json":
            return json.loads(unquote(raw))
        parts = _path_parts(raw, style, binding.upstream, compound=self._is_compound(binding.type))
        return self._assembled(binding.type, parts, explode=style.explode)

    def _query(
        self, binding: Binding, pairs: list[tuple[str, ...]], others: frozenset[str]
    ) -> MaybeJSON:
        style = binding.style or _DEFAULTS["query"]
        name = binding.upstream
        if style.style == "deepObject":
            mine = [pair for pair in pairs if unquote(pair[0]).startswith(f"{name}[")]
            keyed = [f"{unquote(key)[len(name) + 1 : -1]}={text}" for key, text in mine]
        elif style.explode and self._is_object(binding.type):
            known = self._keys(binding.type)
            mine = [
                pair
                for pair in pairs
                if (unquote(pair[0]) in known if known else unquote(pair[0]) not in others)
            ]
            keyed = [f"{key}={text}" for key, text in mine]
        else:
            mine = [pair for pair in pairs if unquote(pair[0]) == name]
            keyed = [text for _, text in mine]
        for pair in mine:
            pairs.remove(pair)
        if not mine:
            return ABSENT
        if style.style == "json":
            return json.loads(unquote(keyed[0]))
        compound = self._is_compound(binding.type)
        if not style.explode and compound:
            keyed = keyed[0].split(_DELIMITERS[style.style])
        return self._assembled(binding.type, keyed, explode=style.explode)

    def _header(self, binding: Binding, raw: str | None) -> MaybeJSON:
        style = binding.style or _DEFAULTS["header"]
        if raw is None:
            return ABSENT
        if style.style == "json":
            return json.loads(raw)
        compound = self._is_compound(binding.type)
        parts = raw.split(",") if compound else [raw]
        return self._assembled(binding.type, parts, explode=style.explode, decode=False)

    def _assembled(
        self,
        kind: TypePlan,
        parts: list[str],
        *,
        explode: bool,
        decode: bool = True,
    ) -> JSON:
        text = unquote if decode else str
        if isinstance(kind, ListType):
            return [self._primitive(kind.item, text(part)) for part in parts]
        if isinstance(kind, ExactType) and (item := item_kind(kind.schema)) is not None:
            return [_read(item, text(part)) for part in parts]
        if self._is_object(kind):
            if explode:
                items = [tuple(part.partition("=")[::2]) for part in parts]
            else:
                items = list(zip(parts[::2], parts[1::2], strict=True))
            return {
                text(key): self._primitive(self._kind_of(kind, text(key)), text(value))
                for key, value in items
            }
        if len(parts) != 1:
            raise DecodingError(f"one value was expected, not {len(parts)}")
        return self._primitive(kind, text(parts[0]))

    def _is_compound(self, kind: TypePlan) -> bool:
        exact = isinstance(kind, ExactType) and item_kind(kind.schema) is not None
        return exact or isinstance(kind, ListType) or self._is_object(kind)

    def _is_object(self, kind: TypePlan) -> bool:
        return isinstance(kind, ModelType | MapType)

    def _keys(self, kind: TypePlan) -> set[str] | None:
        if isinstance(kind, ModelType):
            return {field.upstream for field in self._models[kind.model].fields}
        return None

    def _kind_of(self, kind: TypePlan, key: str) -> TypePlan:
        if isinstance(kind, MapType):
            return kind.value
        assert isinstance(kind, ModelType)  # noqa: S101  # the only other object
        for field in self._models[kind.model].fields:
            if field.upstream == key:
                return field.type
        raise DecodingError(f"there is no {key!r} in {kind.model}")

    def _primitive(self, kind: TypePlan, text: str) -> JSON:
        match kind:
            case NullableType(inner):
                return self._primitive(inner, text)
            case NumberType(whole=whole):
                return _read("integer" if whole else "number", text)
            case BooleanType():
                return _read("boolean", text)
            case ChoiceType(values) if isinstance(values[0], int):
                return _read("integer", text)
            case ExactType():
                schema = kind.schema
                return _read(primitive_kind(schema, schema), text)
            case _:
                return text


def _read(kind: str | None, text: str) -> JSON:
    match kind:
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "boolean":
            return {"true": True, "false": False}[text]
        case _:
            return text


def _segments(template: str, path: str) -> dict[str, str]:
    parts = re.split(r"\{([^{}]+)\}", template)
    pattern = "".join(
        "([^/]*)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    found = re.fullmatch(pattern, path)
    if found is None:
        raise DecodingError(f"{path!r} is no {template!r}")
    return dict(zip(parts[1::2], cast("tuple[Any, ...]", found.groups()), strict=True))


def _path_parts(raw: str, style: StylePlan, name: str, *, compound: bool) -> list[str]:
    """The percent-encoded parts of one path parameter."""
    match style.style:
        case "simple":
            return raw.split(",") if compound else [raw]
        case "label" if raw.startswith("."):
            return raw[1:].split("." if style.explode else ",") if compound else [raw[1:]]
        case "matrix" if raw.startswith(";"):
            parts = raw[1:].split(";")
            if style.explode:
                return [part.removeprefix(f"{name}=") for part in parts]
            text = parts[0].removeprefix(name).removeprefix("=")
            return text.split(",") if compound else [text]
        case _:
            raise DecodingError(f"{raw!r} is not in style {style.style}")
