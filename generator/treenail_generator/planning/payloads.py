"""Where the payload stands in an answer, and what its schema is."""

import re
from dataclasses import dataclass, field
from typing import Final, cast

from treenail_generator.connector_file import ConnectorRequest, ResponseSection
from treenail_generator.diagnostics import nearest
from treenail_generator.yaml_source import JSON, Pointer

from .faults import Faults
from .forms import Forms
from .selecting import Derived, ExpressionError, derive

_SPECIAL: Final = re.compile(r"[\[\](){}|&*@'\"`,:!<>= ?]")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHAPING: Final = ("pick", "omit", "redact", "rename", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a tool answers, before its fields are picked.

    Attributes:
        schema: One that says nothing when the document does not tell.
        root: Dotted path to it.
        select: JMESPath that makes it, in place of `root`; empty for none.
        untyped: What kept its type from being derived.
    """

    schema: JSON
    root: str = ""
    select: str = ""
    untyped: tuple[str, ...] = field(default=())


class Payloads:
    """Finds payloads, and reports what the document does not have."""

    def __init__(self, request: ConnectorRequest, forms: Forms, faults: Faults) -> None:
        self._request = request
        self._forms = forms
        self._faults = faults

    def of(self, top: JSON, section: ResponseSection, pointer: Pointer) -> Payload:
        """The payload of the `response` section at `pointer`; `top` describes the whole answer."""
        told = cast("JSON", section.schema_)
        if section.jmespath is not None:
            self._tell_conflicts(section, pointer)
        elif is_dotted(section.root):
            schema = self._at(top, section.root, pointer)
            return Payload(schema=schema if told is None else told, root=section.root)
        parts = [as_jmespath(section.root) if section.root else "", section.jmespath or ""]
        select = " | ".join(part for part in parts if part)
        key = "root" if section.jmespath is None else "jmespath"
        derived = self.derived(select, top, (*pointer, key))
        known = told is not None
        schema = told if told is not None else derived.schema
        untyped = () if known else tuple(derived.untyped)
        return Payload(schema=schema if schema is not None else {}, select=select, untyped=untyped)

    def derived(self, expression: str, schema: JSON, pointer: Pointer) -> Derived:
        """What `expression`, which stands at `pointer`, makes of `schema`; faults are reported."""
        try:
            found = derive(expression, schema, self._forms)
        except ExpressionError as error:
            message = f"{pointer[-1]}: {expression!r} is no JMESPath: {error}"
            self._faults.add(self._request.at(*pointer), "bad-expression", message)
            return Derived(schema={})
        for name, known in found.unknown:
            close = nearest(name, known)
            self._faults.add(
                self._request.at(*pointer),
                "unknown-field",
                f"{pointer[-1]} {expression!r}: the answer has no {name!r}",
                hint=f"did you mean {close!r}?" if close else f"it has: {', '.join(known)}",
            )
        return found

    def _tell_conflicts(self, section: ResponseSection, pointer: Pointer) -> None:
        for key in _SHAPING:
            if getattr(section, key):
                self._faults.add(
                    self._request.at(*pointer, key),
                    "conflicting-keys",
                    f"'jmespath' and {key!r} exclude each other",
                    hint="say in the expression what the agent gets: items[].{id: itemId}",
                )

    def _at(self, top: JSON, root: str, pointer: Pointer) -> JSON:
        schema = top
        for step in root.split(".") if root else ():
            properties = self._forms.of(schema).properties
            if step not in properties:
                if properties:
                    close = nearest(step, properties)
                    known = f"it has: {', '.join(properties)}"
                    self._faults.add(
                        self._request.at(*pointer, "root"),
                        "unknown-field",
                        f"root {root!r}: the answer has no {step!r}",
                        hint=f"did you mean {close!r}?" if close else known,
                    )
                return {}
            schema = properties[step]
        return schema if schema is not None else {}


def is_dotted(path: str) -> bool:
    """Whether `path` is names with dots between them; JMESPath says anything else."""
    return _SPECIAL.search(path) is None


def as_jmespath(path: str) -> str:
    """A dotted path as JMESPath, whose identifiers are narrower; JMESPath as it is."""
    if not path or not is_dotted(path):
        return path
    steps = ""
    for step in path.split("."):
        if step.isdecimal():
            steps += f"[{step}]"
        else:
            steps += f".{step}" if _IDENTIFIER.fullmatch(step) else f'."{step}"'
    return steps.removeprefix(".")
