"""Which values of a form or body are files."""

from typing import Any, Final, cast

from .views import View, Views

_BINARY: Final = frozenset({"binary", "file"})
_TEXTUAL: Final = ("text/", "application/json", "application/xml")


def is_file(view: View) -> bool:
    """Whether a value is the bytes of a file.

    OpenAPI 3.0 says `format: binary`; 3.1 a `contentMediaType` without `contentEncoding`. A text that
    holds bytes in base64 (`format: byte`, `contentEncoding`) is sent as that text.
    """
    told = view.get("type")
    kinds = cast("list[Any]", told if isinstance(told, list) else [told])
    if "string" not in kinds and told != "file" and told is not None:
        return False
    if told == "file" or view.get("format") in _BINARY:
        return True
    media = view.get("contentMediaType")
    encoded = "contentEncoding" in view
    return isinstance(media, str) and not encoded and not media.startswith(_TEXTUAL)


def is_file_or_files(view: View, views: Views) -> bool:
    """Whether a value is a file, or an array of files."""
    return is_file(view) or (view.get("type") == "array" and is_file(views.of(view.get("items"))))


def binary_part(view: View) -> View:
    """The schema of a body that is one file."""
    told = {"description": view["description"]} if "description" in view else {}
    return {"type": "string", "format": "binary", **told}
