"""One YAML text's data, and the place of every value and key in it."""

from dataclasses import dataclass
from functools import partial

from treenail_generator.diagnostics import Location
from treenail_generator.yaml_source.data import JSON, Pointer
from treenail_generator.yaml_source.text import Text
from treenail_generator.yaml_source.tree import Field, Node, read_tree


@dataclass(frozen=True, slots=True, eq=False)
class YamlSource:
    """What one YAML text holds."""

    _text: Text
    _root: Node

    @property
    def file(self) -> str:
        """The name of the file."""
        return self._text.file

    @property
    def value(self) -> JSON:
        """The data; aliased parts are shared."""
        return self._root.value

    def at(self, pointer: Pointer) -> Location:
        """See `Source.at`."""
        return Location.found_by(self.file, partial(self._value_place, pointer))

    def key_at(self, pointer: Pointer) -> Location:
        """See `Source.key_at`."""
        return Location.found_by(self.file, partial(self._key_place, pointer))

    def text_at(self, pointer: Pointer) -> str | None:
        """See `Source.text_at`."""
        steps = self._walk(pointer)
        is_there = len(steps) > len(pointer) and steps[-1].node.value is not None
        return steps[-1].node.text if is_there else None

    def _value_place(self, pointer: Pointer) -> tuple[int, int]:
        node = self._walk(pointer)[-1].node
        return node.line + 1, node.column + 1

    def _key_place(self, pointer: Pointer) -> tuple[int, int]:
        found = self._walk(pointer)[-1]
        return found.line + 1, found.column + 1

    def _walk(self, pointer: Pointer) -> list[Field]:
        """The root and every value on the way that exists."""
        steps = [Field(self._root.line, self._root.column, self._root)]
        for step in pointer:
            node = steps[-1].node
            if isinstance(step, str) and step in node.fields:
                steps.append(node.fields[step])
            elif isinstance(step, int) and 0 <= step < len(node.items):
                item = node.items[step]
                steps.append(Field(item.line, item.column, item))
            else:
                break
        return steps


def read_yaml(text: str, file: str) -> YamlSource:
    """What the text holds.

    Raises:
        BuildError: `yaml-syntax`, `duplicate-key` (all of them) or `too-large`.
    """
    prepared = Text(file, text)
    prepared.refuse_unprintable()
    return YamlSource(prepared, read_tree(prepared))
