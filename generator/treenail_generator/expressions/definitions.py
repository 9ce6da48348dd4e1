"""Schemas to Python literals: JSON text, one property a line, parsed when it is needed."""

import json
from typing import Final

from treenail_generator.plan import PREFIX, ExactType, mentions
from treenail_generator.yaml_source import JSON

_WIDTH: Final = 84
_OF_NAMES: Final = frozenset({"properties", "$defs"})
"""Keywords whose value has names for keys."""


def definition(schema: JSON) -> str:
    """`schema` as a literal of its JSON text."""
    lines = json_text(schema)
    return lines if "\n" not in lines else f"({lines})"


def json_text(schema: JSON) -> str:
    """The same as an argument: a changed property is a changed line."""
    return "\n".join(map(repr, _text(schema, "").split("\n")))


def exact(plan: ExactType) -> str:
    """What checks and publishes `plan`: a definition, a schema over definitions, or one by itself."""
    own = plan.own
    named = mentions(own)
    if len(named) == 1 and own == {"$ref": PREFIX + named[0]}:
        return f"DEFINITIONS[{named[0]!r}]"
    if named:
        return f"DEFINITIONS.schema({own!r})"
    return f"JsonSchema({own!r})" if plan.formats else f"JsonSchema({own!r}, formats=False)"


def _text(value: JSON, indent: str, *, names: bool = False) -> str:
    """The JSON text of `value`; where it is long, a line for each property and each alternative.

    Args:
        value: A schema, or what stands in one.
        indent: Spaces at the beginning of the line.
        names: Whether the keys of `value` are names, not keywords.
    """
    whole = _compact(value)
    if len(indent) + len(whole) <= _WIDTH:
        return whole
    inner = indent + "  "
    match value:
        case dict() if names:
            members = (
                f"{inner}{_compact(key)}:{_text(each, inner)}" for key, each in value.items()
            )
            return "{\n" + ",\n".join(members) + f"\n{indent}}}"
        case dict():
            pairs = (
                f"{_compact(key)}:{_text(each, indent, names=key in _OF_NAMES)}"
                for key, each in value.items()
            )
            return "{" + ",".join(pairs) + "}"
        case [dict(), *_]:
            items = (inner + _text(each, inner) for each in value)
            return "[\n" + ",\n".join(items) + f"\n{indent}]"
        case _:
            return whole


_compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
