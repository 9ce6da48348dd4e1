"""From an endpoint's body and the values of a call to the bytes that are sent."""

import re
from typing import Final, assert_never, cast

from pydantic import MISSING

from .bodies import BinaryBody, Body, Content, FormBody, JsonBody, MultipartBody, TextBody
from .errors import InvalidArguments
from .files import File
from .media_types import charset_of, concrete_type, essence, is_lines
from .multipart import multipart
from .wire import form_text, json_bytes
from .wire.texts import given_items, text_of

LARGEST_BODY: Final = 50_000_000
"""Bytes of a request's body."""

_XML_ENCODING: Final = re.compile(r"""<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def encoded(body: Body, value: object) -> Content | None:
    """The body that carries `value`; None when there is nothing to send.

    Raises:
        InvalidArguments: When the media type cannot carry it faithfully.
    """
    if value is MISSING:
        return None
    if not body.required and _is_empty(value):
        return None
    content = _content(body, value)
    if len(content.body) > LARGEST_BODY:
        raise InvalidArguments([f"body: larger than {LARGEST_BODY} bytes"])
    return content


def _is_empty(value: object) -> bool:
    """Whether every field was left out; an object that the agent gave as `{}` is sent."""
    if not isinstance(value, dict):
        return False
    fields = cast("dict[str, object]", value)
    return bool(fields) and all(item is MISSING for item in fields.values())


def _content(body: Body, value: object) -> Content:
    match body:
        case JsonBody():
            return Content(_json(body.content_type, value), body.content_type)
        case FormBody():
            text = form_text(value, body.fields)
            return Content(text.encode(), "application/x-www-form-urlencoded")
        case MultipartBody():
            return multipart(body, value)
        case TextBody():
            return _text(body.content_type, value)
        case BinaryBody():
            return _binary(body.content_type, value)
        case _:
            assert_never(body)


def _json(content_type: str, value: object) -> bytes:
    if isinstance(value, dict):
        return json_bytes(dict(given_items(cast("dict[str, object]", value))))
    kind = essence(content_type)
    if is_lines(kind) and not kind.endswith("json-seq"):
        return b"".join(json_bytes(item) + b"\n" for item in _sequence(value, kind))
    if is_lines(kind):
        # RFC 7464 2.2.
        return b"".join(b"\x1e" + json_bytes(item) + b"\n" for item in _sequence(value, kind))
    return json_bytes(value)


def _sequence(value: object, kind: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise InvalidArguments([f"body: {kind} is made of an array"])
    return list(cast("list[object]", value))


def _text(content_type: str, value: object) -> Content:
    text = text_of(value, "body")
    charset = charset_of(content_type)
    if essence(content_type).endswith("xml"):
        declared = _XML_ENCODING.match(text)
        if declared is not None and declared[1].lower() != (charset or "utf-8"):
            raise InvalidArguments([f"body: declares {declared[1]}, but is sent in utf-8"])
    elif charset is None and not text.isascii():
        # RFC 2046 4.1.2: text without a charset is US-ASCII.
        content_type += "; charset=utf-8"
    try:
        return Content(text.encode(charset or "utf-8"), content_type)
    except UnicodeEncodeError:
        problem = f"body: holds text that {charset or 'utf-8'} cannot carry"
        raise InvalidArguments([problem]) from None


def _binary(content_type: str, value: object) -> Content:
    if not isinstance(value, File):
        raise InvalidArguments(["body: is no file"])
    return Content(value.data, concrete_type(content_type, value.type, "body"))
