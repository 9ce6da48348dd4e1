"""Single values as text."""

from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import quote

import pydantic_core
from pydantic import MISSING, BaseModel

from treenail_runtime.contract.errors import InvalidArguments

_EXACT_INTEGERS: Final = 2.0**53


def text_of(value: object, name: str) -> str:
    """The text of one primitive value.

    Raises:
        InvalidArguments: For null, objects and arrays, which have no text of their own.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return (
                str(int(value))
                if value.is_integer() and abs(value) < _EXACT_INTEGERS
                else repr(value)
            )
        case _:
            raise InvalidArguments([f"{name}: {_kind(value)} cannot be sent as a parameter"])


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case Mapping() | BaseModel():
            return "an object inside another value"
        case list() | tuple():
            return "an array inside another value"
        case _:
            return type(value).__name__


def quoted(text: str, name: str, safe: str = "") -> str:
    """`text` percent-encoded as UTF-8, apart from unreserved characters (RFC 3986 2.3) and `safe`.

    Raises:
        InvalidArguments: For half a surrogate pair, which UTF-8 cannot carry.
    """
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise InvalidArguments([f"{name}: half a surrogate pair is no text"]) from None


def json_bytes(value: object, *, ascii_only: bool = False) -> bytes:
    """JSON text, by the upstream's names; `MISSING` members are left out.

    Raises:
        InvalidArguments: For half a surrogate pair, which UTF-8 cannot carry.
    """
    try:
        return pydantic_core.to_json(value, by_alias=True, ensure_ascii=ascii_only)
    except pydantic_core.PydanticSerializationError:
        pass
    try:
        # Rare, and so not looked for before: fields of an object inside were left out.
        return pydantic_core.to_json(_given(value), by_alias=True, ensure_ascii=ascii_only)
    except pydantic_core.PydanticSerializationError:
        raise InvalidArguments(["an argument holds text that is no Unicode"]) from None


def json_of(value: object, *, ascii_only: bool = False) -> str:
    """The same as text."""
    return json_bytes(value, ascii_only=ascii_only).decode()


def _given(value: object) -> object:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value).items()
        return {name: _given(item) for name, item in members if item is not MISSING}
    if isinstance(value, list | tuple):
        return [_given(item) for item in cast("list[object]", value)]
    return value


def plain(value: object) -> Any:
    """A pydantic model as the mapping the upstream knows; anything else as it is."""
    if isinstance(value, BaseModel):
        return pydantic_core.to_jsonable_python(value, by_alias=True)
    return value


def members(value: object) -> Any:
    """The same, one level deep: what is inside stays what it is, such as a file."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        named = {
            _said(field.serialization_alias, name): getattr(value, name)
            for name, field in fields.items()
        }
        constants = {
            _said(field.alias, name): getattr(value, name)
            for name, field in type(value).model_computed_fields.items()
        }
        return {**named, **constants, **(value.model_extra or {})}
    return value


def _said(alias: str | None, name: str) -> str:
    """The upstream's name of a field, which may be empty."""
    return name if alias is None else alias


def given_items(value: Mapping[str, object]) -> list[tuple[str, object]]:
    """The members of an object that were not left out."""
    return [(key, item) for key, item in value.items() if item is not MISSING]


def refuse_empty(items: object, name: str) -> None:
    """Refuse an array or object of which nothing would be sent.

    Raises:
        InvalidArguments: `items` is empty.
    """
    if not items:
        raise InvalidArguments([f"{name}: nothing would be sent of an empty value; leave it out"])
