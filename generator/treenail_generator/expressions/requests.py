"""Where a request's values come from, as Python expressions."""

from typing import assert_never

from treenail_generator.plan import (
    Binding,
    Constant,
    Either,
    FromArgument,
    FromConnection,
    FromPage,
    ValuePlan,
)

_STYLES = {
    "simple": "simple",
    "label": "label",
    "matrix": "matrix",
    "form": "form",
    "spaceDelimited": "space_delimited",
    "pipeDelimited": "pipe_delimited",
    "tabDelimited": "tab_delimited",
    "cookie": "cookie",
    "deepObject": "deep_object",
    "json": "json_text",
    "urlencoded": "urlencoded_text",
}
_FIXED_EXPLODE = frozenset(
    {"spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject", "json", "urlencoded"}
)


def bound(binding: Binding) -> str:
    """The value of a binding, in its style."""
    value = _value(binding.value)
    if binding.style is None:
        return value
    style = binding.style
    options = ""
    if style.style not in _FIXED_EXPLODE:
        options += f", explode={style.explode!r}"
    if style.reserved:
        options += ", reserved=True"
    if style.arrays is not None:
        options += f", arrays={style.arrays!r}"
    return f"{_STYLES[style.style]}({value}{options})"


def _value(plan: ValuePlan) -> str:
    match plan:
        case FromArgument(attribute):
            return f"arguments.{attribute}"
        case FromConnection(field, required):
            return (
                f"context.connected({field!r})"
                if required
                else f"context.default(MISSING, {field!r})"
            )
        case Either(attribute, field, required):
            method = "either" if required else "default"
            return f"context.{method}(arguments.{attribute}, {field!r})"
        case Constant(value):
            return repr(value)
        case FromPage():
            return "page"
        case _:
            assert_never(plan)
