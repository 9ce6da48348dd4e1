"""Parser events become plain data and, beside it, a tree of where everything stood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn

import yaml

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.yaml_source.data import JSON, MAX_ALIASED_VALUES, MAX_DEPTH, MAX_VALUES
from treenail_generator.yaml_source.scalars import plain_value
from treenail_generator.yaml_source.text import Text

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_CORE + name for name in ("null", "bool", "int", "float"))
_TEXT_TAGS = frozenset((*(_CORE + name for name in ("str", "timestamp", "binary")), "!"))
_COLLECTION_TAGS = frozenset((None, "!", _CORE + "map", _CORE + "seq"))


@dataclass(slots=True)
class Node:
    """One value and its 0-based place.

    Attributes:
        plain: A scalar as written when it stood unquoted, else None.
        size: How many values it holds, itself included, aliases counted each time.
    """

    value: JSON
    line: int
    column: int
    plain: str | None = None
    fields: "Mapping[str, Field]" = field(default_factory=lambda: _NO_FIELDS)
    items: "Sequence[Node]" = ()
    size: int = 1

    @property
    def text(self) -> str | None:
        """A scalar as written, None for a collection."""
        if self.plain is not None:
            return self.plain
        return self.value if isinstance(self.value, str) else None


@dataclass(slots=True)
class Field:
    """A value and the 0-based place of the key that leads to it."""

    line: int
    column: int
    node: Node


_NO_FIELDS: Mapping[str, Field] = MappingProxyType({})


@dataclass(slots=True)
class _Frame:
    """A collection whose end has not been read yet."""

    node: Node
    anchor: str | None
    is_mapping: bool
    fields: dict[str, Field] = field(default_factory=dict[str, Field])
    merged: dict[str, Field] = field(default_factory=dict[str, Field])
    items: list[Node] = field(default_factory=list[Node])
    key: Node | None = None

    def close(self) -> Node:
        """The finished collection; what `<<` brought comes first and gives way."""
        node = self.node
        if self.is_mapping:
            fields = {**self.merged, **self.fields}
            node.fields = fields
            node.value = {name: found.node.value for name, found in fields.items()}
            node.size += sum(found.node.size for found in fields.values())
        else:
            node.items = self.items
            node.value = [item.value for item in self.items]
            node.size += sum(item.size for item in self.items)
        return node


def read_tree(text: Text) -> Node:
    """The root of the one document in the text.

    Raises:
        BuildError: `yaml-syntax`, `duplicate-key` (all of them) or `too-large`.
    """
    builder = _Builder(text)
    try:
        for event in yaml.parse(text.content, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        _fail_syntax(text, error)
    if builder.duplicates:
        raise BuildError(builder.duplicates)
    return builder.root or Node(None, 0, 0)


class _Builder:
    """Builds the tree without recursion, so that a document's depth is only a number here."""

    def __init__(self, text: Text) -> None:
        self.root: Node | None = None
        self.duplicates: list[Diagnostic] = []
        self._text = text
        self._open: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._values = 0
        self._aliased = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._put(self._scalar(event), event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._start(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                frame = self._open.pop()
                self._put(frame.close(), frame.anchor)
            case yaml.AliasEvent():
                self._put(self._alias(event), None)
            case yaml.DocumentStartEvent() if self.root is not None:
                self._fail(event, "a second document starts here", hint="keep one document")
            case _:
                pass

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        line, column = _place(event)
        text = event.value
        if event.tag in _PLAIN_TAGS or (event.tag is None and event.implicit[0]):
            return Node(plain_value(text), line, column, text)
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self._fail(event, f"the tag {event.tag!r} is not supported", hint="remove it")
        return Node(text, line, column)

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if event.tag not in _COLLECTION_TAGS:
            self._fail(event, f"the tag {event.tag!r} is not supported", hint="remove it")
        if len(self._open) == MAX_DEPTH:
            self._fail(event, f"nested more than {MAX_DEPTH} levels deep", code="too-large")
        node = Node(None, *_place(event))
        self._open.append(_Frame(node, event.anchor, isinstance(event, yaml.MappingStartEvent)))

    def _alias(self, event: yaml.AliasEvent) -> Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            message = f"no anchor '&{event.anchor}' ends before this alias"
            self._fail(event, message, hint="quote a text that starts with '*'")
        self._aliased += node.size
        if self._aliased > MAX_ALIASED_VALUES:
            message = f"aliases repeat more than {MAX_ALIASED_VALUES:,} values"
            self._fail(event, message, code="too-large")
        return node

    def _put(self, node: Node, anchor: str | None) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            self._fail(node, f"more than {MAX_VALUES:,} values", code="too-large")
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        if not frame.is_mapping:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            key, frame.key = frame.key, None
            self._put_field(frame, key, node)

    def _put_field(self, frame: _Frame, key: Node, node: Node) -> None:
        name = key.text
        if name is None:
            self._fail(key, "a mapping or list cannot be a key")
        if key.plain == "<<":
            self._merge(frame, node)
        elif name in frame.fields:
            first = frame.fields[name].line + 1
            message = f"the key {name!r} stands twice, first in line {first}"
            location = self._text.location(key.line, key.column)
            self.duplicates.append(Diagnostic(location, "duplicate-key", message))
        else:
            frame.fields[name] = Field(key.line, key.column, node)

    def _merge(self, frame: _Frame, node: Node) -> None:
        """Of several merged mappings the earlier one wins (yaml.org/type/merge.html)."""
        for mapping in node.items or (node,):
            if not isinstance(mapping.value, dict):
                self._fail(mapping, "'<<' merges only mappings")
            frame.merged = {**mapping.fields, **frame.merged}

    def _fail(
        self,
        where: yaml.Event | Node,
        message: str,
        *,
        code: str = "yaml-syntax",
        hint: str | None = None,
    ) -> NoReturn:
        line, column = (where.line, where.column) if isinstance(where, Node) else _place(where)
        self._text.fail(line, column, code=code, message=message, hint=hint)


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line, mark.column) if mark else (0, 0)


def _fail_syntax(text: Text, error: yaml.MarkedYAMLError) -> NoReturn:
    mark = error.problem_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    message = " ".join(part for part in (error.problem, error.context) if part)
    rest = "".join(text.content.splitlines()[line : line + 1])[column:]
    hint = _syntax_hint(message, rest)
    text.fail(line, column, code="yaml-syntax", message=message, hint=hint)


def _syntax_hint(message: str, rest: str) -> str | None:
    if rest.startswith("\t"):
        return "indent with spaces; YAML allows no tabs there"
    if "mapping values are not allowed" in message:
        return "quote a text that contains ': '"
    if "cannot start any token" in message:
        return f"quote a text that starts with {rest[:1]!r}"
    return None
