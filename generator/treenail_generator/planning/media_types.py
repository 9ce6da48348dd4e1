"""Which media type of a body is sent, and as which kind of body."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from treenail_generator.document import Body, Media
from treenail_generator.media_types import (
    TEXTS,
    charset_of,
    essence,
    is_binary,
    is_lines,
    is_media_range,
    without_charset,
)
from treenail_generator.plan import BodyKind

from .faults import Faults
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
    return "json" if is_structured(view) and not is_binary(kind) else "binary"


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
        lost = is_charset_lost(content_type, kind)
        return without_charset(content_type) if lost else content_type.strip()
    names: Mapping[str, str] = {
        "json": "application/json",
        "form": "application/x-www-form-urlencoded",
        "multipart": "multipart/form-data",
        "text": "text/plain",
    }
    return names[kind]


def is_charset_lost(content_type: str, kind: BodyKind) -> bool:
    """Whether the body is not sent in the charset that its type names.

    JSON (RFC 8259 8.1) and the bytes behind a percent sign (WHATWG URL 5.2) are UTF-8.
    """
    charset = charset_of(content_type)
    if kind == "text":
        return charset == ""
    return kind in {"json", "form"} and charset not in {None, "utf-8"}


def tell_type(media: Media, kind: BodyKind, view: View, faults: Faults) -> None:
    """Tell where a body is sent as something else than its media type lets expect."""
    told = media.content_type
    if is_charset_lost(told, kind):
        sent = sent_type(told, kind)
        message = f"its body is {told}: it is sent in UTF-8, as {sent}"
        faults.note(media.location, "charset-left-out", message)
    if kind == "binary" and is_structured(view):
        faults.note(
            media.location,
            "body-as-file",
            f"its body is {told}: the agent gives its bytes, and its schema is not checked",
            severity="warning",
        )
    if kind == "json" and not (is_json(told) or is_lines(told) or "*" in essence(told)):
        faults.note(
            media.location,
            "body-as-json",
            f"its body is {told}, of which nothing is known: a JSON text is sent under that type",
            hint="choose another: body: {media: ...}, or correct the type by an overlay",
            severity="warning",
        )


def sendable(body: Body, faults: Faults) -> tuple[Media, ...]:
    """The media of a body that a request can name; what is none is told, and refused if needed."""
    known = tuple(each for each in body.media if is_media_range(each.content_type))
    for odd in body.media:
        if odd in known:
            continue
        message = f"{odd.content_type!r} is no media type"
        hint = "correct it by an overlay"
        if known or not body.required:
            message = f"{message}: the body is not sent as that"
            faults.note(odd.location, "no-media-type", message, hint=hint, severity="warning")
        else:
            faults.add(odd.location, "no-media-type", message, hint=hint)
    return known


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
