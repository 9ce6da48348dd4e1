"""Swagger 2.0 to the shape of OpenAPI 3.0, operation by operation.

Definitions stay where they are: `#/definitions/…` leads to the same schema as before. Shared
parameters and answers are written out in each operation, whose media types they depend on.

Source: OpenAPI 2.0; OpenAPI 3.0.4, section 4.7.
"""

from collections.abc import Mapping

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.derived import DerivedSource, Origin, Origins
from treenail_generator.document.references import References, Target, ref_of
from treenail_generator.document.upgrading import notes as kinds
from treenail_generator.document.upgrading.answers import upgraded_answer
from treenail_generator.document.upgrading.bodies import body_of, form_of
from treenail_generator.document.upgrading.notes import Notes
from treenail_generator.document.upgrading.parameters import upgraded_parameter
from treenail_generator.document.upgrading.parts import Upgraded, Upgrader, media_types
from treenail_generator.document.upgrading.security import upgraded_schemes
from treenail_generator.document.upgrading.servers import servers_of
from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON, Pointer, Source

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_REPLACED = {"consumes", "parameters", "produces", "responses", "schemes"}


def upgrade(source: Source) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The 2.0 document in the shape of 3.0, and a note for each kind of change.

    What cannot be understood is left as it is, for the reader to refuse. Every part still has the
    place where it stood.
    """
    return _Document(source).upgraded()


class _Document:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._root = mapping(source.value)
        self._notes = Notes()
        self._origins = Origins(Origin(source, ()))
        references = References(source, siblings_count=False)
        self._upgrader = Upgrader(references=references, notes=self._notes)

    def upgraded(self) -> tuple[Source, tuple[Diagnostic, ...]]:
        root = dict(self._root)
        if isinstance(root.get("paths"), dict):
            root["paths"] = self._paths(mapping(root["paths"]))
        if "x-ms-paths" in root:
            self._notes.add(kinds.OTHER_PATHS, self._source.key_at(("x-ms-paths",)))
        servers = servers_of(self._upgrader, self._root.get("schemes"))
        if servers:
            root["servers"] = list[JSON](servers)
            self._origins.put(("servers",), Origin(self._source, ("host",)))
            self._notes.add(kinds.SERVERS, self._source.at(("host",)))
        schemes = upgraded_schemes(self._upgrader)
        root["components"] = {"securitySchemes": schemes}
        self._origins.put(
            ("components", "securitySchemes"), Origin(self._source, ("securityDefinitions",))
        )
        derived = DerivedSource(root, self._origins, self._source.file)
        return derived, tuple(self._notes.diagnostics())

    def _paths(self, paths: Mapping[str, JSON]) -> dict[str, JSON]:
        upgraded: dict[str, JSON] = {}
        for path, item in paths.items():
            for target in self._layers(Target(("paths", path), item)):
                fields = self._path_item(("paths", path), target)
                upgraded[path] = {**fields, **mapping(upgraded.get(path))}
            upgraded.setdefault(path, item)
        return upgraded

    def _layers(self, target: Target) -> tuple[Target, ...]:
        """The path item, and what its reference leads to; nothing of what is none."""
        if not isinstance(target.value, dict):
            return ()
        if ref_of(target.value) is None:
            return (target,)
        try:
            followed = self._upgrader.references.follow(target)
        except BuildError:
            return (target,)
        own = {key: value for key, value in target.value.items() if key != "$ref"}
        return (Target(target.pointer, own), followed)

    def _path_item(self, place: Pointer, item: Target) -> dict[str, JSON]:
        fields = dict(mapping(item.value))
        shared = self._upgrader.parameters_of(item)
        for key in fields:
            self._origins.put((*place, key), Origin(self._source, (*item.pointer, key)))
        if shared:
            fields["parameters"] = self._listed((*place, "parameters"), shared)
        for method in METHODS:
            node = fields.get(method)
            if isinstance(node, dict):
                operation = Target((*item.pointer, method), node)
                fields[method] = self._operation((*place, method), operation, shared)
        return fields

    def _operation(
        self, place: Pointer, operation: Target, shared: tuple[Target, ...]
    ) -> dict[str, JSON]:
        node = mapping(operation.value)
        fields = {key: value for key, value in node.items() if key not in _REPLACED}
        own = self._upgrader.parameters_of(operation)
        names = {_identity(each) for each in own}
        inherited = tuple(each for each in shared if _identity(each) not in names)
        if "parameters" in node:
            fields["parameters"] = self._listed((*place, "parameters"), own)
        body = self._body((*inherited, *own), media_types(node, self._root, "consumes"))
        if body is not None:
            fields["requestBody"] = self._placed((*place, "requestBody"), body)
        produced = media_types(node, self._root, "produces")
        declared = mapping(node.get("responses"))
        responses: dict[str, JSON] = {}
        for status, answer in declared.items():
            target = Target((*operation.pointer, "responses", status), answer)
            upgraded = upgraded_answer(self._upgrader, target, produced)
            responses[status] = self._placed((*place, "responses", status), upgraded)
        fields["responses"] = responses
        if isinstance(schemes := node.get("schemes"), list):
            fields["servers"] = list[JSON](servers_of(self._upgrader, schemes))
            origin = Origin(self._source, (*operation.pointer, "schemes"))
            self._origins.put((*place, "servers"), origin)
        return fields

    def _listed(self, place: Pointer, parameters: tuple[Target, ...]) -> JSON:
        """The parameters outside the body, and those that no body can hold."""
        listed: list[JSON] = []
        bodies = [each for each in parameters if _place(each) == "body"]
        for parameter in parameters:
            if _place(parameter) == "body" and parameter is bodies[0]:
                continue
            if _place(parameter) == "formData" and not bodies:
                continue
            upgraded = upgraded_parameter(self._upgrader, parameter)
            listed.append(self._placed((*place, len(listed)), upgraded))
        return listed

    def _body(self, parameters: tuple[Target, ...], consumed: tuple[str, ...]) -> Upgraded | None:
        for parameter in parameters:
            if _place(parameter) == "body":
                return body_of(self._upgrader, parameter, consumed)
        form = tuple(each for each in parameters if _place(each) == "formData")
        return form_of(self._upgrader, form, consumed) if form else None

    def _placed(self, place: Pointer, part: Upgraded) -> JSON:
        self._origins.put(place, Origin(self._source, part.origin))
        for inside, origin in part.inside.items():
            self._origins.put((*place, *inside), Origin(self._source, origin))
        return part.value


def _identity(parameter: Target) -> tuple[str, str]:
    """Of all body parameters there is one (OpenAPI 2.0, Parameter Object)."""
    node, place = mapping(parameter.value), _place(parameter)
    return (place, "" if place == "body" else text(node.get("name")))


def _place(parameter: Target) -> str:
    return text(mapping(parameter.value).get("in"))
