"""Data that was made out of files, and still knows where each part of it stood."""

from dataclasses import dataclass, field

from treenail_generator.diagnostics import Location
from treenail_generator.yaml_source import JSON, Pointer, Source


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in the data that something was made from."""

    source: Source
    pointer: Pointer

    def below(self, pointer: Pointer) -> "Origin":
        """The place that many steps further in."""
        return Origin(self.source, (*self.pointer, *pointer)) if pointer else self


@dataclass(slots=True)
class Origins:
    """Where the parts of a value came from; what is not told came with what is above it.

    A tree, so that a list whose items move costs no more than its length.

    Attributes:
        here: Where the value came from.
        inside: Parts that came from elsewhere, or hold such parts, by the step to them.
    """

    here: Origin
    inside: "dict[str | int, Origins]" = field(default_factory=dict["str | int", "Origins"])

    def of(self, pointer: Pointer) -> Origin:
        """Where the value at the pointer came from."""
        node = self
        for depth, step in enumerate(pointer):
            inner = node.inside.get(step)
            if inner is None:
                return node.here.below(pointer[depth:])
            node = inner
        return node.here

    def put(self, pointer: Pointer, origin: Origin) -> None:
        """Say where the value at the pointer, with all that is in it, came from."""
        parent = self._node(pointer[:-1])
        parent.inside[pointer[-1]] = Origins(origin)

    def graft(self, pointer: Pointer, branch: "Origins") -> None:
        """As `put`, for a value whose parts came from several places."""
        self._node(pointer[:-1]).inside[pointer[-1]] = branch

    def branch(self, pointer: Pointer) -> "Origins":
        """A copy of what is known about the value at the pointer."""
        node = self
        for depth, step in enumerate(pointer):
            inner = node.inside.get(step)
            if inner is None:
                return Origins(node.here.below(pointer[depth:]))
            node = inner
        return node.copy()

    def drop(self, pointer: Pointer) -> None:
        """Forget a part that is gone."""
        self._node(pointer[:-1]).inside.pop(pointer[-1], None)

    def drop_item(self, pointer: Pointer, index: int, length: int) -> None:
        """Forget an item of a list; those behind it move up."""
        node = self._node(pointer)
        moved = [node.inside.get(i) or Origins(node.here.below((i,))) for i in range(length)]
        del moved[index]
        node.inside = dict(enumerate(moved))

    def _node(self, pointer: Pointer) -> "Origins":
        node = self
        for step in pointer:
            inner = node.inside.get(step)
            if inner is None:
                inner = node.inside[step] = Origins(node.here.below((step,)))
            node = inner
        return node

    def copy(self) -> "Origins":
        """The same, to be changed on its own."""
        return Origins(self.here, {step: inner.copy() for step, inner in self.inside.items()})


@dataclass(frozen=True, slots=True, eq=False)
class DerivedSource:
    """A `Source` whose value stands in no file as it is."""

    value: JSON
    origins: Origins
    file: str

    def at(self, pointer: Pointer) -> Location:
        """See `Source.at`."""
        origin = self.origins.of(pointer)
        return origin.source.at(origin.pointer)

    def key_at(self, pointer: Pointer) -> Location:
        """See `Source.key_at`."""
        origin = self.origins.of(pointer)
        return origin.source.key_at(origin.pointer)

    def text_at(self, pointer: Pointer) -> str | None:
        """See `Source.text_at`; what was made here is written as its value is."""
        value = _value_at(self.value, pointer)
        if value is None or isinstance(value, (dict, list)):
            return None
        origin = self.origins.of(pointer)
        original = _value_at(origin.source.value, origin.pointer)
        written = origin.source.text_at(origin.pointer) if original == value else None
        return str(value) if written is None else written


def _value_at(value: JSON, pointer: Pointer) -> JSON:
    """The value at the pointer, None when nothing is there."""
    for step in pointer:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value
