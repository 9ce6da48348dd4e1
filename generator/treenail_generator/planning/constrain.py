"""Proof that what a connector file constrains only narrows what the document allows."""

from collections.abc import Callable
from typing import Any, Final

from treenail_generator.connector_file import Constrain

from .faults import Faults
from .verbs import Verb
from .views import View, Views, split_null

_TYPES: Final[dict[str, frozenset[str]]] = {
    "minimum": frozenset({"integer", "number"}),
    "maximum": frozenset({"integer", "number"}),
    "minLength": frozenset({"string"}),
    "maxLength": frozenset({"string"}),
    "pattern": frozenset({"string"}),
    "format": frozenset({"string"}),
    "minItems": frozenset({"array"}),
    "maxItems": frozenset({"array"}),
}
_LOWER: Final = ("minimum", "minLength", "minItems")
_EXCLUSIVE: Final = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}


def narrowed(view: View, verb: Verb, name: str, views: Views, faults: Faults) -> View:
    """`view` with the constraints of the file; those that would widen it are reported, not applied."""
    if not verb.says("constrain") or verb.param.constrain is None:
        return view
    constrain: Constrain = verb.param.constrain
    result = dict(view)
    for field in sorted(constrain.model_fields_set):
        keyword = Constrain.model_fields[field].alias or field
        value = getattr(constrain, field)
        problem = _problem(view, keyword, value, views)
        if problem is None:
            result[keyword] = value
            if keyword in _EXCLUSIVE:
                result.pop(_EXCLUSIVE[keyword], None)
        else:
            code, message, hint = problem
            faults.add(verb.at("constrain", keyword), code, f"{name!r}: {message}", hint=hint)
    return result


def _problem(
    view: View, keyword: str, value: Any, views: Views
) -> tuple[str, str, str | None] | None:
    """(code, message, hint) when `keyword: value` does not narrow `view`."""
    if keyword == "enum":
        return _wider_enum(view, value, views)
    kind = split_null(view)[0].get("type")
    if not isinstance(kind, str) or kind not in _TYPES[keyword]:
        return (
            "constraint-not-applicable",
            f"{keyword} does not apply to {kind or 'a value without a type'}",
            None,
        )
    if keyword in {"pattern", "format"}:
        if view.get(keyword, value) == value:
            return None
        return (
            "widening-constraint",
            f"{keyword} {value!r} cannot be proven narrower than the document's {view[keyword]!r}",
            "leave it out; the document's own holds anyway",
        )
    return _wider_bound(view, keyword, value)


def _wider_enum(view: View, values: list[Any], views: Views) -> tuple[str, str, str | None] | None:
    for value in values:
        reason = views.why_not(view, value)
        if reason is not None:
            allowed = view.get("enum")
            hint = f"the document allows {allowed}" if allowed else "give values of the document"
            return ("widening-constraint", f"enum value {value!r} is not allowed: {reason}", hint)
    return None


def _wider_bound(view: View, keyword: str, value: Any) -> tuple[str, str, str | None] | None:
    lower = keyword in _LOWER
    wider: Callable[[Any, Any], bool] = (lambda a, b: a < b) if lower else (lambda a, b: a > b)
    limit = view.get(keyword)
    exclusive = view.get(_EXCLUSIVE.get(keyword, ""))
    most = "at least" if lower else "at most"
    if limit is not None and wider(value, limit):
        return (
            "widening-constraint",
            f"{keyword} {value} is wider than the document's {limit}",
            f"give {most} {limit}",
        )
    if exclusive is not None and (wider(value, exclusive) or value == exclusive):
        return (
            "widening-constraint",
            f"{keyword} {value} is wider than the document's {_EXCLUSIVE[keyword]} {exclusive}",
            f"give a value {'above' if lower else 'below'} {exclusive}",
        )
    return None
