"""Collections and their records, found in the paths of a document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from treenail_generator.document import JSON, Document, Media, Operation, Parameter, Response
from treenail_generator.document.values import items

from .identifiers import Identifiers, id_examples
from .letters import letters, singular
from .listings import Listing, find_listing
from .shapes import Shapes

Action: TypeAlias = Literal["list", "create", "read", "update", "delete"]

_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")
_VAGUE: Final = frozenset(("id", "uuid", "guid", "key", "identifier"))
_ID_ENDINGS: Final = ("id", "uuid", "guid", "key")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource:
    """A collection of records.

    Attributes:
        path: The path template of the collection.
        parents: The path parameters that name the collection itself, with their kinds of id.
        parameter: The path parameter that names a record; None when no path does.
        id_kind: The kind of id that records have, as `Identifiers` knows it; None without ids.
        id_property: The property that holds it.
        schema: Of a record.
    """

    path: str
    parents: Mapping[str, str]
    parameter: str | None
    id_kind: str | None
    id_property: str | None
    schema: JSON


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Role:
    """What an operation does to a collection.

    Attributes:
        within: The property names that lead to the record in the answer.
        listing: The shape of the answer of a `list`.
    """

    action: Action
    resource: Resource
    within: tuple[str, ...] = ()
    listing: Listing | None = None


@dataclass(slots=True)
class Resources:
    """What was found.

    Attributes:
        roles: By `Operation.endpoint`; operations without a role answer made-up data.
        by_path: The collections whose records a path can name, by the collection's path.
    """

    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    by_path: dict[str, Resource] = field(default_factory=dict[str, Resource])

    def named_in(self, path: str) -> Iterator[Resource]:
        """The collections of which a path names a record, outermost first."""
        for found in _id_segments(path):
            resource = self.by_path.get(found[0])
            if resource is not None and resource.parameter == found[1]:
                yield resource


def success(operation: Operation) -> Response | None:
    """The first answer below 300 that the operation declares, else its default."""
    good = [each for each in operation.responses if each.status[:1] == "2"]
    return next(
        iter(good), next((each for each in operation.responses if each.status == "default"), None)
    )


def json_media(response: Response | None) -> Media | None:
    """The first media type of the answer that is JSON."""
    media = response.media if response is not None else ()
    return next((each for each in media if "json" in each.content_type.lower()), None)


def answer_schema(operation: Operation | None) -> JSON:
    """The schema of the operation's success, None when it answers no JSON."""
    media = json_media(success(operation)) if operation is not None else None
    return None if media is None else media.schema


def find_resources(document: Document, shapes: Shapes, identifiers: Identifiers) -> Resources:
    """Every collection of the document; declares the ids of their records."""
    return _Finder(document, shapes, identifiers).find()


class _Finder:
    def __init__(self, document: Document, shapes: Shapes, identifiers: Identifiers) -> None:
        self._shapes = shapes
        self._identifiers = identifiers
        self._operations = {found.endpoint: found for found in document.operations}
        self._parameters: dict[str, str] = {}
        self._named_by: dict[str, list[Parameter]] = {}
        for operation in document.operations:
            by_name = {each.name: each for each in operation.parameters if each.place == "path"}
            for collection, name in _id_segments(operation.path):
                self._parameters.setdefault(collection, name)
                if name in by_name:
                    self._named_by.setdefault(collection, []).append(by_name[name])
        self._examples: dict[str, list[JSON]] = {}
        for name, value in id_examples(document.raw):
            self._examples.setdefault(letters(name).removesuffix("s"), []).append(value)
        self._found = Resources()

    def find(self) -> Resources:
        paths = [*self._parameters, *(found.path for found in self._operations.values())]
        for path in dict.fromkeys(paths):
            self._collect(path)
        return self._found

    def _collect(self, path: str) -> None:
        parameter = self._parameters.get(path)
        item = f"{path}/{{{parameter}}}"
        listed = self._operations.get(f"GET {path}")
        listing = listed and find_listing(self._shapes, listed, answer_schema(listed) or {})
        if listing is None and not self._creates(path) and not _names_id(parameter):
            return
        record = self._record(path, item, listing)
        if record is None:
            return
        resource = self._resource(path, parameter, record)
        if listing:
            role = Role(action="list", resource=resource, listing=listing)
            self._found.roles[f"GET {path}"] = role
        if self._creates(path):
            self._assign("create", f"POST {path}", resource)
        if resource.parameter is not None:
            self._found.by_path[path] = resource
            self._assign("read", f"GET {item}", resource)
            for method in ("PUT", "PATCH", "POST"):
                self._assign("update", f"{method} {item}", resource)
            self._assign("delete", f"DELETE {item}", resource)

    def _creates(self, path: str) -> bool:
        """A POST creates when it says 201, or when a path names records of the collection."""
        operation = self._operations.get(f"POST {path}")
        answer = success(operation) if operation is not None else None
        return answer is not None and (answer.status == "201" or path in self._parameters)

    def _record(self, path: str, item: str, listing: Listing | None) -> JSON:
        """The schema of a record: best from reading one, else from listing or making them."""
        answers = [
            answer_schema(self._operations.get(endpoint))
            for endpoint in (f"GET {item}", f"PUT {item}", f"PATCH {item}", f"POST {path}")
        ]
        found = [self._inner(schema, path)[1] for schema in answers if schema is not None]
        if listing is not None:
            found.insert(-1 if answers[-1] is not None else len(found), listing.item)
        objects = [schema for schema in found if self._shapes.kind(schema) == "object"]
        with_ids = (schema for schema in objects if self._id_property(schema, path) is not None)
        return next(with_ids, next(iter(objects), None))

    def _inner(self, schema: JSON, path: str) -> tuple[tuple[str, ...], JSON]:
        """Where the record stands in an answer: at its root, or in the one object that has ids."""
        if self._id_property(schema, path) is None:
            for name, child in self._shapes.properties(schema).items():
                is_object = self._shapes.kind(child) == "object"
                if is_object and self._id_property(child, path) is not None:
                    return (name,), child
        return (), schema

    def _id_property(self, schema: JSON, path: str) -> str | None:
        by_letters = {letters(name): name for name in reversed(self._shapes.properties(schema))}
        for wanted in (letters(self._parameters.get(path, "")), _kind_of(path), "id"):
            if wanted in by_letters:
                return by_letters[wanted]
        return None

    def _resource(self, path: str, parameter: str | None, record: JSON) -> Resource:
        id_property = self._id_property(record, path)
        kind = _kind_of_parameter(path, parameter or "")
        if id_property is not None:
            self._declare(kind, path, self._shapes.properties(record)[id_property])
        return Resource(
            path=path,
            parents={name: _kind_of_parameter(above, name) for above, name in _id_segments(path)},
            parameter=parameter if id_property is not None else None,
            id_kind=kind if id_property is not None else None,
            id_property=id_property,
            schema=record,
        )

    def _declare(self, kind: str, path: str, schema: JSON) -> None:
        parameters = self._named_by.get(path, [])
        both: list[JSON] = [schema, *(each.schema for each in parameters[:1])]
        declared = self._shapes.flat({"allOf": both})
        given = [value for each in parameters for value in each.examples]
        for name, values in self._examples.items():
            if name.endswith(kind):
                given.extend(values)
        given.extend(items(declared.get("examples")))
        self._identifiers.declare(kind, declared, given)

    def _assign(self, action: Action, endpoint: str, resource: Resource) -> None:
        operation = self._operations.get(endpoint)
        if operation is not None and endpoint not in self._found.roles:
            schema = answer_schema(operation)
            within = () if schema is None else self._inner(schema, resource.path)[0]
            self._found.roles[endpoint] = Role(action=action, resource=resource, within=within)


def _kind_of(path: str) -> str:
    """`/business/{businessId}/clients` holds records with a `clientid`."""
    segments = [segment for segment in path.split("/") if segment and "{" not in segment]
    return f"{singular(letters(segments[-1]))}id" if segments else "id"


def _names_id(parameter: str | None) -> bool:
    """A path that names anything, like `/weather/{city}`, names no record."""
    return letters(parameter or "").endswith(_ID_ENDINGS)


def _kind_of_parameter(path: str, parameter: str) -> str:
    kind = letters(parameter)
    return _kind_of(path) if not kind or kind in _VAGUE else kind


def _id_segments(path: str) -> Iterator[tuple[str, str]]:
    """Each collection that the path goes through with the parameter that names a record of it."""
    segments = path.split("/")
    for index, segment in enumerate(segments):
        before = segments[index - 1] if index else ""
        if before and "{" not in before and (found := _PARAMETER.fullmatch(segment)):
            yield "/".join(segments[:index]), found[1]
