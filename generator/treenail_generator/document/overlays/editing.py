"""Changes to a document that is shared: only what a change touches is copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, NoReturn, TypeAlias

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.derived import DerivedSource, Origin, Origins
from treenail_generator.yaml_source import JSON, Pointer, Source
from treenail_generator.yaml_source.data import MAX_DEPTH

MAX_ADDED_VALUES: Final = 200_000
Container: TypeAlias = "dict[str, JSON] | list[JSON]"


class Editor:
    """A document while overlays change it; remembers where every new part came from."""

    def __init__(self, source: Source) -> None:
        self.value: JSON = source.value
        self.origins = Origins(Origin(source, ()))
        self._file = source.file
        self._own: dict[int, Container] = {}
        self._added = 0

    def source(self) -> Source:
        """The document as it is now."""
        return DerivedSource(self.value, self.origins, self._file)

    @property
    def is_full(self) -> bool:
        """Whether more was added than may be."""
        return self._added > MAX_ADDED_VALUES

    def why_not(self, new: JSON, pointers: Sequence[Pointer]) -> str | None:
        """Why a value is too large to be merged at all these places; None, and counted, if not."""
        extent = extent_of(new)
        self._added += extent.values * len(pointers)
        if self.is_full:
            return f"overlays add more than {MAX_ADDED_VALUES:,} values"
        if max(map(len, pointers), default=0) + extent.depth > MAX_DEPTH:
            return f"nested more than {MAX_DEPTH} levels deep"
        return None

    def merge(self, pointer: Pointer, new: JSON, origins: Origins) -> None:
        """Merge a value into what stands at the pointer.

        Objects merge key by key, lists take in what is added, other values are replaced.

        Args:
            pointer: Of something that exists.
            new: The value to merge.
            origins: Where its parts came from.

        Raises:
            BuildError: `overlay-conflict`, for two values that do not go together.
        """
        old = self.at(pointer)
        if isinstance(old, list):
            self._append(pointer, new, origins)
        elif isinstance(old, dict) and isinstance(new, dict):
            own = self._owned(pointer)
            for key, value in new.items():
                below = origins.branch((key,))
                if isinstance(own, dict) and key in own:
                    self._merge_property((*pointer, key), value, below)
                elif isinstance(own, dict):
                    own[key] = value
                    self.origins.graft((*pointer, key), below)
        elif isinstance(old, dict) or isinstance(new, (dict, list)):
            self._refuse(pointer, old, new, origins)
        else:
            self._replace(pointer, new, origins)

    def remove(self, pointer: Pointer) -> None:
        """Take away what stands at the pointer; nothing when it is gone already."""
        *above, last = pointer
        parent = self._owned(tuple(above)) if self._exists(pointer) else None
        if isinstance(parent, dict):
            del parent[str(last)]
            self.origins.drop(pointer)
        elif isinstance(parent, list):
            self.origins.drop_item(tuple(above), int(last), len(parent))
            del parent[int(last)]

    def share(self) -> None:
        """From now on, copy again what was copied already: other parts may hold it, too."""
        self._own.clear()

    def _merge_property(self, pointer: Pointer, new: JSON, origins: Origins) -> None:
        """Inside a merge, a list is joined only by a list (Overlay 1.1.0, Action Object)."""
        old = self.at(pointer)
        if isinstance(old, list) and not isinstance(new, list):
            self._refuse(pointer, old, new, origins)
        self.merge(pointer, new, origins)

    def _append(self, pointer: Pointer, new: JSON, origins: Origins) -> None:
        own = self._owned(pointer)
        if isinstance(own, list):
            if isinstance(new, list):
                added = [(item, origins.branch((index,))) for index, item in enumerate(new)]
            else:
                added = [(new, origins)]
            for item, below in added:
                self.origins.graft((*pointer, len(own)), below)
                own.append(item)

    def _replace(self, pointer: Pointer, new: JSON, origins: Origins) -> None:
        *above, last = pointer
        _put(self._owned(tuple(above)), last, new)
        self.origins.graft(pointer, origins)

    def _refuse(self, pointer: Pointer, old: JSON, new: JSON, origins: Origins) -> NoReturn:
        origin = origins.here
        shown = ".".join(map(str, pointer)) or "the document"
        message = f"{kind_of(new)} cannot be merged into {kind_of(old)}: {shown}"
        place = origin.source.at(origin.pointer)
        raise BuildError([Diagnostic(place, "overlay-conflict", message)])

    def _exists(self, pointer: Pointer) -> bool:
        try:
            self.at(pointer)
        except (KeyError, IndexError, ValueError):
            return False
        return True

    def at(self, pointer: Pointer) -> JSON:
        """The value at a place that exists."""
        return reduce(_inside, pointer, self.value)

    def _owned(self, pointer: Pointer) -> Container:
        """The collection at the pointer, copied together with all above it unless it was."""
        own = self.value = self._copied(self.value)
        for step in pointer:
            inner = self._copied(_inside(own, step))
            _put(own, step, inner)
            own = inner
        return own

    def _copied(self, value: JSON) -> Container:
        if not isinstance(value, (dict, list)):
            raise TypeError("only collections have something inside")
        if id(value) in self._own:
            return value
        copied = value.copy()
        self._own[id(copied)] = copied
        return copied


@dataclass(frozen=True, slots=True)
class Extent:
    """How many values a value holds, itself included, and how deep collections nest in it."""

    values: int
    depth: int


def extent_of(value: JSON) -> Extent:
    """The extent; parts that are shared count wherever they stand, and are looked at once."""
    known: dict[int, Extent] = {}

    def of(part: JSON) -> Extent:
        if not isinstance(part, (dict, list)):
            return Extent(1, 0)
        if id(part) not in known:
            inner = [of(each) for each in (part.values() if isinstance(part, dict) else part)]
            values = 1 + sum(each.values for each in inner)
            known[id(part)] = Extent(values, 1 + max((each.depth for each in inner), default=0))
        return known[id(part)]

    return of(value)


def _inside(value: JSON, step: str | int) -> JSON:
    if isinstance(value, dict):
        return value[str(step)]
    if isinstance(value, list):
        return value[int(step)]
    raise KeyError(step)


def _put(own: Container, step: str | int, value: JSON) -> None:
    if isinstance(own, dict):
        own[str(step)] = value
    else:
        own[int(step)] = value


def kind_of(value: JSON) -> str:
    """What overlays tell apart, in words."""
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a single value"
