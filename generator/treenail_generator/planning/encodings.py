"""How the fields of a form, and the parts of a multipart body, are written."""

import json
import re
from collections.abc import Mapping
from typing import Final, cast

from treenail_generator.document import Encoding, Media, Parameter
from treenail_generator.media_types import essence, is_media_range, without_charset
from treenail_generator.plan import BodyKind, EncodingPlan

from .faults import Faults
from .headers import is_header_name, is_json
from .media_types import is_charset_lost
from .views import View, Views

_QUERY_STYLES: Final = frozenset(
    {"form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"}
)
_FIELD: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
"""RFC 9110 5.5."""


def plan_encodings(
    media: Media, kind: BodyKind, views: Views, faults: Faults
) -> tuple[tuple[str, EncodingPlan], ...]:
    """The encodings that the document declares; OpenAPI ignores them for other bodies."""
    if kind not in {"form", "multipart"}:
        return ()
    planned = {
        name: _encoding(name, each, kind, views, faults) for name, each in media.encoding.items()
    }
    return tuple((name, each) for name, each in planned.items() if each != EncodingPlan())


def _encoding(
    name: str, encoding: Encoding, kind: BodyKind, views: Views, faults: Faults
) -> EncodingPlan:
    """OpenAPI 3.1.1 "Encoding Object": a style goes before the content type."""
    styled = (encoding.style, encoding.explode, encoding.allow_reserved) != (None, None, None)
    headers = _fixed_headers(name, encoding, views, faults) if kind == "multipart" else ()
    if not styled:
        told = _content_type(name, encoding, faults)
        if told is not None and kind == "multipart":
            told = _in_known_charset(name, told, encoding, faults)
        return EncodingPlan(content_type=told, headers=headers)
    style = encoding.style or "form"
    if style not in _QUERY_STYLES:
        faults.note(
            encoding.location,
            "unknown-style",
            f"field {name!r}: style {style!r} does not exist there; it is sent as form",
        )
        style = "form"
    return EncodingPlan(
        style=style,
        explode=encoding.explode if encoding.explode is not None else style == "form",
        reserved=encoding.allow_reserved is True,
        headers=headers,
    )


def _content_type(name: str, encoding: Encoding, faults: Faults) -> str | None:
    """The one content type that is named; of several, or of a range, the value decides."""
    told = encoding.content_type
    if told is None or "," in told or "*" in essence(told):
        return None
    if not is_media_range(told):
        faults.note(
            encoding.location,
            "no-media-type",
            f"field {name!r}: {told!r} is no media type: it is sent as what it is",
            severity="warning",
        )
        return None
    return told.strip()


def _in_known_charset(name: str, told: str, encoding: Encoding, faults: Faults) -> str:
    """The content type of a part, without a charset that the part is not written in."""
    if not is_charset_lost(told, "json" if is_json(told) else "text"):
        return told
    sent = without_charset(told)
    message = f"part {name!r}: its content is {told}: it is sent in UTF-8, as {sent}"
    faults.note(encoding.location, "charset-left-out", message)
    return sent


def unsayable_headers(media: Media, views: Views) -> Mapping[str, str]:
    """The first header field that a part has to have and no value is told of, by name of the part."""
    found: dict[str, str] = {}
    for name, encoding in media.encoding.items():
        for header, parameter in encoding.headers.items():
            if parameter.required and _only_value(parameter, views) is None:
                found.setdefault(name, header)
    return found


def _fixed_headers(
    name: str, encoding: Encoding, views: Views, faults: Faults
) -> tuple[tuple[str, str], ...]:
    """The header fields of a part whose value the document tells; the others are left out."""
    fixed: list[tuple[str, str]] = []
    for header, parameter in encoding.headers.items():
        only = _only_value(parameter, views)
        if only is not None:
            fixed.append((header, only))
        elif not parameter.required:
            faults.note(
                encoding.location,
                "part-header",
                f"part {name!r}: its header {header!r} is left out",
            )
    return tuple(fixed)


def _only_value(parameter: Parameter, views: Views) -> str | None:
    """The text of the one value, else of the default; None where no field can say it."""
    value = _told(views.of(parameter.schema))
    if not isinstance(value, str | int | float):
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    fits = _FIELD.fullmatch(text) is not None and _is_ours(parameter.name, text)
    return text if fits else None


def _told(view: View) -> object:
    if "const" in view:
        return view["const"]
    values = view.get("enum")
    if isinstance(values, list) and len(cast("list[object]", values)) == 1:
        return cast("list[object]", values)[0]
    return view.get("default")


def _is_ours(header: str, text: str) -> bool:
    """Whether a part can say it beside what is said of every part (RFC 7578 4.8, RFC 2045 6)."""
    if header.lower() == "content-transfer-encoding":
        return text.lower() in {"7bit", "8bit", "binary"}
    return is_header_name(header) and header.lower() not in {
        "content-disposition",
        "content-length",
    }
