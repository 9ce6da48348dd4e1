"""What a request says, read by the rules of its operation, and what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from treenail_generator.document import JSON, Document, Operation, Parameter, Schema
from treenail_generator.media_types import is_lines
from treenail_generator.verify.decoding import (
    DecodingError,
    Reading,
    RequestDecoder,
    Values,
    Wire,
    Word,
    values,
)
from treenail_generator.verify.decoding.media import fitting

from .routing import Match
from .shapes import Shapes
from .wire import FORM_TYPE, Call

_LONGEST: Final = 300
_TRIED: Final = 64
"""How many of the values that an ambiguous request may mean are compared with its schema."""
_COMPOUND: Final = ("json", FORM_TYPE, "multipart/", "text/plain")
"""Media types whose bodies are compared with their schemas; others are taken as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A request as values of the document's types.

    Attributes:
        operation: Which one it is for.
        ids: What the path says, as text, by parameter name.
        parameters: What the parameters say, by name.
        body: None when there is none, or none that can be read.
        faults: Every reason to refuse the request.
    """

    operation: Operation
    ids: Mapping[str, str]
    parameters: Mapping[str, JSON]
    body: JSON
    faults: tuple[str, ...]


class RequestReader:
    """Reads requests with the decoder of the proof, and compares them with their schemas."""

    def __init__(self, document: Document, shapes: Shapes) -> None:
        self._shapes = shapes
        self._decoder = RequestDecoder(document.resolve)

    def read(self, match: Match, call: Call, *, also: Iterable[str] = ()) -> Given:
        """The request as values; `also` names query parameters to let pass unread."""
        operation = match.operation
        found: Values = {}
        faults: dict[str, str] = {}
        for part, read in self._decoder.parts(operation, _wire(match, call, also)).items():
            try:
                found |= read()
            except DecodingError as error:
                faults[part] = f"{part}: {error}"
        parameters, of_parameters = self._parameters(operation, found, unread=faults.keys())
        body, of_body = self._body(operation, call, found.get(("body", "")), faults.keys())
        return Given(
            operation=operation,
            ids={name: _id(found, name, text) for name, text in match.values.items()},
            parameters=parameters,
            body=body,
            faults=tuple(each[:_LONGEST] for each in (*faults.values(), *of_parameters, *of_body)),
        )

    def _parameters(
        self, operation: Operation, found: Values, unread: Iterable[str]
    ) -> tuple[dict[str, JSON], list[str]]:
        given: dict[str, JSON] = {}
        faults: list[str] = []
        for parameter in operation.parameters:
            where = f"{parameter.place} parameter {parameter.name!r}"
            reading = found.get((parameter.place, parameter.name))
            if reading is None:
                if parameter.required and _part(parameter) not in unread:
                    faults.append(f"{where}: missing")
                continue
            value, why = self._value(parameter.schema, reading)
            given[parameter.name] = value
            if not (parameter.allow_empty and value == ""):
                faults += (f"{where}{each}" for each in why)
        return given, faults

    def _body(
        self, operation: Operation, call: Call, reading: "Reading | None", unread: Iterable[str]
    ) -> tuple[JSON, list[str]]:
        if reading is None:
            is_missing = operation.body is not None and operation.body.required
            return None, ["body: missing"] if is_missing and "body" not in unread else []
        media = operation.body.media if operation.body is not None else ()
        said = fitting(call.content_type, [each.content_type for each in media])
        schemas = [each.schema for each in media if each.content_type == said]
        value, why = self._value(schemas[0] if schemas else {}, reading)
        kinds = [kind for kind in _COMPOUND if kind in call.content_type]
        # What a document says of lines may hold for all of them or for each.
        is_compared = bool(kinds) and not is_lines(call.content_type)
        return value, [f"body{each}" for each in why] if is_compared else []

    def _value(self, schema: Schema, reading: Reading) -> tuple[JSON, list[str]]:
        """The first meaning that fits, else the plainest one and why it does not."""
        tried = list(islice(values(reading), _TRIED))
        fitting_one = next((each for each in tried if not self._faults(schema, each)), None)
        if fitting_one is not None or None in tried:
            return fitting_one, self._faults(schema, fitting_one)
        return tried[0], self._faults(schema, tried[0])

    def _faults(self, schema: Schema, value: JSON) -> list[str]:
        return self._shapes.request_faults(schema, value)


def _wire(match: Match, call: Call, also: Iterable[str]) -> Wire:
    names = {each.name.lower() for each in match.operation.parameters if each.place == "header"}
    headers: dict[str, str] = {}
    for name, text in call.headers:
        if name in names:
            headers[name] = f"{headers[name]},{text}" if name in headers else text
    return Wire(
        path=match.rest,
        query=_without(call.query_string, set(also)),
        headers=tuple(headers.items()),
        cookie=_cookie(match.operation, call),
        content_type=call.header("content-type"),
        body=call.body or None,
    )


def _without(query: str, names: set[str]) -> str:
    """The query without what the credentials say; a raw `+` is a space, as in forms."""
    pairs = query.replace("+", "%20").split("&") if query else []
    return "&".join(pair for pair in pairs if pair.partition("=")[0] not in names)


def _cookie(operation: Operation, call: Call) -> str:
    """What the parameters may say; cookies of others are nothing to refuse."""
    declared = [each for each in operation.parameters if each.place == "cookie"]
    sent = call.header("cookie") or ""
    if any("object" in str(each.schema.get("type")) for each in declared):
        return sent
    names = {each.name for each in declared}
    pairs = (pair.strip() for pair in sent.split(";"))
    return "; ".join(pair for pair in pairs if pair.partition("=")[0] in names)


def _part(parameter: Parameter) -> str:
    """The part of the request that holds it."""
    return "query" if parameter.place == "querystring" else parameter.place


def _id(found: Values, name: str, text: str) -> str:
    reading = found.get(("path", name))
    return reading.text if isinstance(reading, Word) else text
