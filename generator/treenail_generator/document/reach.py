"""What a value reaches by reference: what is broken there, and how much work it makes.

`allOf: [B, B]`, and B the same over C, and so on, doubles the work with every step; a validator
that follows forty of them ends after years. So it is told before anything is decided by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.circles import circles
from treenail_generator.document.references import (
    MAPS_OF_NAMES,
    NOT_FOLLOWED,
    References,
    Target,
    ref_of,
)
from treenail_generator.document.values import mapping
from treenail_generator.yaml_source import JSON, Pointer

MAX_CHECKS: Final = 20_000
MAX_CHAIN: Final = 200

_MOST_FAULTS: Final = 100
_ANY_FIELD: Final = frozenset(
    {"additionalProperties", "contains", "items", "prefixItems", "patternProperties"}
    | {"propertyNames", "unevaluatedItems", "unevaluatedProperties"}
)
_LEFT_OUT: Final = NOT_FOLLOWED | {"$defs", "definitions", "examples"}
_EVERY: Final = ""


@dataclass(slots=True)
class _Weight:
    """What one value costs.

    Attributes:
        here: Schemas that look at the value itself.
        chain: The longest chain of them, each of which leads to the next.
        below: The same for its fields, by name; `""` stands for any field or item.
    """

    here: int = 1
    chain: int = 1
    below: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def checks(self) -> int:
        """Schemas that look at the value, and at what lies inside it on one way down, at most."""
        named = (count for name, count in self.below.items() if name)
        return self.here + self.below.get(_EVERY, 0) + max(named, default=0)

    def add(self, other: "_Weight") -> None:
        """Add what looks at the same value."""
        self.here += other.here
        self.chain = max(self.chain, other.chain + 1)
        if not self.below:
            self.below = dict(other.below)
            return
        for name, count in other.below.items():
            self.below[name] = self.below.get(name, 0) + count


@dataclass(frozen=True, slots=True)
class _Reached:
    weight: _Weight
    faults: tuple[Diagnostic, ...]


class Reach:
    """What the values of one document reach; what many reach is looked at once."""

    def __init__(self, references: References) -> None:
        """Nothing is looked at yet."""
        self._references = references
        self._known: dict[Pointer, _Reached] = {}
        self._sound: set[Pointer] = set()

    def check(self, target: Target) -> None:
        """Refuse a value that reaches a broken reference, or by which nothing is decided in time.

        Raises:
            BuildError: What the references lead to instead, all of them; or `too-large`.
        """
        target = self._behind(target)
        if target.pointer in self._sound:
            return
        # What refers to nothing is as long as it is written; only what is referred to again and
        # again multiplies.
        if self._references.inside(target):
            self._check(target)
        self._sound.add(target.pointer)

    def _check(self, target: Target) -> None:
        for circle in circles(target, self._references.following, self._known):
            self._look_at(circle)
        found = self._known[target.pointer]
        if found.faults:
            raise BuildError(found.faults)
        if found.weight.chain > MAX_CHAIN:
            self._refuse(target, f"more than {MAX_CHAIN} schemas in a row look at one value")
        if found.weight.checks > MAX_CHECKS:
            self._refuse(target, f"more than {MAX_CHECKS:,} schemas look at one value")

    def _behind(self, target: Target) -> Target:
        """What a lone reference leads to, so that a component is looked at once."""
        ref = ref_of(target.value) if len(mapping(target.value)) == 1 else None
        at = (*target.pointer, "$ref")
        return self._references.find(ref, at=at) if ref is not None else target

    def _refuse(self, target: Target, message: str) -> None:
        location = self._references.source.at(target.pointer)
        hint = "an overlay can say the same in fewer schemas"
        raise BuildError([Diagnostic(location, "too-large", message, hint=hint)])

    def _look_at(self, circle: list[Target]) -> None:
        """Remember what values that all reach each other reach; what lies beyond is known."""
        inside = frozenset(target.pointer for target in circle)
        beyond = {each.pointer for here in circle for each in self._references.following(here)}
        faults = dict.fromkeys(self._own_faults(circle))
        for pointer in sorted(beyond - inside, key=str):
            faults |= dict.fromkeys(self._known[pointer].faults)
        told = tuple(islice(faults, _MOST_FAULTS))
        weights = [self._weight(target.value, inside) for target in circle]
        for target, weight in zip(circle, weights, strict=True):
            self._known[target.pointer] = _Reached(weight, told)

    def _own_faults(self, circle: Iterable[Target]) -> Iterable[Diagnostic]:
        for target in circle:
            for reference in self._references.inside(target):
                try:
                    found = self._references.find(reference.ref, at=reference.pointer)
                    self._references.follow(found)
                except BuildError as error:
                    yield from error.diagnostics

    def _weight(self, value: JSON, circle: frozenset[Pointer]) -> _Weight:
        """The weight of a value; what leads back into the circle costs nothing more."""
        weight = _Weight()
        if isinstance(value, list):
            for item in value:
                if isinstance(item, (dict, list)):
                    weight.add(self._weight(item, circle))
        elif isinstance(value, dict):
            ref = ref_of(value)
            if ref is not None:
                self._add_target(weight, ref, circle)
            if ref is None or self._references.siblings_count:
                self._add_inside(weight, value, circle)
        return weight

    def _add_target(self, weight: _Weight, ref: str, circle: frozenset[Pointer]) -> None:
        target = self._references.found(ref)
        if target is not None and target.pointer not in circle:
            weight.add(self._known[target.pointer].weight)

    def _add_inside(
        self, weight: _Weight, node: dict[str, JSON], circle: frozenset[Pointer]
    ) -> None:
        for key, inner in node.items():
            if not isinstance(inner, (dict, list)) or key in _LEFT_OUT or key.startswith("x-"):
                continue
            if key == "properties" and isinstance(inner, dict):
                self._add_fields(weight, inner.items(), circle)
            elif key in _ANY_FIELD:
                self._add_fields(weight, ((_EVERY, inner),), circle)
            elif key in MAPS_OF_NAMES and isinstance(inner, dict):
                weight.add(self._weight(list(inner.values()), circle))
            else:
                weight.add(self._weight(inner, circle))

    def _add_fields(
        self, weight: _Weight, fields: Iterable[tuple[str, JSON]], circle: frozenset[Pointer]
    ) -> None:
        for name, schema in fields:
            checks = 1 if _is_leaf(schema) else self._weight(schema, circle).checks
            weight.below[name] = weight.below.get(name, 0) + checks


def _is_leaf(schema: JSON) -> bool:
    """Whether nothing inside a schema, nor behind it, looks at a value."""
    if not isinstance(schema, dict):
        return not isinstance(schema, list)
    for key, inner in schema.items():
        if isinstance(inner, (dict, list)) and key not in _LEFT_OUT:
            return False
    return "$ref" not in schema
