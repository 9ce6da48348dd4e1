"""What a request's body is, as a Python expression."""

from typing import Any

from treenail_generator.plan import BodyPlan, EncodingPlan

_JSON = "application/json"
_DEFAULTS = {
    "json": ("JsonBody", _JSON),
    "form": ("FormBody", "application/x-www-form-urlencoded"),
    "multipart": ("MultipartBody", "multipart/form-data"),
    "text": ("TextBody", "text/plain"),
    "binary": ("BinaryBody", "application/octet-stream"),
}


def sent_as(plan: BodyPlan) -> str:
    """The contract's body."""
    name, usual = _DEFAULTS[plan.kind]
    given: list[str] = []
    # A form has one media type; its parameters say nothing.
    if plan.content_type != usual and plan.kind != "form":
        given.append(f"content_type={plan.content_type!r}")
    if plan.fields:
        key, maker = ("fields", _field) if plan.kind == "form" else ("parts", _part)
        told = ", ".join(f"{field!r}: {maker(each)}" for field, each in plan.fields)
        given.append(f"{key}={{{told}}}")
    if plan.required:
        given.append("required=True")
    return f"{name}({', '.join(given)})"


def _field(plan: EncodingPlan) -> str:
    if plan.style is None:
        return _call("FormField", content_type=plan.content_type)
    return _call(
        "FormField",
        style=plan.style if plan.style != "form" else None,
        explode=False if plan.explode is False else None,
        reserved=plan.reserved or None,
        arrays=plan.arrays,
    )


def _part(plan: EncodingPlan) -> str:
    return _call(
        "Part",
        content_type=plan.content_type,
        style=plan.style,
        explode=plan.explode,
        headers=plan.headers or None,
    )


def _call(name: str, **given: Any) -> str:
    told = (f"{key}={value!r}" for key, value in given.items() if value is not None)
    return f"{name}({', '.join(told)})"
