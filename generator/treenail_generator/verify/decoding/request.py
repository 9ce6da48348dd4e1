"""A whole request to the values that it says, by the operation that the document declares."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from treenail_generator.document import JSON, Operation, Parameter, Schema

from .bodies import Bodies
from .media import FORM, essence, is_json
from .pairs import Field, Pairs, of_parameter, pairs_of
from .paths import Template
from .readings import DecodingError, Known, Reading, Word
from .schemas import TEXT, Schemas
from .styles import Styles, path_decoded, percent_decoded

Part: TypeAlias = Literal["path", "query", "header", "cookie", "body"]
Values = dict[tuple[str, str], Reading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A request as it goes over the wire.

    Attributes:
        path: Percent-encoded, behind the server's URL.
        query: Percent-encoded, without "?".
        headers: Names and texts, without Content-Type and Cookie.
        cookie: Text of the Cookie header; empty for none.
        content_type: None when there is no body.
        body: None when there is no body.
    """

    path: str
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    cookie: str = ""
    content_type: str | None = None
    body: bytes | None = None


class RequestDecoder:
    """Reads requests to the operations of one document."""

    def __init__(self, resolve: Callable[[JSON], Schema]) -> None:
        """`resolve` finds what a `$ref` of the document names."""
        schemas = Schemas(resolve)
        self._styles = Styles(schemas)
        self._pairs = Pairs(schemas)
        self._bodies = Bodies(schemas)
        self._templates: dict[str, Template] = {}

    def read(self, operation: Operation, wire: Wire) -> Values:
        """The readings by place and name, the whole body by ("body", "").

        What the request does not say is missing. What stands in the query of the operation's path
        is there like a parameter.

        Raises:
            DecodingError: The request breaks the rules, or says more than the operation takes.
        """
        return {
            key: reading
            for read in self.parts(operation, wire).values()
            for key, reading in read().items()
        }

    def parts(self, operation: Operation, wire: Wire) -> Mapping[Part, Callable[[], Values]]:
        """What `read` reads, part by part; each may raise for itself."""
        return {
            "path": partial(self._path, operation, wire.path),
            "query": partial(self._query, operation, wire.query),
            "header": partial(self._headers, operation, wire.headers),
            "cookie": partial(self._cookies, operation, wire.cookie),
            "body": partial(self._body, operation, wire),
        }

    def _template(self, operation: Operation) -> Template:
        known = self._templates.get(operation.path)
        if known is None:
            known = self._templates[operation.path] = Template(operation.path)
        return known

    def _path(self, operation: Operation, path: str) -> Values:
        declared = {each.name: each for each in operation.parameters if each.place == "path"}
        values: Values = {}
        for name, text in self._template(operation).texts(path):
            reading = self._segment(declared.get(name), name, text)
            if values.setdefault(("path", name), reading) != reading:
                raise DecodingError(f"{name} has two values in the path")
        return values

    def _segment(self, parameter: Parameter | None, name: str, text: str) -> Reading:
        if parameter is None:
            return Word(path_decoded(text), TEXT)
        if parameter.content_type is not None:
            return _content(parameter.content_type, path_decoded(text))
        schema, explode = parameter.schema, parameter.explode
        match parameter.style:
            case "simple":
                return self._styles.simple(schema, text, explode=explode, decode=path_decoded)
            case "label":
                return self._styles.label(schema, text, explode=explode)
            case "matrix":
                return self._styles.matrix(schema, name, text, explode=explode)
            case style:
                return self._styles.delimited(schema, [text], style, path_decoded)

    def _query(self, operation: Operation, query: str) -> Values:
        whole = [each for each in operation.parameters if each.place == "querystring"]
        if whole:
            return self._querystring(whole[0], query)
        literals = self._template(operation).query
        if not query and not literals:
            return {}
        pairs = pairs_of(query, percent_decoded)
        values: Values = {}
        for name, text in literals:
            values["query", name] = _literal(name, text, pairs)
        # What the path says goes before a parameter of its name.
        said = {name for name, _ in literals}
        fields = [of_parameter(each) for each in operation.parameters if each.place == "query"]
        fields = [each for each in fields if each.name not in said]
        fields += self._in_path(operation, {each.name for each in fields})
        read = self._pairs.read(fields, pairs)
        return values | {("query", name): reading for name, reading in read.items()}

    def _in_path(self, operation: Operation, declared: Collection[str]) -> list[Field]:
        """Path parameters that stand in the query of the path; a value is one text, as in a path."""
        schemas = {each.name: each.schema for each in operation.parameters if each.place == "path"}
        return [
            Field(
                name=name,
                schema=schemas.get(variable, {"type": "string"}),
                style="form",
                explode=False,
                content_type=None,
                decode=percent_decoded,
            )
            for name, variable in self._template(operation).named
            if name not in declared
        ]

    def _querystring(self, parameter: Parameter, query: str) -> Values:
        """The whole query in one media type (OpenAPI 3.2, "Parameter Object")."""
        if not query:
            return {}
        kind = parameter.content_type or FORM
        if essence(kind) == FORM:
            reading: Reading = self._pairs.form(parameter.schema, query, parameter.encoding)
        else:
            reading = _content(kind, percent_decoded(query))
        return {("querystring", parameter.name): reading}

    def _headers(self, operation: Operation, headers: Sequence[tuple[str, str]]) -> Values:
        """Header parameters, whose names have no case (RFC 9110 5.1)."""
        if not headers:
            return {}
        given = {name.lower(): text for name, text in headers}
        if len(given) != len(headers):
            raise DecodingError("a header stands twice")
        values: Values = {}
        for parameter in operation.parameters:
            text = given.pop(parameter.name.lower(), None) if parameter.place == "header" else None
            if text is None:
                continue
            if parameter.content_type is not None:
                reading = _content(parameter.content_type, text)
            elif parameter.style == "simple":
                reading = self._styles.simple(
                    parameter.schema, text, explode=parameter.explode, decode=str
                )
            else:
                reading = self._styles.raw(parameter.schema, text, parameter.style)
            values["header", parameter.name] = reading
        if given:
            raise DecodingError(f"the headers {sorted(given)} were not asked for")
        return values

    def _cookies(self, operation: Operation, cookie: str) -> Values:
        if not cookie:
            return {}
        fields = [of_parameter(each) for each in operation.parameters if each.place == "cookie"]
        read = self._pairs.read(fields, pairs_of(cookie, str, "; "))
        return {("cookie", name): reading for name, reading in read.items()}

    def _body(self, operation: Operation, wire: Wire) -> Values:
        if wire.body is None:
            return {}
        if operation.body is None or wire.content_type is None:
            raise DecodingError("there is a body, which the operation does not take")
        return {("body", ""): self._bodies.read(operation.body.media, wire.content_type, wire.body)}


def _content(content_type: str, text: str) -> Reading:
    """The value of a path or header parameter that is written in a media type."""
    if not is_json(content_type):
        return Word(text, TEXT)
    try:
        return Known(json.loads(text))
    except ValueError as error:
        raise DecodingError(f"{text!r} is no JSON: {error}") from None


def _literal(name: str, text: str, pairs: list[tuple[str, str]]) -> Reading:
    """Take what the path's own query says out of `pairs`."""
    given = next((each for each in pairs if each[0] == name), None)
    if given is None or percent_decoded(given[1]) != text:
        raise DecodingError(f"the query lacks {name}={text}, which stands in the path")
    pairs.remove(given)
    return Word(text, TEXT)
