"""How a written record comes to be: what the caller said, and what only the server says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from treenail_generator.document import JSON, Operation
from treenail_generator.document.values import items, mapping

from .echoing import Scope
from .identifiers import SEEDED, Identifiers
from .letters import letters
from .moments import instant, spelled_like
from .resources import Resource, Resources
from .sampling import Sampler, Spot
from .shapes import Shapes
from .store import Record, Store
from .wire import Refusal

_CREATED: Final = frozenset(("createdat", "created", "createdon", "createddate", "datecreated"))
_UPDATED: Final = frozenset(
    ("updatedat", "updated", "updatedon", "modifiedat", "modified", "lastmodified", "changedat")
)
_VERSIONS: Final = frozenset(("version", "lockversion", "rowversion"))
_INSTANT: Final = "2026-11-20T12:00:00.000Z"
_DAY: Final = "2026-11-20"


class Writer:
    """Makes and changes records by what a valid request asks for."""

    def __init__(
        self,
        shapes: Shapes,
        sampler: Sampler,
        identifiers: Identifiers,
        resources: Resources,
        store: Store,
    ) -> None:
        self._shapes = shapes
        self._sampler = sampler
        self._identifiers = identifiers
        self._store = store
        self._by_kind = {
            found.id_kind: found for found in reversed(list(resources.by_path.values()))
        }

    def create(
        self, resource: Resource, operation: Operation, data: JSON, parents: Mapping[str, str]
    ) -> Record:
        """Store a new record, and those inside it that have ids of their own; answers the first."""
        number = self._store.tick()
        body = {**self._defaults(operation), **mapping(data)}
        said = mapping(self._said(resource.schema, body, (number,)))
        said |= self._counted(resource, operation, number)
        record = self._stored(resource, said, number, parents)
        for name, child in self._shapes.properties(resource.schema).items():
            if isinstance(value := record.get(name), (dict, list)):
                self._store_inner(child, value, Scope(record), number, parents)
        return record

    def update(
        self,
        resource: Resource,
        operation: Operation,
        data: JSON,
        record: Record,
        parents: Mapping[str, str],
    ) -> Record:
        """Change a stored record and answer it; what the request leaves out stays.

        Raises:
            Refusal: The version that the request carries is not the record's.
        """
        version = self._version(resource.schema)
        if version is not None and version in self._written_names(operation):
            _check_version(operation, record.get(version), mapping(data).get(version))
        number = self._store.tick()
        said = mapping(self._said(resource.schema, mapping(data), (number,)))
        kept = {resource.id_property, version}
        changed = record | {name: said[name] for name in said if name not in kept}
        changed |= self._stamps(resource.schema, _UPDATED)
        held = record.get(version or "")
        if version is not None and isinstance(held, int):
            changed[version] = held + 1
        self._store.put(resource, parents, str(record[resource.id_property or ""]), changed)
        return changed

    def _said(self, schema: JSON, body: JSON, salt: tuple[object, ...]) -> JSON:
        """The body as the schema of the answer knows it; records inside get ids of their own."""
        if isinstance(body, list):
            item = self._shapes.item(schema)
            return [self._said(item, each, (*salt, place)) for place, each in enumerate(body)]
        properties = self._shapes.properties(schema)
        if not isinstance(body, dict) or not properties:
            return body
        said: dict[str, JSON] = {}
        for name, child in properties.items():
            if self._shapes.is_flagged(child, "readOnly"):
                if len(salt) > 1 and self._identifiers.kind_of(name) == letters(name):
                    said[name] = self._identifiers.fresh(letters(name), *salt)
            elif name in body and not self._shapes.is_flagged(child, "writeOnly"):
                value = self._said(child, body[name], (*salt, name))
                if self._shapes.fits(child, value):
                    said[name] = value
        return said

    def _stored(
        self, resource: Resource, said: Record, number: int, parents: Mapping[str, str]
    ) -> Record:
        """The record that the server makes of what was said."""
        record = said | self._told_by_server(resource.schema)
        if (version := self._version(resource.schema)) is not None:
            record[version] = 0
        kind, id_property = resource.id_kind, resource.id_property
        if kind is not None and id_property is not None:
            wanted = said.get(id_property)
            if wanted is None or self._store.get(resource, parents, str(wanted)) is not None:
                record[id_property] = self._identifiers.fresh(kind, number)
        record = self._store.with_parents(resource, record, parents)
        if not self._shapes.fits(resource.schema, record):
            spot = Spot(index=number, collection=resource.path, bare=True)
            record = {**mapping(self._sampler.sample(resource.schema, spot)), **record}
        properties = self._shapes.properties(resource.schema)
        record = {name: record[name] for name in (*properties, *record) if name in record}
        key = record.get(id_property or "", f"new-{number}")
        self._store.put(resource, parents, str(key), record)
        return record

    def _store_inner(
        self, schema: JSON, value: JSON, scope: Scope, number: int, parents: Mapping[str, str]
    ) -> None:
        """Store what was made on the way, so that the appointments of a booking can be read."""
        for each in items(value):
            self._store_inner(self._shapes.item(schema), each, scope, number, parents)
        if not isinstance(value, dict):
            return
        inner = scope.within(value)
        for name, child in self._shapes.properties(schema).items():
            resource = self._by_kind.get(letters(name))
            is_new = name in value and self._shapes.is_flagged(child, "readOnly")
            if is_new and resource is not None and set(resource.parents) <= parents.keys():
                self._stored(resource, self._gathered(resource, inner), number, parents)
            self._store_inner(child, value.get(name), inner, number, parents)

    def _gathered(self, resource: Resource, scope: Scope) -> Record:
        """What a scope says of a record, moments in the spelling that its schema shows."""
        record: Record = {}
        day = f"{(resource.id_kind or '').removesuffix('id')}date"
        for name, child in self._shapes.properties(resource.schema).items():
            sample = str(next(iter(items(self._shapes.flat(child).get("examples"))), ""))
            value = scope.get(name)
            moment = instant(value)
            if value is None and letters(name) == day:
                moment = next((found for _, found in scope.moments()), None)
            if moment is not None and sample:
                value = spelled_like(sample, moment)
            is_said = value is not None and not isinstance(value, (dict, list))
            if is_said and self._shapes.fits(child, value):
                record[name] = value
        return record

    def _counted(self, resource: Resource, operation: Operation, number: int) -> Record:
        """Integers that a caller cannot say, like the number of a sale: the next ones."""
        others = {*self._written_names(operation), self._version(resource.schema)}
        spot = Spot(index=SEEDED - 1 + number, collection=resource.path, depth=1)
        return {
            name: self._sampler.sample(child, replace(spot, name=name))
            for name, child in self._shapes.properties(resource.schema).items()
            if name not in others and self._shapes.kind(child) == "integer"
            if name != resource.id_property and self._identifiers.kind_of(name) is None
        }

    def _told_by_server(self, schema: JSON) -> Record:
        """Times, and the first value of states that only the server sets."""
        told = self._stamps(schema, _CREATED | _UPDATED)
        for name, child in self._shapes.properties(schema).items():
            is_state = "enum" in self._shapes.flat(child) or self._shapes.kind(child) == "boolean"
            if is_state and self._shapes.is_flagged(child, "readOnly"):
                told[name] = self._sampler.sample(child, Spot(name=name, depth=1))
        return told

    def _stamps(self, schema: JSON, names: frozenset[str]) -> Record:
        """The mock's own time under the names that servers use for it."""
        stamps: Record = {}
        for name, child in self._shapes.properties(schema).items():
            if letters(name) in names and self._shapes.kind(child) == "string":
                flat = self._shapes.flat(child)
                default = _DAY if flat.get("format") == "date" else _INSTANT
                sample = next(iter(items(flat.get("examples"))), default)
                spelled = spelled_like(str(sample), self._store.now)
                if self._shapes.fits(child, spelled):
                    stamps[name] = spelled
        return stamps

    def _version(self, schema: JSON) -> str | None:
        """The integer property that counts changes."""
        for name, child in self._shapes.properties(schema).items():
            if letters(name) in _VERSIONS and self._shapes.kind(child) == "integer":
                return name
        return None

    def _written_names(self, operation: Operation) -> dict[str, JSON]:
        media = operation.body.media if operation.body is not None else ()
        return self._shapes.properties(media[0].schema) if media else {}

    def _defaults(self, operation: Operation) -> Record:
        flats = {
            name: self._shapes.flat(child) for name, child in self._written_names(operation).items()
        }
        return {name: flat["default"] for name, flat in flats.items() if "default" in flat}


def _check_version(operation: Operation, held: JSON, sent: JSON) -> None:
    if sent == held:
        return
    declared = {response.status for response in operation.responses}
    status = next((code for code in ("409", "412") if code in declared), "400")
    said = "no version was sent" if sent is None else f"version {sent} was sent"
    raise Refusal(int(status), f"the record has version {held}, but {said}: read it again")
