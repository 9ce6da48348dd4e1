"""Proof that what a connector file constrains only narrows what the document allows."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from treenail_generator.connector_file import Constrain

from .faults import Faults
from .leaves import ANNOTATIONS
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
_OPPOSITE: Final = {
    "minimum": "maximum",
    "maximum": "minimum",
    "minLength": "maxLength",
    "maxLength": "minLength",
    "minItems": "maxItems",
    "maxItems": "minItems",
}
_EXCLUSIVE: Final = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}

_Problem: TypeAlias = tuple[str, str, str | None]
"""Code, message and hint."""


def narrowed(view: View, verb: Verb, name: str, views: Views, faults: Faults) -> View:
    """`view` with the constraints of the file; those that would widen it are reported, not applied."""
    if not verb.says("constrain") or verb.param.constrain is None:
        return view
    constrain: Constrain = verb.param.constrain
    result = dict(view)
    parts = _parts(view, views)
    for field in sorted(constrain.model_fields_set):
        keyword = Constrain.model_fields[field].alias or field
        value = getattr(constrain, field)
        problem = _problem(parts, keyword, value, views) or _emptied(result, keyword, value, views)
        if problem is None:
            result = _chosen(result, value) if keyword == "enum" else {**result, keyword: value}
            if keyword in _EXCLUSIVE:
                result.pop(_EXCLUSIVE[keyword], None)
        else:
            code, message, hint = problem
            faults.add(verb.at("constrain", keyword), code, f"{name!r}: {message}", hint=hint)
    return result


def _chosen(view: View, values: list[Any]) -> View:
    """The view of `values`, all of which it allows; whatever else it says, they say more."""
    kinds = {str: "string", int: "integer"}
    kind = next((told for each, told in kinds.items() if all(type(v) is each for v in values)), "")
    if not kind:
        return {**view, "enum": values}
    kept = {key: told for key, told in view.items() if key in ANNOTATIONS}
    return {**kept, "type": kind, "enum": values}


def _parts(view: View, views: Views) -> list[View]:
    """`view` and whatever stands in its `allOf`, each of which has to hold."""
    members = cast("list[object]", view.get("allOf") or [])
    return [view, *(part for each in members for part in _parts(views.of(each), views))]


def _kind(parts: list[View]) -> object:
    """The one type that is left, null aside."""
    kinds = (split_null(part)[0].get("type") for part in parts)
    return next((kind for kind in kinds if kind is not None), None)


def _problem(parts: list[View], keyword: str, value: Any, views: Views) -> _Problem | None:
    """What is wrong when `keyword: value` does not narrow what all of `parts` allow."""
    if keyword == "enum":
        return _wider_enum(parts[0], value, views)
    kind = _kind(parts)
    if not isinstance(kind, str) or kind not in _TYPES[keyword]:
        return (
            "constraint-not-applicable",
            f"{keyword} does not apply to {kind or 'a value without a type'}",
            None,
        )
    if keyword in {"pattern", "format"}:
        # Of a member of `allOf` it holds beside the new one, so only the view's own would be lost.
        if parts[0].get(keyword, value) == value:
            return None
        own = parts[0][keyword]
        return (
            "widening-constraint",
            f"{keyword} {value!r} cannot be proven narrower than the document's {own!r}",
            "leave it out; the document's own holds anyway",
        )
    return _wider_bound(_tightest(parts, keyword), keyword, value)


def _tightest(parts: list[View], keyword: str) -> View:
    """The narrowest of the bounds that `parts` set on the side of `keyword`."""
    told: View = {}
    for bound in (keyword, _EXCLUSIVE.get(keyword, "")):
        limits = [part[bound] for part in parts if part.get(bound) is not None]
        if limits:
            told[bound] = max(limits) if keyword in _LOWER else min(limits)
    return told


def _emptied(view: View, keyword: str, value: Any, views: Views) -> _Problem | None:
    """What is wrong when `keyword: value` leaves nothing of `view`, as far as bounds tell."""
    other = _OPPOSITE.get(keyword)
    if other is None:
        return None
    is_lower = keyword in _LOWER
    for bound, limit in _tightest(_parts(view, views), other).items():
        is_reached = bound != other and value == limit
        if is_reached or (value > limit if is_lower else value < limit):
            return (
                "emptying-constraint",
                f"{keyword} {value} and {bound} {limit} leave no value",
                "hide what should never be sent",
            )
    return None


def _wider_enum(view: View, values: list[Any], views: Views) -> _Problem | None:
    for value in values:
        reason = views.why_not(view, value)
        if reason is not None:
            allowed = view.get("enum")
            hint = f"the document allows {allowed}" if allowed else "give values of the document"
            return ("widening-constraint", f"enum value {value!r} is not allowed: {reason}", hint)
    return None


def _wider_bound(view: View, keyword: str, value: Any) -> _Problem | None:
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
