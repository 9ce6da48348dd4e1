"""`ConnectorPlan` to Python text. Printing only: whatever is printed was decided in the plan.

Text from documents and connector files reaches the source through `literal` and the docstring
filters alone, so none of it can become code.
"""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any, Final, cast

import jinja2

from .expressions import (
    annotation,
    assigned,
    authenticated,
    bound,
    definition,
    json_text,
    kept,
    paged,
    rest,
    sent_as,
)
from .imports import imports_of
from .plan import AnswerPlan, CheckPlan, ConnectorPlan, LoginFieldPlan, ToolPlan
from .project import template_root

CONTRACT_VERSION: Final = 2
"""The contract that the templates are written for."""

# What the contract's Endpoint assumes when nothing is said.
DEFAULT_TIMEOUT_S: Final = 20.0
DEFAULT_MAX_BYTES: Final = 1_000_000
# And what its Tool assumes.
DEFAULT_INLINE_DEPTH: Final = 16
DEFAULT_DESCRIBER: Final = "describe_type"
_DEFAULTS: Final = {
    "contract_version": CONTRACT_VERSION,
    "default_timeout_s": DEFAULT_TIMEOUT_S,
    "default_max_bytes": DEFAULT_MAX_BYTES,
    "default_inline_depth": DEFAULT_INLINE_DEPTH,
    "default_describer": DEFAULT_DESCRIBER,
}
_WIDTH: Final = 84
_NO_ANSWER: Final = AnswerPlan()


def render(plan: ConnectorPlan) -> str:
    """The module's source, valid but not yet formatted."""
    code = _environment().get_template("connector.py.jinja").render(plan=plan, **_DEFAULTS)
    head = _environment().get_template("imports.py.jinja")
    return head.render(plan=plan, imports=imports_of(code)) + code


def with_examples(text: str, before: ConnectorPlan, after: ConnectorPlan) -> str:
    """`text`, which is `before`, as `after`: the same plan but for the examples of some tools."""
    printed: Any = _environment().get_template("tool.py.jinja").make_module(_DEFAULTS)
    for old, new in zip(before.tools, after.tools, strict=True):
        if new.example != old.example:
            one, other = (printed.tool(each, after.schemas) for each in (old, new))
            text = text.replace(one, other, 1)
    return text


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_root()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # prints Python; `literal` does the escaping
    )
    filters: dict[str, Callable[..., Any]] = {
        "annotation": annotation,
        "assigned": assigned,
        "authenticated": authenticated,
        "bound": bound,
        "check_docstring": _check_docstring,
        "choices_docstring": _choices_docstring,
        "definition": definition,
        "docstring": docstring,
        "is_declared": _is_declared,
        "json_text": json_text,
        "kept": kept,
        "rest": rest,
        "literal": repr,
        "mapping": _mapping,
        "module_docstring": _module_docstring,
        "paged": paged,
        "paragraphs": _paragraphs,
        "sent_as": sent_as,
        "text": _text,
        "tool_docstring": _tool_docstring,
    }
    environment.filters.update(cast("Any", filters))
    return environment


def docstring(text: str) -> str:
    """`text` as a docstring that cannot end early; control and invisible characters are escaped."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{quoted if quoted.isprintable() else _escaped(quoted)}"""'


def _escaped(text: str) -> str:
    return "".join(
        character if character.isprintable() or character == "\n" else repr(character)[1:-1]
        for character in text
    )


def _text(text: str) -> str:
    """A string literal, broken into lines when it is long."""
    if len(text) <= _WIDTH:
        return repr(text)
    lines = textwrap.wrap(
        text, _WIDTH, break_long_words=False, break_on_hyphens=False, drop_whitespace=False
    )
    if len(lines) < 2 or "".join(lines) != text:  # noqa: PLR2004  # one line needs no breaking
        return repr(text)
    return "(" + " ".join(repr(line) for line in lines) + ")"


def _paragraphs(text: str) -> str:
    """A string literal, one line of source per line of text."""
    lines = text.splitlines(keepends=True)
    return "(" + " ".join(repr(line) for line in lines) + ")" if len(lines) > 1 else repr(text)


def _mapping(pairs: Iterable[tuple[Any, Any]]) -> str:
    return "{" + ", ".join(f"{key!r}: {_value(value)}" for key, value in pairs) + "}"


def _value(value: Any) -> str:
    return _text(value) if isinstance(value, str) else repr(value)


def _is_declared(answer: AnswerPlan) -> bool:
    # Neither is printed as a part of the answer.
    return replace(answer, kind=_NO_ANSWER.kind, accept=_NO_ANSWER.accept) != _NO_ANSWER


def _module_docstring(plan: ConnectorPlan) -> str:
    count = len(plan.tools)
    inputs = f"connectors/{plan.name}.yaml" + (f" and {plan.spec}" if plan.spec else "")
    return docstring(
        f"{plan.title}: {count} MCP {'tool' if count == 1 else 'tools'}.\n\n"
        f"Generated by `gen build {plan.name}` from {inputs}.\n"
        "Do not edit: change the connector file and build again.\n"
    )


def _tool_docstring(tool: ToolPlan) -> str:
    if tool.describes_types:
        return docstring("Tell the exact schema of a type; sends nothing.")
    if tool.endpoint is None:
        return docstring("Tell the connection's values; sends nothing.")
    return docstring(
        f"Send {tool.endpoint.method} {tool.endpoint.path} ({tool.endpoint.operation})."
    )


def _check_docstring(check: CheckPlan) -> str:
    return docstring(f"Prove the credentials with {check.endpoint.operation}.")


def _choices_docstring(field: LoginFieldPlan) -> str:
    operation = field.choices.endpoint.operation if field.choices is not None else ""
    return docstring(f"Read the choices of {field.name} with {operation}.")
