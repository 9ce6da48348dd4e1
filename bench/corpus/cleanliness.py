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
from inputs import Key, Taken
from losses import losses
from pointing import items, mapping, resolved

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
"""`input-lost` is told of every input that is neither offered nor told by name to be left out."""
_MOST_BYTES: Final = 1_000_000
# What clients take; MCP 2026-07-28, Tools, allows more.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAMES: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_VALUES: Final = frozenset({"enum", "const", "default", "examples", "example"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A tool as it is published, and what of its operation it can send.

    Attributes:
        operation: "METHOD /path" as the document spells it; empty for a helper.
        inputs: What it can send, and the argument for it; None where it is a constant, comes from the
            connection, or is left out and told so.
    """

    name: str
    operation: str
    inputs: Mapping[Key, str | None]
    schema: Any
    output: Any = None
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, with the tool or operation it is wrong with."""

    kind: Kind
    subject: str
    detail: str


def flaws(tools: Sequence[Listed], expected: Mapping[str, Taken], document: Any) -> list[Flaw]:
    """Everything that is wrong with `tools`, given what the operations of `document` take."""
    return [
        *_missing(tools, expected),
        *_names(tools),
        *(flaw for tool in tools for flaw in _lost(tool, expected.get(tool.operation), document)),
        *(flaw for tool in tools for flaw in _schemas(tool)),
    ]


def _missing(tools: Sequence[Listed], expected: Mapping[str, Taken]) -> Iterator[Flaw]:
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


def _lost(tool: Listed, expected: Taken | None, document: Any) -> Iterator[Flaw]:
    if expected is not None:
        for lost in losses(document, expected, tool.inputs, tool.schema):
            yield Flaw("input-lost", tool.name, lost)


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
    """Why it is no schema of JSON Schema 2020-12, or none that can be compiled; empty when it is."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    try:
        jsonschema_rs.meta.validate({**schema, **dialect})
        jsonschema_rs.Draft202012Validator(schema)
    except jsonschema_rs.ValidationError as error:
        return error.message[:200]
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return str(error)[:200]
    return ""


def _refs(schema: Any) -> Iterator[str]:
    """Every reference, apart from values that only look like one."""
    waiting: list[tuple[Any, bool]] = [(schema, False)]
    while waiting:
        node, is_named = waiting.pop()
        waiting += [(each, False) for each in items(node)]
        for key, each in mapping(node).items():
            if key == "$ref" and isinstance(each, str):
                yield each
            elif is_named or key not in _VALUES:
                # The keys in these are names.
                waiting.append((each, not is_named and key in _NAMES))


def listed(data: Any) -> list[Listed]:
    """The tools that a probe wrote."""
    return [
        Listed(
            name=each["tool"]["name"],
            operation=each["operation"],
            inputs={(place, name): argument for place, name, argument in each["inputs"]},
            schema=each["tool"]["inputSchema"],
            output=each["tool"].get("outputSchema"),
            bytes=len(json.dumps(each["tool"], separators=(",", ":"), ensure_ascii=False).encode()),
        )
        for each in data
    ]
