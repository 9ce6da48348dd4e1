"""What a request's body may be, by media type (OpenAPI 3.1.1 and 3.2, "Media Type Object")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from .wire import FormField, Style

_NO_FIELDS: Final[Mapping[str, FormField]] = {}
_NO_PARTS: Final[Mapping[str, "Part"]] = {}


@dataclass(frozen=True, slots=True)
class JsonBody:
    """JSON of any root type; fields that were left out are left out, null is sent.

    Attributes:
        content_type: `application/json` or any other type whose text is JSON.
        required: An object without any field is sent as `{}`; otherwise nothing is sent for it.
    """

    content_type: str = "application/json"
    required: bool = False


@dataclass(frozen=True, slots=True)
class FormBody:
    """`application/x-www-form-urlencoded`, made from an object.

    Attributes:
        fields: By upstream name. A field that is not here is written by what it is: text as it
            is, an object as JSON text, an array as one pair per item.
        required: An empty text is sent when no field was given.
    """

    fields: Mapping[str, FormField] = field(default_factory=lambda: _NO_FIELDS)
    required: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """How one property becomes a part, or several (OpenAPI "Encoding Object").

    Attributes:
        content_type: A type, or a list of types and ranges among which the file's own must be. None
            for what the value is: text is `text/plain`, an object `application/json`, a file what it
            says itself or `application/octet-stream`. For an array, of each item.
        style: `form`, of which nothing is percent-encoded then; goes before `content_type`.
        explode: With `style`; None for the default of the style.
        headers: Further header fields of the part, name and value.
    """

    content_type: str | None = None
    style: Style | None = None
    explode: bool | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """`multipart/...` (RFC 2046 5.1, RFC 7578), made from an object; a part per property.

    An array makes parts without names, in its order, where the type is not `multipart/form-data`.

    Attributes:
        content_type: Without the boundary, which is made for each request.
        parts: By upstream name; a property that is not here is written as `Part()` says. Items of
            an array by index, "*" for the others.
        required: A body without parts is refused; otherwise nothing is sent for it.
    """

    content_type: str = "multipart/form-data"
    parts: Mapping[str, Part] = field(default_factory=lambda: _NO_PARTS)
    required: bool = False


@dataclass(frozen=True, slots=True)
class TextBody:
    """Text as it was given, in UTF-8; XML too."""

    content_type: str = "text/plain"
    required: bool = False


@dataclass(frozen=True, slots=True)
class BinaryBody:
    """The bytes of a `File`."""

    content_type: str = "application/octet-stream"
    required: bool = False


Body: TypeAlias = JsonBody | FormBody | MultipartBody | TextBody | BinaryBody


@dataclass(frozen=True, slots=True)
class Content:
    """A body as it is sent: its bytes, and its media type with all parameters."""

    body: bytes
    content_type: str
