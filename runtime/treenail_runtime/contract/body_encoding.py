"""From an endpoint's body and the values of a call to the bytes that are sent."""

from collections.abc import Mapping
from typing import cast

from pydantic import MISSING, BaseModel

from .bodies import BinaryBody, Body, Content, JsonBody, TextBody
from .errors import InvalidArguments
from .files import File
from .wire import json_bytes


def encoded(body: Body, value: object) -> Content | None:
    """The body that carries `value`; None when there is nothing to send.

    Raises:
        InvalidArguments: When the media type cannot carry it faithfully.
    """
    if value is MISSING:
        return None
    match body:
        case JsonBody():
            return _json(body, value)
        case TextBody():
            return Content(_text(value), body.content_type)
        case BinaryBody():
            return Content(_bytes(value), body.content_type)
        case _:
            raise InvalidArguments([f"body: {type(value).__name__} cannot be sent as a form"])


def _json(body: JsonBody, value: object) -> Content | None:
    if isinstance(value, Mapping) and not isinstance(value, BaseModel):
        fields = cast("Mapping[str, object]", value)
        given = {name: item for name, item in fields.items() if item is not MISSING}
        if fields and not given and not body.required:
            return None
        value = given
    return Content(json_bytes(value), body.content_type)


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise InvalidArguments([f"body: {type(value).__name__} cannot be sent as text"])
    return value.encode()


def _bytes(value: object) -> bytes:
    if not isinstance(value, File):
        raise InvalidArguments([f"body: {type(value).__name__} is no file"])
    return value.data
