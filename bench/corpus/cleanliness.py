"""Whether a list of tools is fit for clients and loses nothing of its document.

The same checker judges every contender.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import jsonschema_rs
from inputs import BODY, resolved

Kind: TypeAlias = Literal[
    "no-tool",
    "input-lost",
    "invalid-schema",
    "no-object",
    "dangling-ref",
    "too-large",
    "illegal-name",
    "same-name",
]
_MOST_BYTES: Final = 1_000_000
# MCP 2026-07-28, Tools; 64 is what clients take.
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A tool as it is published, and what of its operation it can send.

    Attributes:
        operation: "METHOD /path" as the document spells it.
        inputs: Place and name of what it can send: as argument, constant, or hidden and told so.
    """

    name: str
    operation: str
    inputs: frozenset[tuple[str, str]]
    schema: Any
    output: Any = None
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, with the tool or operation it is wrong with."""

    kind: Kind
    subject: str
    detail: str


def flaws(tools: Sequence[Listed], expected: Mapping[str, Sequence[tuple[str, str]]]) -> list[Flaw]:
    """Everything that is wrong with `tools`, given what the document's operations take."""
    return [
        *_missing(tools, expected),
        *_names(tools),
        *(flaw for tool in tools for flaw in _lost(tool, expected.get(tool.operation, ()))),
        *(flaw for tool in tools for flaw in _schemas(tool)),
    ]


def _missing(
    tools: Sequence[Listed], expected: Mapping[str, Sequence[tuple[str, str]]]
) -> Iterator[Flaw]:
    there = {tool.operation for tool in tools}
    for operation in expected:
        if operation not in there:
            yield Flaw("no-tool", operation, "")


def _names(tools: Sequence[Listed]) -> Iterator[Flaw]:
    counted = Counter(tool.name for tool in tools)
    for name, count in counted.items():
        if not _NAME.fullmatch(name):
            yield Flaw("illegal-name", name, "")
        if count > 1:
            yield Flaw("same-name", name, f"{count} tools")


def _lost(tool: Listed, expected: Sequence[tuple[str, str]]) -> Iterator[Flaw]:
    places = {place for place, _ in tool.inputs}
    for place, name in expected:
        is_there = "body" in places if (place, name) == BODY else (place, name) in tool.inputs
        if not is_there:
            yield Flaw("input-lost", tool.name, f"{place} {name}".strip())


def _schemas(tool: Listed) -> Iterator[Flaw]:
    if tool.bytes > _MOST_BYTES:
        yield Flaw("too-large", tool.name, f"{tool.bytes} bytes")
    if tool.schema.get("type") != "object":
        yield Flaw("no-object", tool.name, "inputSchema")
    for part, schema in (("inputSchema", tool.schema), ("outputSchema", tool.output)):
        if schema is None:
            continue
        reason = _invalid(schema)
        if reason:
            yield Flaw("invalid-schema", tool.name, f"{part}: {reason}")
        for ref in dict.fromkeys(_refs(schema)):
            if not ref.startswith("#") or (ref != "#" and resolved(schema, ref) is None):
                yield Flaw("dangling-ref", tool.name, f"{part}: {ref}")


def _invalid(schema: Any) -> str:
    """Why it is no schema by the meta-schema of JSON Schema 2020-12; empty when it is one."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    try:
        jsonschema_rs.meta.validate({**schema, **dialect})
    except jsonschema_rs.ValidationError as error:
        return error.message[:200]
    except ValueError as error:
        return str(error)[:200]
    return ""


def _refs(schema: Any) -> Iterator[str]:
    """Every reference, apart from values that only look like one."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)  # pyright: ignore[reportUnknownArgumentType]  # anything may stand there
        elif isinstance(node, dict):
            for key, each in node.items():  # pyright: ignore[reportUnknownVariableType]  # the same
                if key == "$ref" and isinstance(each, str):
                    yield each
                elif key not in {"enum", "const", "default", "examples", "example"}:
                    waiting.append(each)


def listed(data: Any) -> list[Listed]:
    """The tools that a probe wrote."""
    return [
        Listed(
            name=each["tool"]["name"],
            operation=each["operation"],
            inputs=frozenset((place, name) for place, name in each["inputs"]),
            schema=each["tool"]["inputSchema"],
            output=each["tool"].get("outputSchema"),
            bytes=len(json.dumps(each["tool"], separators=(",", ":"), ensure_ascii=False).encode()),
        )
        for each in data
    ]
