"""Values that a schema allows, always the same for the same seed, schema and number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, cast

from treenail_generator.document import JSON, Schema
from treenail_generator.document.values import items, mapping
from treenail_generator.plan import ABSENT, Absent, MaybeJSON

from .identifiers import Identifiers, looks_like_id
from .letters import letters
from .numeric import number_candidates
from .shapes import Shapes
from .texts import text_candidates

_ID_NAME: Final = re.compile(r"(?:(?:^|[_.-])(?:id|uuid|guid)|Id|ID|Uuid|UUID|Guid|GUID)s?$")
_DEPTH: Final = 6
_LARGEST: Final = 2000  # how many optional properties one value has at most, all levels counted
_TWINS: Final = 5  # every how many records one refers to another of its kind
_LISTED: Final = 3  # how many things an answer tells where it is no page of a collection


class NoSampleError(Exception):
    """No valid value could be made up; an example in the document would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where in the made-up data a value stands.

    Attributes:
        index: Number of the record, from 0; the first one follows the document's examples.
        name: The nearest property name.
        own: The kind of id that the record has, at its root only.
        collection: The path of the collection that the record is part of; empty outside of one.
        depth: Number of levels above.
        bare: Whether optional properties are left out.
        above: The identities of the object schemas around it; one may stand in itself once.
    """

    index: int = 0
    name: str = ""
    own: str | None = None
    collection: str = ""
    depth: int = 0
    bare: bool = False
    above: tuple[int, ...] = ()

    def below(self, name: str, index: int | None = None) -> "Spot":
        """The place of a property or of an array's item."""
        return replace(
            self,
            name=name,
            own=None,
            depth=self.depth + 1,
            index=self.index if index is None else index,
        )


class Sampler:
    """Makes up values; pure apart from what it remembers of the schemas."""

    def __init__(self, shapes: Shapes, identifiers: Identifiers) -> None:
        self._shapes = shapes
        self._identifiers = identifiers
        self._left = _LARGEST

    def sample(self, schema: JSON, spot: Spot, example: MaybeJSON = ABSENT) -> JSON:
        """A valid value, as full as the schema allows.

        Raises:
            NoSampleError: The schema asks for more than can be made up.
        """
        for attempt in (spot, replace(spot, bare=True)):
            for given in (example, ABSENT):
                self._left = _LARGEST
                value = self._value(schema, attempt, given)
                if self._shapes.fits(schema, value):
                    return value
        for value in items(self._shapes.flat(schema).get("examples")):
            if self._shapes.fits(schema, value):
                return value
        raise NoSampleError(spot.name or "the answer")

    def _value(self, schema: JSON, spot: Spot, example: MaybeJSON) -> JSON:
        flat = self._shapes.flat(schema)
        declared = items(flat.get("examples"))
        if isinstance(example, Absent) and declared:
            example = declared[spot.index % len(declared)]
        if "const" in flat:
            return flat["const"]
        if options := items(flat.get("enum")):
            first = next((at for at, option in enumerate(options) if option == example), 0)
            return options[(first + spot.index) % len(options)]
        if variants := self._shapes.variants(flat):
            return self._variant(variants, spot, example)
        return self._plain(flat, spot, example)

    def _variant(self, variants: tuple[Schema, ...], spot: Spot, example: MaybeJSON) -> JSON:
        chosen = [each for each in variants if self._takes(each, example)] or list(variants)
        made: JSON = None
        for variant in chosen:
            made = self._value(variant, spot, example)
            if self._shapes.fits(variant, made):
                return made
        return made

    def _takes(self, variant: Schema, example: MaybeJSON) -> bool:
        return not isinstance(example, Absent) and self._shapes.fits(variant, example)

    def _plain(self, flat: Schema, spot: Spot, example: MaybeJSON) -> JSON:
        match self._shapes.kind(flat):
            case "object":
                return self._object(flat, spot, example)
            case "array":
                return self._array(flat, spot, example)
            case "boolean":
                first = example if isinstance(example, bool) else True
                return first == (spot.index % 2 == 0)
            case "integer" | "number":
                return self._number(flat, spot, example)
            case "null":
                return None
            case "string":
                return self._text(flat, spot, example)
            case _:
                return (
                    self._text(flat, spot, "Any value") if isinstance(example, Absent) else example
                )

    def _number(self, flat: Schema, spot: Spot, example: MaybeJSON) -> JSON:
        if isinstance(example, Absent) or spot.index > 0:
            found = self._identifiers.reference(spot.name, spot.index)
            if found is not None and self._shapes.fits(flat, found):
                return found
        return self._first_fit(flat, number_candidates(flat, spot.index, example), example)

    def _text(self, flat: Schema, spot: Spot, example: MaybeJSON) -> JSON:
        text = example if isinstance(example, str) else None
        if (found := self._id(flat, spot, text)) is not None:
            return found
        candidates = text_candidates(spot.name, spot.index, flat, text)
        return self._first_fit(flat, candidates, example)

    def _id(self, flat: Schema, spot: Spot, example: str | None) -> JSON:
        """An id, where the name or the example says that one is due; else None."""
        is_first = spot.index == 0 and example is not None
        if is_first or not (looks_like_id(example) if example else _ID_NAME.search(spot.name)):
            return None
        found = self._identifiers.reference(spot.name, spot.index)
        if found is None:
            found = self._identifiers.new(letters(spot.name), flat, spot.index)
        return found if self._shapes.fits(flat, found) else None

    def _first_fit(self, flat: Schema, candidates: Iterator[JSON], example: MaybeJSON) -> JSON:
        last: JSON = None if isinstance(example, Absent) else example
        for last in candidates:
            if self._shapes.fits(flat, last):
                return last
        return last

    def _array(self, flat: Schema, spot: Spot, example: MaybeJSON) -> JSON:
        given = items(cast("JSON", example)) if isinstance(example, list) else []
        heads = items(flat.get("prefixItems"))
        count = self._count(flat, spot, given)

        def index(number: int) -> int:
            # What the first record's example lists is not varied: its items differ as they should.
            is_told = spot.index == 0 and number < len(given)
            return 0 if is_told else spot.index * max(count, 1) + number

        return [
            self._value(
                heads[number] if number < len(heads) else self._shapes.item(flat),
                spot.below(spot.name, index(number)),
                given[number % len(given)] if given else ABSENT,
            )
            for number in range(max(count, len(heads)))
        ]

    def _count(self, flat: Schema, spot: Spot, given: list[JSON]) -> int:
        least, most = flat.get("minItems", 0), flat.get("maxItems")
        wanted = len(given) or (1 if spot.collection or spot.depth > 1 else _LISTED)
        if spot.bare or spot.depth >= _DEPTH:
            wanted = 0
        wanted = max(wanted, least if isinstance(least, int) else 0)
        return min(wanted, most) if isinstance(most, int) else wanted

    def _object(self, flat: Schema, spot: Spot, example: MaybeJSON) -> JSON:
        given = mapping(cast("JSON", example)) if isinstance(example, dict) else {}
        required = items(flat.get("required"))
        made: dict[str, JSON] = {}
        properties = mapping(flat.get("properties"))
        spot = replace(spot, above=(*spot.above, id(flat)))
        for name, schema in properties.items():
            if spot.own is not None and letters(name) in {spot.own, "id"}:
                made[name] = self._identifiers.own(spot.own, spot.index)
            elif name in required or self._is_told(name, schema, spot):
                made[name] = self._value(schema, spot.below(name), given.get(name, ABSENT))
        others = {name: value for name, value in given.items() if name not in properties}
        return made | (others or self._others(flat, spot, is_empty=not properties))

    def _is_told(self, name: str, schema: JSON, spot: Spot) -> bool:
        if spot.bare or spot.depth >= _DEPTH or self._shapes.is_flagged(schema, "writeOnly"):
            return False
        self._left -= 1
        inner = self._shapes.item(schema) if self._shapes.kind(schema) == "array" else schema
        if self._left < 0 or spot.above.count(id(self._shapes.flat(inner))) > 1:
            return False
        # `mergedToClientId` of a client: were it always there, no record would stand for itself.
        is_twin = spot.own is not None and self._identifiers.kind_of(name) == spot.own
        return not is_twin or spot.index % _TWINS == _TWINS - 1

    def _others(self, flat: Schema, spot: Spot, *, is_empty: bool) -> dict[str, JSON]:
        """Properties that the schema allows without naming them."""
        rest = flat.get("additionalProperties", True)
        if isinstance(rest, dict) and rest and not spot.bare:
            return {
                f"key{number + 1}": self._value(
                    rest, spot.below(f"key{number + 1}", number), ABSENT
                )
                for number in range(2)
            }
        if not is_empty or rest is False or "patternProperties" in flat:
            return {}
        return {
            "id": self._identifiers.opaque("open", spot.name, spot.collection, spot.index),
            "name": f"Record {spot.index + 1}",
        }
