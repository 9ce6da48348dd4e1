"""Definitions to Python literals: JSON text, one property a line, parsed when it is needed."""

import json
from typing import Final

from treenail_generator.plan import PREFIX, ExactType, mentions
from treenail_generator.yaml_source import JSON

_WIDTH: Final = 84


def definition(schema: JSON) -> str:
    """`schema` as a literal of its JSON text."""
    whole = _compact(schema)
    if len(whole) <= _WIDTH or not isinstance(schema, dict):
        return repr(whole)
    return "(" + " ".join(map(repr, _lines(schema))) + ")"


def exact(plan: ExactType) -> str:
    """What checks and publishes `plan`: a definition, a schema over definitions, or one by itself."""
    own = plan.own
    named = mentions(own)
    if len(named) == 1 and own == {"$ref": PREFIX + named[0]}:
        return f"DEFINITIONS[{named[0]!r}]"
    return f"DEFINITIONS.schema({own!r})" if named else f"JsonSchema({own!r})"


def _lines(schema: dict[str, JSON]) -> list[str]:
    """The JSON text in pieces, so that a changed property is a changed line."""
    lines: list[str] = []
    for key, value in schema.items():
        start = "," if lines else "{"
        if key == "properties" and isinstance(value, dict) and value:
            lines.append(f"{start}{_compact(key)}:{{")
            inner = [f"{_compact(name)}:{_compact(each)}" for name, each in value.items()]
            lines += [f"{text}," for text in inner[:-1]]
            lines.append(f"{inner[-1]}}}")
        else:
            lines.append(f"{start}{_compact(key)}:{_compact(value)}")
    return [*lines[:-1], f"{lines[-1]}}}"]


def _compact(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
