"""Whether a request is what the document allows: openapi-core, and what it lets pass."""

import copy
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Final, TypeAlias, cast
from urllib.parse import parse_qsl

import orjson
from jsonschema_path import SchemaPath
from openapi_core import V30RequestValidator, V31RequestValidator
from openapi_core.datatypes import RequestParameters
from openapi_core.deserializing.media_types.datatypes import MediaTypeDeserializersDict
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.datatypes import TemplateResult
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.validation.request.exceptions import ParameterValidationError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict

from treenail_generator.document import JSON, Document, Operation, Parameter
from treenail_generator.document.values import items, mapping

from .routing import Match
from .shapes import Shapes
from .wire import Call

_Validator: TypeAlias = V30RequestValidator | V31RequestValidator

_HERE: Final = "/__mock__"
_KEPT: Final = 1000
_LONGEST: Final = 300
_UNDECODED: Final = frozenset(("matrix", "label", "spaceDelimited", "pipeDelimited"))
"""openapi-core 0.23 decodes these wrongly: right requests would be refused."""


class _Finder(APICallPathFinder):
    """Nothing to find: each of our documents has one operation to validate against."""

    def find(self, method: str, name: str) -> PathOperationServer:  # noqa: ARG002  # one place only
        path = self.spec / "paths" / _HERE
        nothing = TemplateResult(_HERE, {})
        return PathOperationServer(path, path / method, None, nothing, nothing)


@dataclass(slots=True, kw_only=True)
class _Request:
    """A request as openapi-core reads it; the parameters of the path are known already."""

    method: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None
    host_url: str = ""
    path: str = _HERE


class RequestValidator:
    """Validates with openapi-core, one small document for each operation and set of parameters.

    It spends as long on a parameter that was not sent as on one that was (0.5 ms, measured with
    0.23.1), so optional ones that were not sent are left out of the operation.
    """

    def __init__(self, document: Document, shapes: Shapes) -> None:
        self._document = document
        self._shapes = shapes
        raw = copy.deepcopy(dict(document.raw))
        _drop_strange_patterns(raw)
        self._raw: dict[str, JSON] = {
            key: value for key, value in raw.items() if key not in {"security", "servers"}
        }
        self._kind = V30RequestValidator if document.version == "3.0" else V31RequestValidator
        self._validators: OrderedDict[tuple[str, ...], _Validator] = OrderedDict()

    def faults(self, match: Match, call: Call, *, also: Iterable[str] = ()) -> list[str]:
        """Every reason to refuse the request; `also` names query parameters to let pass."""
        operation = match.operation
        unknown = set(self._unknown(operation, call)) - set(also)
        faults = [f"query parameter {name!r}: unknown" for name in sorted(unknown)]
        checked = [
            parameter
            for parameter in operation.parameters
            if self._is_checked(parameter) and self._is_due(parameter, call)
        ]
        errors = self._validator(operation, checked).iter_errors(_request(match, call))
        return [*faults, *(reason for error in errors for reason in _reasons(error))]

    def _validator(self, operation: Operation, checked: list[Parameter]) -> _Validator:
        key = (operation.endpoint, *(f"{each.place} {each.name}" for each in checked))
        if key not in self._validators:
            self._validators[key] = self._built(operation, checked)
        self._validators.move_to_end(key)
        while len(self._validators) > _KEPT:
            self._validators.popitem(last=False)
        return self._validators[key]

    def _built(self, operation: Operation, checked: list[Parameter]) -> _Validator:
        raw = self._raw_at
        parameters = [
            {key: value for key, value in raw(each.pointer).items() if key != "deprecated"}
            for each in checked
        ]
        kept = {
            key: value
            for key, value in raw(operation.pointer).items()
            if key not in {"security", "servers", "callbacks"}
        }
        here = {operation.method.lower(): {**kept, "parameters": parameters}}
        paths = {**mapping(self._raw.get("paths")), _HERE: here}
        whole = SchemaPath.from_dict({**self._raw, "paths": paths})
        media = operation.body.media if operation.body is not None else ()
        # Of all the `+json` types, openapi-core takes only vnd.api+json for JSON.
        decoders: MediaTypeDeserializersDict = {
            kind: orjson.loads
            for kind in (each.content_type.partition(";")[0].strip().lower() for each in media)
            if kind.endswith("json")
        }
        return self._kind(whole, path_finder_cls=_Finder, extra_media_type_deserializers=decoders)

    def _raw_at(self, pointer: Iterable[str | int]) -> dict[str, JSON]:
        value: JSON = self._raw
        for step in pointer:
            value = mapping(value)[step] if isinstance(step, str) else items(value)[step]
        return mapping(value)

    def _is_checked(self, parameter: Parameter) -> bool:
        if parameter.style == "deepObject":
            kinds = {
                self._shapes.kind(child)
                for child in self._shapes.properties(parameter.schema).values()
            }
            return not kinds & {"object", "array"}
        return parameter.style not in _UNDECODED

    def _is_due(self, parameter: Parameter, call: Call) -> bool:
        """Whether the parameter was sent or should have been; an empty text may fit its schema."""
        if parameter.place == "query":
            if self._is_spread(parameter):
                return True
            values = [value for name, value in call.query if name == parameter.name]
            if values == [""] and self._shapes.fits(parameter.schema, ""):
                return False
            return parameter.required or bool(values)
        if parameter.place == "header":
            return parameter.required or call.header(parameter.name.lower()) is not None
        return parameter.required or parameter.name in _cookies(call)

    def _is_spread(self, parameter: Parameter) -> bool:
        """Whether an object comes as several query parameters."""
        is_object = self._shapes.kind(parameter.schema) == "object"
        return is_object and parameter.content_type is None and parameter.explode

    def _unknown(self, operation: Operation, call: Call) -> Iterator[str]:
        known = {name for name, _ in parse_qsl(operation.path.partition("?")[2])}
        for parameter in operation.parameters:
            if parameter.place == "query":
                known.add(parameter.name)
                if self._is_spread(parameter) and parameter.style == "form":
                    known.update(self._shapes.properties(parameter.schema))
                    if self._shapes.flat(parameter.schema).get("additionalProperties", True):
                        return
        deep = {each.name for each in operation.parameters if each.style == "deepObject"}
        for name, _ in call.query:
            if name not in known and name.partition("[")[0] not in deep:
                yield name


def _request(match: Match, call: Call) -> _Request:
    return _Request(
        method=call.method.lower(),
        parameters=RequestParameters(
            query=ImmutableMultiDict(call.query),
            header=Headers(call.headers),
            cookie=ImmutableMultiDict(_cookies(call)),
            path=match.values,
        ),
        content_type=call.content_type,
        body=call.body or None,
    )


def _cookies(call: Call) -> Mapping[str, str]:
    return {name: morsel.value for name, morsel in SimpleCookie(call.header("cookie")).items()}


def _reasons(error: Exception) -> Iterator[str]:
    """What openapi-core found, in the words of a person."""
    cause = error.__cause__
    where = "body"
    if isinstance(error, ParameterValidationError):
        where = f"{error.location} parameter {error.name!r}"
    if isinstance(cause, InvalidSchemaValue):
        for found in cause.schema_errors:
            path = cast("Iterable[str | int]", getattr(found, "absolute_path", ()))
            message = str(getattr(found, "message", found))
            yield f"{'.'.join((where, *map(str, path)))}: {message}"[:_LONGEST]
    elif isinstance(cause, OpenAPIError):
        yield f"{where}: {cause}"[:_LONGEST]
    else:
        yield f"{where}: {error}"[:_LONGEST]


def _drop_strange_patterns(node: JSON) -> None:
    """A pattern that only JavaScript understands would make openapi-core fail."""
    if isinstance(node, list):
        for item in node:
            _drop_strange_patterns(item)
    elif isinstance(node, dict):
        pattern = node.get("pattern")
        if isinstance(pattern, str) and not _is_python(pattern):
            del node["pattern"]
        for value in node.values():
            _drop_strange_patterns(value)


def _is_python(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
