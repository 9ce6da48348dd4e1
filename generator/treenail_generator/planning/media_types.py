"""Which media type of a body is sent, and as which kind of body."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from treenail_generator.document import Media
from treenail_generator.media_types import TEXTS, essence, is_lines
from treenail_generator.plan import BodyKind

from .headers import is_json
from .views import View

_PREFERRED: Final[tuple[BodyKind, ...]] = ("json", "multipart", "form", "text", "binary")
_STRUCTURED: Final = frozenset({"object", "array", "integer", "number", "boolean"})


def body_kind(content_type: str, view: View) -> BodyKind:
    """How a body of this media type and schema is given and sent."""
    kind = essence(content_type)
    family = kind.partition("/")[0]
    if is_lines(kind):
        return "text" if view.get("type") == "string" or not view else "json"
    if is_json(kind):
        return "json"
    if family == "multipart":
        return "multipart"
    if kind == "application/x-www-form-urlencoded":
        # Where the document asks for a text, the agent writes the form itself.
        return "text" if view.get("type") == "string" else "form"
    if family == "text" or kind in TEXTS or kind.endswith(("+xml", "+yaml")):
        return "text"
    # A structured value has one known text; `*/*` and vendors' own types leave it to the reader.
    return "json" if is_structured(view) else "binary"


def without_parts(content_type: str, kind: BodyKind, view: View) -> str | None:
    """What the schema of a form asks for, where no form can be made of that; else None.

    Parts have names, apart from those of `multipart/mixed` and the like (RFC 7578 4.2, RFC 2046 5.1.3).
    """
    told = view.get("type")
    kinds = cast("list[str]", told if isinstance(told, list) else [told])
    parts = {"object"} if kind == "form" or "form-data" in content_type else {"object", "array"}
    if kind not in {"form", "multipart"} or told is None or parts & {*kinds}:
        return None
    return " or ".join(kinds)


def is_structured(view: View) -> bool:
    """Whether a schema asks for more than a text."""
    told = view.get("type")
    kinds = set(cast("list[str]", told if isinstance(told, list) else [told]))
    combined = any(key in view for key in ("properties", "oneOf", "anyOf", "allOf", "items"))
    return combined or bool(kinds & _STRUCTURED)


def sent_type(content_type: str, kind: BodyKind) -> str:
    """The media type to say; a range like `*/*` becomes one that the body certainly is.

    That of a file is its own, so that its range stays.
    """
    if kind == "binary" or "*" not in essence(content_type):
        return content_type.strip()
    names: Mapping[str, str] = {
        "json": "application/json",
        "form": "application/x-www-form-urlencoded",
        "multipart": "multipart/form-data",
        "text": "text/plain",
    }
    return names[kind]


def preferred(offered: Sequence[Media], kinds: Mapping[str, BodyKind]) -> Media:
    """The media type that is sent unless the connector file names another; JSON goes first."""
    named = [each for each in offered if essence(each.content_type) == "application/json"]
    return min(
        named or offered,
        key=lambda each: (
            _PREFERRED.index(kinds[each.content_type]),
            "*" in essence(each.content_type),
            essence(each.content_type).endswith("xml"),
        ),
    )
