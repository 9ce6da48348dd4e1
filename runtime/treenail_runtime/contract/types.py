"""The types of tool arguments: validity lives in the type, and nothing is coerced.

`Input` refuses unknown names and accepts JSON types only: "5" is no integer, true is no number.
A field that may be left out is `T | MISSING`; null is accepted only where the upstream accepts it.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeAlias, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
)
from pydantic_core import PydanticCustomError, core_schema

JsonObject: TypeAlias = dict[str, JsonValue]
_NESTED: Final = (dict, list)


def _exact_float(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and not _is_float(value):
        raise PydanticCustomError("float", "has more digits than a number can carry")
    return value


def _is_float(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _with_exact_floats(node: Any) -> Any:
    """A core schema in which a whole number becomes a float only where that changes nothing.

    `node` itself where it holds no float: there is one of these for each argument of each tool.
    """
    if isinstance(node, list):
        return [_with_exact_floats(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    schema = cast("dict[str, Any]", node)
    if "function" in schema and _is_exact_float(schema):
        # A model inside another one has done it already.
        return schema
    kind = schema.get("type")
    if kind == "float":
        checked = core_schema.no_info_before_validator_function
        return checked(_exact_float, cast("core_schema.CoreSchema", schema))
    changed: dict[str, Any] = {}
    for key, value in schema.items():
        # A field may be called `metadata`: only a schema, which names its type, has pydantic's own.
        if isinstance(value, (dict, list)) and not (key == "metadata" and isinstance(kind, str)):
            inner = _with_exact_floats(value)
            if inner is not value:
                changed[key] = inner
    return {**schema, **changed} if changed else schema


def _holds_float(schema: object) -> bool:
    """Whether a core schema speaks of a float anywhere."""
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        inside: list[Any] = []
        if isinstance(node, dict):
            mapping = cast("dict[str, Any]", node)
            if mapping.get("type") == "float":
                return True
            inside = [each for each in mapping.values() if isinstance(each, _NESTED)]
        elif isinstance(node, list):
            inside = cast("list[Any]", node)
        waiting += inside
    return False


def _is_exact_float(node: dict[str, Any]) -> bool:
    """Whether `node` is what `_with_exact_floats` makes of a float."""
    called = node.get("function")
    if not isinstance(called, dict):
        return False
    return cast("dict[str, Any]", called).get("function") is _exact_float


class Input(BaseModel):
    """Base of every argument model: closed, strict, immutable."""

    # A module of a thousand tools is imported without their validators; the first call makes its own.
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
        # A field may be called like what pydantic means to call its own methods.
        protected_namespaces=(),
    )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        schema = handler(source)
        if cls.__pydantic_complete__ or not _holds_float(schema):
            # Complete, it is what was made here before.
            return schema
        return cast("core_schema.CoreSchema", _with_exact_floats(schema))


class ClosedInput(Input):
    """An object that the document closes itself, and whose schema says so.

    Every other one refuses unknown fields, too, and tells the known ones when that happens.
    """


class Check:
    """A function that takes a value and gives back what is kept, or raises what is wrong with it.

    Like `BeforeValidator` and `AfterValidator`, which read the function's signature for each use.
    """

    def __init__(self, function: Callable[[Any], object], *, before: bool = False) -> None:
        """`before`: it sees the value as it came, before its type is checked."""
        self.function = function
        self._before = before

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        inner = handler(source)
        if self._before:
            return core_schema.no_info_before_validator_function(self.function, inner)
        return core_schema.no_info_after_validator_function(self.function, inner)


def _whole(value: object) -> object:
    # JSON Schema 2020-12, validation 6.1.1: any number without a fraction is an integer.
    if isinstance(value, bool):
        # `Literal` would take true for 1.
        raise PydanticCustomError("whole", "should be an integer, not a boolean")
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE: Final = Check(_whole, before=True)
"""Lets `3.0` be the integer 3, as JSON Schema says; put it last in `Annotated[int, ...]`."""


def _date(value: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("date", "should be a date like 2026-11-20")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "is not a day of the calendar") from None
    return value


_DATE_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]+)?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


def _date_time(value: str) -> str:
    found = _DATE_TIME.fullmatch(value)
    if found is None:
        raise PydanticCustomError(
            "date_time", "should be a time with zone like 2026-11-20T09:30:00Z"
        )
    # RFC 3339 5.7 admits a leap second, Python does not.
    seconds = "59" if found[3] == "60" else found[3]
    try:
        datetime.fromisoformat(f"{found[1]}T{found[2]}:{seconds}")
    except ValueError:
        raise PydanticCustomError("date_time", "is not a moment of the calendar") from None
    return value


Date: TypeAlias = Annotated[str, Check(_date), Field(json_schema_extra={"format": "date"})]
"""RFC 3339 full-date, kept as the text that was given."""

DateTime: TypeAlias = Annotated[
    str, Check(_date_time), Field(json_schema_extra={"format": "date-time"})
]
"""RFC 3339 date-time with a zone, kept as the text that was given."""


_OPAQUE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def _opaque(value: str) -> str:
    # fullmatch: `$` would accept a trailing newline.
    if not _OPAQUE.fullmatch(value):
        raise PydanticCustomError("id", "only letters, digits, '-' and '_' (at most 128)")
    return value


OpaqueId: TypeAlias = Annotated[
    str, Check(_opaque), Field(json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})
]
"""An upstream identifier that is safe inside a URL path."""
