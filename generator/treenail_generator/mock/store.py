"""The records of a mock: made up where nobody has written, as written elsewhere."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from treenail_generator.document import JSON
from treenail_generator.document.values import mapping

from .identifiers import SEEDED, Identifiers
from .letters import letters
from .moments import START
from .resources import Resource
from .sampling import Sampler, Spot
from .shapes import Shapes

Record: TypeAlias = dict[str, JSON]
"""Shared, so nobody may change one; a change is a new record."""


class Store:
    """Records by collection and parents. Those written are kept by id, removed ones as None."""

    def __init__(self, shapes: Shapes, sampler: Sampler, identifiers: Identifiers) -> None:
        self._shapes = shapes
        self._sampler = sampler
        self._identifiers = identifiers
        self._seeded: dict[tuple[str, int], Record] = {}
        self._written: dict[tuple[str, ...], dict[str, Record | None]] = {}
        self._writes = 0

    def reset(self) -> None:
        """Back to how it all began."""
        self._written.clear()
        self._writes = 0

    def tick(self) -> int:
        """Count one write; the mock's clock has moved by a second."""
        self._writes += 1
        return self._writes

    @property
    def now(self) -> datetime:
        """The mock's own time, which only writes move on."""
        return START + timedelta(seconds=self._writes)

    def all(self, resource: Resource, parents: Mapping[str, str]) -> list[Record]:
        """The records of one collection: made-up ones first, then the others as they came."""
        written = self._written_in(resource, parents)
        found: list[Record] = []
        seen: set[str] = set()
        kind = resource.id_kind
        for index in range(SEEDED if kind is None else len(self._identifiers.all(kind))):
            key = self._key_of(resource, index)
            record = written.get(key) if key in written else self._made_up(resource, index, parents)
            seen.add(key)
            if record is not None:
                found.append(record)
        found.extend(
            record for key, record in written.items() if key not in seen and record is not None
        )
        return found

    def get(self, resource: Resource, parents: Mapping[str, str], key: str) -> Record | None:
        """The record of that id, None when there is none (any more)."""
        written = self._written_in(resource, parents)
        if key in written:
            return written[key]
        index = resource.id_kind and self._identifiers.number_of(resource.id_kind, key)
        return self._made_up(resource, index, parents) if isinstance(index, int) else None

    def put(
        self, resource: Resource, parents: Mapping[str, str], key: str, record: Record | None
    ) -> None:
        """Write a record, or remove it with None."""
        place = self._place(resource, parents)
        self._written.setdefault(place, {})[key] = record

    def with_parents(
        self, resource: Resource, record: Record, parents: Mapping[str, str]
    ) -> Record:
        """The record, with the ids of the path it stands under wherever it names them."""
        own: Record = {}
        kinds = {kind: parents[name] for name, kind in resource.parents.items()}
        for name, schema in self._shapes.properties(resource.schema).items():
            if letters(name) in kinds and name != resource.id_property:
                text = kinds[letters(name)]
                is_number = self._shapes.kind(schema) == "integer" and text.isdecimal()
                value = int(text) if is_number else text
                if self._shapes.fits(schema, value):
                    own[name] = value
        return {**record, **own} if own else record

    def _key_of(self, resource: Resource, index: int) -> str:
        kind = resource.id_kind
        return str(index) if kind is None else str(self._identifiers.own(kind, index))

    def _made_up(self, resource: Resource, index: int, parents: Mapping[str, str]) -> Record:
        place = (resource.path, index)
        if place not in self._seeded:
            spot = Spot(index=index, own=resource.id_kind, collection=resource.path)
            self._seeded[place] = mapping(self._sampler.sample(resource.schema, spot))
        return self.with_parents(resource, self._seeded[place], parents)

    def _written_in(
        self, resource: Resource, parents: Mapping[str, str]
    ) -> dict[str, Record | None]:
        return self._written.get(self._place(resource, parents), {})

    def _place(self, resource: Resource, parents: Mapping[str, str]) -> tuple[str, ...]:
        return (resource.path, *(parents[name] for name in resource.parents))
