"""openapi-core as an independent reader of requests, where it is right.

It does not know nested deepObject, matrix, label or spaceDelimited, and splits after decoding
(measured with 0.23.1); those are left to our own decoder.
"""

import json
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote

import jsonschema_rs

from treenail_generator.document import JSON, Document, Operation
from treenail_generator.document.index import METHODS
from treenail_generator.document.pruning import Pruned, repaired
from treenail_generator.document.unfetched import Nowhere
from treenail_generator.plan import Binding, EndpointPlan, ListType, MapType, ModelType
from treenail_generator.planning.exact import requestable

from .decoding.media import is_json
from .recording import SentRequest
from .requests_only import requests_only

_HOST: Final = "http://upstream.invalid"
_HIDDEN: Final = {"?": "\ue03f", "#": "\ue023"}
"""Characters that end a path, and what nobody writes."""
_FOR_PATHS: Final = str.maketrans(_HIDDEN)
_FROM_PATHS: Final = str.maketrans({hidden: own for own, hidden in _HIDDEN.items()})
_MOST_REFERENCES: Final = 60
_MOST_IN_CIRCLES: Final = 12
"""So many references of one schema it follows in time: it takes every way through them."""
_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_NUMBER_FORMATS: Final = frozenset({"int32", "int64", "float", "double"})
_KEPT_FORMATS: Final = ("date", "date-time", "uuid", "byte", "binary", "time", "duration")


@dataclass(slots=True)
class _Request:
    """openapi-core's request protocol over a request of ours."""

    endpoint: EndpointPlan
    sent: SentRequest
    parameters: Any = field(init=False)

    def __post_init__(self) -> None:
        from openapi_core.datatypes import RequestParameters  # noqa: PLC0415  # costs 0.3 s
        from werkzeug.datastructures import Headers, ImmutableMultiDict  # noqa: PLC0415  # as above

        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(self.sent.query, keep_blank_values=True)),
            header=Headers(list(self.sent.headers)),
            cookie=ImmutableMultiDict(),
        )

    @property
    def host_url(self) -> str:
        return _HOST

    @property
    def path(self) -> str:
        # Decoded, as every WSGI and ASGI server hands it on; but openapi-core takes it for a URL.
        # One character for one, so that lengths stay what they are.
        return unquote(self.sent.path).translate(_FOR_PATHS)

    @property
    def method(self) -> str:
        return self.endpoint.method.lower()

    @property
    def body(self) -> bytes | None:
        return self.sent.content.body if self.sent.content is not None else None

    @property
    def content_type(self) -> str:
        return self.sent.content.content_type if self.sent.content is not None else ""


class Oracle:
    """Reads requests to the operations behind some endpoints."""

    def __init__(self, document: Document, endpoints: Sequence[EndpointPlan]) -> None:
        self._document = document
        self._endpoints = endpoints

    @cached_property
    def _alike(self) -> dict[str, set[str]]:
        """The paths that differ in names of parameters alone."""
        found: dict[str, set[str]] = {}
        for endpoint in self._endpoints:
            found.setdefault(_unnamed(endpoint.path), set()).add(endpoint.path)
        return found

    @cached_property
    def _reader(self) -> Any:
        from jsonschema_path import SchemaPath  # noqa: PLC0415  # as below
        from openapi_core import Config, OpenAPI  # noqa: PLC0415  # costs 0.3 s

        readable = self._readable_document()
        formats = {*_KEPT_FORMATS, *_formats(readable)} - _NUMBER_FORMATS
        config = Config(
            # The document was validated before, with places; here it is only read.
            spec_validator_cls=cast("Any", None),
            extra_format_unmarshallers=dict.fromkeys(sorted(formats), _unchanged),
            extra_media_type_deserializers={
                endpoint.body.content_type: json.loads
                for endpoint in self._endpoints
                if endpoint.body is not None and endpoint.body.kind == "json"
            },
        )
        path = SchemaPath.from_dict(cast("Any", readable), handlers=Nowhere())
        return OpenAPI(path, config=config)

    def _readable_document(self) -> dict[str, Any]:
        """The operations in use, without parameters that openapi-core would misread."""
        operations = {
            found.key: found
            for endpoint in self._endpoints
            if (found := self._document.operation(endpoint.operation)) is not None
            and self._finds(endpoint)
        }
        pruned = Pruned(self._document.references, self._document.version, operations.values())
        raw: dict[str, Any] = {**repaired(pruned.document), "servers": [{"url": _HOST}]}
        for operation in operations.values():
            declared = raw["paths"][operation.path][operation.method.lower()]
            # Credentials and hosts are the upstream client's business.
            declared.pop("security", None)
            declared.pop("servers", None)
            right = {
                (binding.place, binding.upstream)
                for endpoint in self._endpoints
                if endpoint.operation == operation.key
                for binding in endpoint.bindings
                if reads(binding)
            }
            if operation.body is not None and not self._follows_body(operation):
                del declared["requestBody"]
            declared["parameters"] = [
                parameter
                for parameter, known in zip(
                    declared["parameters"], operation.parameters, strict=True
                )
                if (known.place, known.name) in right
                and not known.allow_empty
                and self._casts(known.schema)
            ]
        # As in `_Request.path`, which is decoded.
        raw["paths"] = {
            unquote(path): item for path, item in raw["paths"].items() if not _is_mixed(path)
        }
        return requests_only(raw)

    def _casts(self, schema: JSON) -> bool:
        """Whether openapi-core knows what to read; of several types it takes the first, or none."""
        if not self._follows(schema):
            return False
        found = self._document.resolve(schema)
        if found.get("type") == "array":
            return self._casts(found.get("items", {}))
        # It refuses parameters that say `readOnly`, which OpenAPI says of properties only.
        return isinstance(found.get("type"), str) and not {"enum", "readOnly"} & set(found)

    def _follows_body(self, operation: Operation) -> bool:
        media = operation.body.media if operation.body is not None else ()
        return all(self._follows(each.schema) for each in media)

    def _follows(self, schema: JSON) -> bool:
        """Whether it reads a value of `schema` in time."""
        bundled = self._document.bundle(schema)
        leads = {
            name: set(_references(each))
            for name, each in cast("dict[str, JSON]", bundled.get("$defs", {})).items()
        }
        count = sum(map(len, leads.values()))
        return count <= (_MOST_IN_CIRCLES if _has_circle(leads) else _MOST_REFERENCES)

    def _finds(self, endpoint: EndpointPlan) -> bool:
        """Whether it finds the operation; it takes `?` and `#` for parts of a path.

        It prefers `/{name}` to `/{name}:verb`, one of `/{name}` and `/{id}` to the other, and knows no
        `additionalOperations`.
        """
        operation = self._document.operation(endpoint.operation)
        if operation is None or _is_mixed(operation.path) or operation.method not in METHODS:
            return False
        is_alone = len(self._alike[_unnamed(endpoint.path)]) == 1
        is_rooted = operation.path.startswith("/")
        return is_alone and is_rooted and not {"?", "#"} & set(operation.path)

    def _allows(self, endpoint: EndpointPlan, request: SentRequest) -> bool:
        """Whether the body satisfies the schema that the document has for it."""
        operation = self._document.operation(endpoint.operation)
        if request.content is None or operation is None or operation.body is None:
            return False
        if endpoint.body is None:
            return False
        source = endpoint.body.source
        # By its place, because a range like `*/*` is sent as a type of it.
        media = next(each for each in operation.body.media if each.location == source)
        schema = requestable(self._document.bundle(media.schema), forbid=True)
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        return validator.is_valid(json.loads(request.content.body))

    def values(
        self, endpoint: EndpointPlan, request: SentRequest
    ) -> tuple[dict[tuple[str, str], object], list[str]]:
        """What openapi-core reads, for the bindings it is right about, and its objections."""
        from openapi_core.validation.request.exceptions import (  # noqa: PLC0415  # costs 0.3 s
            RequestBodyValidationError,
        )

        content = request.content
        operation = self._document.operation(endpoint.operation)
        if (
            operation is None
            or not self._finds(endpoint)
            or (content is not None and not is_json(content.content_type))
        ):
            return {}, []
        with warnings.catch_warnings():
            # It warns of every deprecated parameter; those were decided on in the plan.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                result = self._reader.unmarshal_request(_Request(endpoint, request))
            except Exception:  # noqa: BLE001  # a reader that crashes on a document says nothing of us
                return {}, []
        problems = [_explained(error) for error in cast("list[Exception]", result.errors)]
        of_body = all(isinstance(error, RequestBodyValidationError) for error in result.errors)
        if problems and of_body and self._allows(endpoint, request):
            # It misreads prefixItems, patterns and more; the document's schema has the last word.
            return {}, []
        if problems and not set(unquote(request.path)).isdisjoint(_HIDDEN):
            # A pattern may be about the characters that were hidden.
            return {}, []
        if problems:
            return {}, problems
        places = {
            "path": result.parameters.path,
            "query": result.parameters.query,
            "header": result.parameters.header,
        }
        found: dict[tuple[str, str], object] = {}
        for binding in endpoint.bindings:
            if binding.place in places and reads(binding):
                place = cast("dict[str, object]", places[binding.place])
                if binding.upstream in place:
                    found[binding.place, binding.upstream] = _restored(place[binding.upstream])
        if content is not None and self._follows_body(operation):
            found |= self._body(endpoint, request, _plain(result.body), content.body)
        return found, []

    def _body(
        self, endpoint: EndpointPlan, request: SentRequest, read: object, sent: bytes
    ) -> dict[tuple[str, str], object]:
        """The body as it read it; nothing where it leaves out what the document's schema allows."""
        is_right = read == json.loads(sent) or not self._allows(endpoint, request)
        return {("body", ""): read} if is_right else {}


def _unnamed(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _is_mixed(path: str) -> bool:
    """Whether a segment of `path` holds a parameter and more, or half a parameter."""
    return any(
        {"{", "}"} & set(each) and not (each.startswith("{") and each.find("}") == len(each) - 1)
        for each in path.split("/")
    )


def _formats(node: object) -> Iterator[str]:
    """Every format of a document; openapi-core knows few, and refuses the others."""
    if isinstance(node, list):
        for item in cast("list[object]", node):
            yield from _formats(item)
    elif isinstance(node, dict):
        for key, value in cast("dict[str, object]", node).items():
            if key == "format" and isinstance(value, str):
                yield value
            yield from _formats(value)


def _references(node: object) -> Iterator[str]:
    """The definition that each reference in a bundled schema leads to."""
    if isinstance(node, list):
        for item in cast("list[object]", node):
            yield from _references(item)
    elif isinstance(node, dict):
        for key, value in cast("dict[str, object]", node).items():
            if key == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            yield from _references(value)


def _has_circle(leads: dict[str, set[str]]) -> bool:
    """Whether a definition leads to itself: those that lead to none are taken away until none is left."""
    left = dict(leads)
    while ends := [name for name, others in left.items() if others.isdisjoint(left)]:
        for name in ends:
            del left[name]
    return bool(left)


def reads(binding: Binding) -> bool:
    """Whether openapi-core is right about parameters of this kind."""
    if binding.style is not None or isinstance(binding.type, ModelType | MapType):
        return False
    if binding.place in {"cookie", "querystring"}:
        return False
    return binding.place == "query" or not isinstance(binding.type, ListType)


def _restored(value: object) -> object:
    """Undo what `_Request.path` hid from openapi-core."""
    return value.translate(_FROM_PATHS) if isinstance(value, str) else value


def _unchanged(value: object) -> object:
    return value


def _plain(value: object) -> object:
    """Bodies come as plain data, apart from mappings of openapi-core's own."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[object]", value)]
    return value


def _explained(error: Exception) -> str:
    parts = [str(error)]
    cause = error.__cause__
    while cause is not None:
        parts.append(str(cause))
        cause = cause.__cause__
    return ": ".join(dict.fromkeys(part for part in parts if part))
