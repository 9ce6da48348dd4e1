"""How the fields of a form, and the parts of a multipart body, are written."""

from typing import Final

from treenail_generator.document import Encoding, Media
from treenail_generator.media_types import essence
from treenail_generator.plan import BodyKind, EncodingPlan

from .faults import Faults

_QUERY_STYLES: Final = frozenset(
    {"form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"}
)


def plan_encodings(
    media: Media, kind: BodyKind, faults: Faults
) -> tuple[tuple[str, EncodingPlan], ...]:
    """The encodings that the document declares; OpenAPI ignores them for other bodies."""
    if kind not in {"form", "multipart"}:
        return ()
    planned = {name: _encoding(name, each, kind, faults) for name, each in media.encoding.items()}
    return tuple((name, each) for name, each in planned.items() if each != EncodingPlan())


def _encoding(name: str, encoding: Encoding, kind: BodyKind, faults: Faults) -> EncodingPlan:
    """OpenAPI 3.1.1 "Encoding Object": a style goes before the content type."""
    styled = (encoding.style, encoding.explode, encoding.allow_reserved) != (None, None, None)
    headers = _fixed_headers(name, encoding, faults) if kind == "multipart" else ()
    if not styled:
        return EncodingPlan(content_type=_content_type(encoding), headers=headers)
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


def _content_type(encoding: Encoding) -> str | None:
    """The one content type that is named; of several, or of a range, the value decides."""
    told = encoding.content_type
    if told is None or "," in told or "*" in essence(told):
        return None
    return told.strip()


def _fixed_headers(name: str, encoding: Encoding, faults: Faults) -> tuple[tuple[str, str], ...]:
    """The header fields of a part that can have only one value; the others are left out."""
    fixed: list[tuple[str, str]] = []
    for header, parameter in encoding.headers.items():
        values = parameter.schema.get("enum", [parameter.schema.get("const")])
        only = values[0] if isinstance(values, list) and len(values) == 1 else None
        if isinstance(only, str):
            fixed.append((header, only))
        else:
            faults.note(
                encoding.location,
                "part-header",
                f"part {name!r}: its header {header!r} is left out",
                severity="warning" if parameter.required else "note",
            )
    return tuple(fixed)
