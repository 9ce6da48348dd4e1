"""What the view of an object tells about its fields."""

from typing import cast

from .leaves import constraints
from .verbs import Verb
from .views import View

_NAMING = frozenset({"$ref", "properties", "allOf"})
OBJECT = frozenset({"type", "properties", "required", "additionalProperties"})


def only_properties(view: View) -> bool:
    """Whether an object is valid exactly when its properties are, and none but those are known."""
    closed = view.get("additionalProperties") in (None, False)
    known = set(view.get("required", ())) <= set(view.get("properties", ()))
    return closed and known and constraints(view) <= OBJECT


def offered(view: View, verb: Verb, *, required: bool) -> bool:
    """Whether a request may set a field at all: not readOnly, and not deprecated unless kept."""
    if view.get("readOnly") is True:
        return False
    return not (view.get("deprecated") is True and not required and not verb.keeps_deprecated)


def has_parts(view: View) -> bool:
    """Whether a value of it holds names that the agent may know under other names, or not at all."""
    inner = (view.get("items"), view.get("additionalProperties"))
    return "properties" in view or any(
        not _NAMING.isdisjoint(cast("View", each)) for each in inner if isinstance(each, dict)
    )
