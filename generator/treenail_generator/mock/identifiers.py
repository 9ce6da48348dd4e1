"""Ids of made-up records: the same name and number always give the same id, and examples exist."""

import base64
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from treenail_generator.document import JSON, Schema
from treenail_generator.document.values import items, mapping
from treenail_generator.patterns import matching

from .letters import draw, letters
from .shapes import Shapes

SEEDED: Final = 45
"""How many records a collection begins with, unless its ids are too short for that."""

_OPAQUE = re.compile(r"[A-Za-z0-9_-]{22}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Identifiers:
    """The ids of every kind of record, by the letters of their name (`clientid`)."""

    def __init__(self, seed: int, shapes: Shapes) -> None:
        self._seed = seed
        self._shapes = shapes
        self._declared: dict[str, tuple[Schema, tuple[JSON, ...]]] = {}
        self._made: dict[str, tuple[JSON, ...]] = {}

    def declare(self, name: str, schema: Schema, examples: Iterable[JSON]) -> None:
        """Know one kind of record; the first ids will be the document's own examples."""
        self._declared.setdefault(name, (schema, tuple(examples)))

    def all(self, name: str) -> tuple[JSON, ...]:
        """The ids of the records of a declared kind that there are at the start."""
        if name not in self._made:
            schema, examples = self._declared[name]
            found = [each for each in examples if each != "" and self._shapes.fits(schema, each)]
            for index in range(10 * SEEDED):
                if len(set(map(str, found))) >= SEEDED:
                    break
                found.append(self.new(name, schema, index))
            self._made[name] = tuple({str(each): each for each in found}.values())[:SEEDED]
        return self._made[name]

    def own(self, name: str, index: int) -> JSON:
        """The id of a record, which has to be of a declared kind."""
        known = self.all(name)
        return known[index % len(known)]

    def number_of(self, name: str, value: JSON) -> int | None:
        """Which record of its kind has this id, None when none has."""
        numbers = (index for index, own in enumerate(self.all(name)) if str(own) == str(value))
        return next(numbers, None)

    def kind_of(self, name: str) -> str | None:
        """The declared kind that a property name (`creatingBranchId`, `staff_ids`) refers to."""
        plain = letters(name)
        candidates = {plain, plain.removesuffix("s")}
        kinds = [kind for kind in self._declared if any(name.endswith(kind) for name in candidates)]
        return max(kinds, key=len, default=None)

    def reference(self, name: str, *salt: object) -> JSON:
        """The id of some existing record of the kind that the name refers to; None without."""
        kind = self.kind_of(name)
        return None if kind is None else self.own(kind, draw(self._seed, name, *salt))

    def fresh(self, name: str, *salt: object) -> JSON:
        """An id of a declared kind that no seeded record has."""
        schema, taken = self._declared[name][0], self.all(name)
        made = (self.new(name, schema, "fresh", number, *salt) for number in range(SEEDED))
        return next((value for value in made if value not in taken), self.opaque(name, *salt))

    def new(self, name: str, schema: Schema, *salt: object) -> JSON:
        """An id that the schema allows: a number, a UUID, or 22 characters."""
        number = draw(self._seed, "id", name, *salt)
        if self._shapes.kind(schema) == "integer":
            return 1000 + number % 900_000
        for made in self._texts(self._shapes.flat(schema), number):
            if self._shapes.fits(schema, made):
                return made
        return self.opaque(name, *salt)

    def opaque(self, *salt: object) -> str:
        """22 characters of `A-Z a-z 0-9 _ -`, first a letter or digit."""
        return _opaque(draw(self._seed, "opaque", *salt))

    def _texts(self, flat: Schema, number: int) -> Iterator[str]:
        example = next(iter(items(flat.get("examples"))), "")
        if flat.get("format") == "uuid" or _UUID.fullmatch(str(example)):
            yield str(uuid.UUID(int=number % 2**128, version=4))
        yield _opaque(number)
        if isinstance(pattern := flat.get("pattern"), str):
            made = matching(pattern, number)
            if made is not None:
                yield made
        yield str(1000 + number % 900_000)


def looks_like_id(text: str) -> bool:
    """Whether a text is a UUID, or 22 characters as ids often are."""
    return bool(_OPAQUE.fullmatch(text) or _UUID.fullmatch(text))


def id_examples(raw: Mapping[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """Every property and parameter name of a document with each of its scalar examples."""
    waiting: list[JSON] = [dict(raw)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(reversed(node))
        elif isinstance(node, dict):
            waiting.extend(reversed(node.values()))
            for name, schema in mapping(node.get("properties")).items():
                for value in _examples(mapping(schema)):
                    yield name, value


def _examples(node: Mapping[str, JSON]) -> Iterator[JSON]:
    for value in (*items(node.get("examples")), node.get("example")):
        for single in items(value) or (value,):
            if isinstance(single, str | int) and not isinstance(single, bool):
                yield single


def _opaque(number: int) -> str:
    text = base64.urlsafe_b64encode((number % 2**128).to_bytes(16, "big")).decode()[:22]
    return text if text[0].isalnum() else f"a{text[1:]}"
