"""Every text that a connector is made of, and whether it reaches the agent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from treenail_generator.build import Built
from treenail_generator.diagnostics import Location
from treenail_generator.document import Operation
from treenail_generator.document.references import Target
from treenail_generator.yaml_source import JSON, Pointer

from .tools import LintedTool

# What stands under these keys is about whatever the keys around them name.
_VALUE_KEYS: Final = frozenset(
    {"const", "constant", "default", "enum", "example", "examples", "items", "schema", "value"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text in the connector file, in a used part of the document, or in a hand-written tool.

    Attributes:
        subject: The name of what it is a value of; empty for a key.
        tool: Empty when it belongs to several tools, or to none.
        is_ours: Whether it stands in the connector file; then all of it counts as told.
        is_told: Whether the agent gets it.
    """

    content: str
    subject: str
    tool: str
    location: Location
    is_ours: bool
    is_told: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A text inside plain data: the key at `pointer`, or the value."""

    pointer: Pointer
    is_key: bool
    content: str = field(compare=False)
    subject: str = field(compare=False)


def read_texts(built: Built, tools: Sequence[LintedTool]) -> tuple[Text, ...]:
    """The texts of the connector file, of the operations in use, and of hand-written tools."""
    ours = dict.fromkeys(_connector_texts(built))
    told = {_normal(content) for tool in tools for content in _contents(tool.surface)}
    theirs = tuple(_document_texts(built, tools, told))
    known = {_normal(text.content) for text in (*ours, *theirs)}
    return (*ours, *theirs, *_other_texts(tools, known))


def _connector_texts(built: Built) -> Iterator[Text]:
    source = built.request.source
    for place in _places(source.value, (), ""):
        at = source.key_at if place.is_key else source.at
        yield Text(
            content=place.content,
            subject=place.subject,
            tool=_tool_at(built, place.pointer),
            location=at(place.pointer),
            is_ours=True,
            is_told=True,
        )


def _tool_at(built: Built, pointer: Pointer) -> str:
    file = built.request.file
    match pointer:
        case ("tools", int(index), *_):
            return file.tools[index].name
        case ("helpers", "get_connection_info", *_) if file.helpers.get_connection_info is not None:
            return file.helpers.get_connection_info.name
        case ("helpers", "describe_type", *_) if file.helpers.describe_type is not None:
            return file.helpers.describe_type.name
        case _:
            return ""


def _document_texts(built: Built, tools: Sequence[LintedTool], told: set[str]) -> Iterator[Text]:
    document = built.document
    for place, users in _used_places(built, tools).items():
        at = document.locate_key if place.is_key else document.locate
        yield Text(
            content=place.content,
            subject=place.subject,
            tool=next(iter(users)) if len(users) == 1 else "",
            location=at(place.pointer),
            is_ours=False,
            is_told=_normal(place.content) in told,
        )


def _used_places(built: Built, tools: Sequence[LintedTool]) -> dict[_Place, set[str]]:
    """Names of tools by place; the calls of the login have none."""
    uses = [(tool.name, tool.operation) for tool in tools if tool.operation is not None]
    keys = dict.fromkeys(endpoint.operation for endpoint in built.plan.login_endpoints)
    found = (built.document.operation(key) for key in keys)
    uses += [("", operation) for operation in found if operation is not None]
    users: dict[_Place, set[str]] = {}
    for name, operation in uses:
        for target in _reached(built, operation):
            for place in _places(target.value, target.pointer, str(target.pointer[-1])):
                users.setdefault(place, set()).add(name)
    return users


def _reached(built: Built, operation: Operation) -> Iterator[Target]:
    references = built.document.references
    pointers = (operation.pointer, *(each.pointer for each in operation.parameters))
    starts = [Target(pointer, references.value_at(pointer)) for pointer in pointers]
    yield from starts
    yield from references.closure(starts)


def _other_texts(tools: Sequence[LintedTool], known: set[str]) -> Iterator[Text]:
    """What agents are told and neither file says: the words of hand-written tools."""
    for tool in tools:
        for place in _places(cast("JSON", [tool.surface, dict(tool.example)]), (), ""):
            if _normal(place.content) not in known:
                yield Text(
                    content=place.content,
                    subject=place.subject,
                    tool=tool.name,
                    location=tool.location,
                    is_ours=True,
                    is_told=True,
                )


def _places(value: JSON, pointer: Pointer, subject: str) -> Iterator[_Place]:
    if isinstance(value, str):
        yield _Place(pointer, is_key=False, content=value, subject=subject)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, (*pointer, index), subject)
    elif isinstance(value, dict):
        named = value.get("name")
        about = named if isinstance(named, str) and "in" in value else subject
        for key, child in value.items():
            yield _Place((*pointer, key), is_key=True, content=key, subject="")
            yield from _places(child, (*pointer, key), about if key in _VALUE_KEYS else key)


def _contents(value: object) -> Iterator[str]:
    return (place.content for place in _places(cast("JSON", value), (), ""))


def _normal(text: str) -> str:
    """As planning writes texts: one paragraph, a single sentence without its full stop."""
    return " ".join(text.split()).removesuffix(".")
