"""What upgrading any part of a 2.0 document needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from treenail_generator.diagnostics import BuildError, Location
from treenail_generator.document.references import References, Target
from treenail_generator.document.upgrading.notes import Notes
from treenail_generator.document.values import items, mapping
from treenail_generator.yaml_source import JSON, Pointer


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A part in the shape of 3.0.

    Attributes:
        origin: Where the part stood in the 2.0 document.
        inside: Where parts of it stood that moved, by their new place in the part.
    """

    value: JSON
    origin: Pointer
    inside: Mapping[Pointer, Pointer] = field(default_factory=dict[Pointer, Pointer])


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrader:
    """The references of the 2.0 document, and the notes of what changes."""

    references: References
    notes: Notes

    def note(self, kind: str, pointer: Pointer) -> None:
        """Count one change."""
        self.notes.add(kind, self.at(pointer))

    def at(self, pointer: Pointer) -> Location:
        """Where something stands in the 2.0 document."""
        return self.references.source.at(pointer)

    def followed(self, target: Target) -> Target:
        """What the target's references lead to; the target itself when they lead nowhere."""
        try:
            return self.references.follow(target)
        except BuildError:
            return target

    def parameters_of(self, owner: Target) -> tuple[Target, ...]:
        """The `parameters` of an operation or path item, behind their references."""
        listed = items(mapping(owner.value).get("parameters"))
        return tuple(
            self.followed(Target((*owner.pointer, "parameters", index), each))
            for index, each in enumerate(listed)
        )


def media_types(
    operation: Mapping[str, JSON], root: Mapping[str, JSON], key: str
) -> tuple[str, ...]:
    """The operation's `consumes` or `produces`, else the document's; empty when there is none."""
    declared = operation[key] if key in operation else root.get(key)
    named = (each.strip() for each in items(declared) if isinstance(each, str))
    return tuple(dict.fromkeys(each for each in named if each))
