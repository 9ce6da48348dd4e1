"""From the upstream's success to the tool's answer, whatever its body is.

A write that took place is told, also when its answer cannot be read: an error would invite the agent
to repeat it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pydantic_core
from pydantic import JsonValue

from .attachments import Attachment, WithFiles
from .errors import UpstreamMalformed
from .media import Media, file_name, json_of, lines_of, media_of, text_of
from .paging import Paging
from .request import Endpoint
from .selecting import SelectionError
from .types import JsonObject

if TYPE_CHECKING:
    from .context import UpstreamAnswer

_NO_CONTENT: Final = frozenset({204, 205})
_TEXTS: Final = frozenset({"text", "html", "json", "lines"})
_REDIRECTS: Final = range(300, 400)
_LONGEST_LOCATION: Final = 2000


def read(endpoint: Endpoint, answer: "UpstreamAnswer") -> JsonObject:
    """The tool's answer; for a write, also when the upstream's success cannot be read.

    Raises:
        UpstreamMalformed: A read whose answer is empty, not what was promised, not where it is
            declared, or a file that is too large to hand on.
    """
    media = media_of(answer.content_type)
    if media.kind == "json" and answer.status not in _REDIRECTS:
        # What nearly every answer is; an empty one is no JSON either.
        try:
            value = pydantic_core.from_json(answer.body, allow_inf_nan=False)
        except ValueError:
            pass
        else:
            return shaped(endpoint, answer.status, value)
    return _read_otherwise(endpoint, answer, media)


def _read_otherwise(endpoint: Endpoint, answer: "UpstreamAnswer", media: Media) -> JsonObject:
    if answer.status in _REDIRECTS:
        location = answer.headers.get("location", "")
        return {"status": answer.status, "location": location}
    if not answer.body.strip():
        may_be_empty = endpoint.may_be_empty or answer.status in _NO_CONTENT
        if endpoint.reads and not may_be_empty:
            raise malformed(f"the upstream answered {answer.status} with nothing")
        return {"ok": True, "status": answer.status, **_location(answer)}
    promised = media_of(endpoint.answer.media_type)
    if media.kind == "unknown" and not (promised.kind == "json" and media.essence):
        media = promised
    if "json" in (media.kind, promised.kind) or media.kind == "lines":
        try:
            value = lines_of(answer.body) if media.kind == "lines" else json_of(answer.body, media)
        except ValueError:
            return _no_json(endpoint, answer, media, promised)
        return shaped(endpoint, answer.status, value)
    return _handed_on(endpoint, answer, media)


def shaped(endpoint: Endpoint, status: int, value: JsonValue) -> JsonObject:
    """The declared answer made of the upstream's parsed `value`.

    Raises:
        UpstreamMalformed: A read whose payload is not where it is declared.
    """
    lost = endpoint.answer.lost(value) if endpoint.reads else 0
    if lost:
        raise malformed(
            f"the upstream tells of {lost} items, but not where its document says they are"
        )
    try:
        return endpoint.answer.of(value)
    except SelectionError as error:
        if endpoint.reads:
            raise malformed(
                f"the upstream answered something else than its document says: {error}"
            ) from None
        return {"ok": True, "status": status, "note": "the answer could not be read"}


def read_page(
    endpoint: Endpoint, paging: Paging, query: Mapping[str, object], answer: "UpstreamAnswer"
) -> tuple[JsonObject, JsonValue]:
    """The tool's answer for one page of a list, and the value that asks for the page behind it.

    Raises:
        UpstreamMalformed: As `read`.
    """
    told = read(endpoint, answer)
    try:
        value = json_of(answer.body, media_of(answer.content_type))
    except ValueError:
        return told, None
    is_unlisted = endpoint.reads and endpoint.answer.is_unlisted(value)
    if is_unlisted and paging.tells_of_items(query, value):
        raise malformed("the upstream tells of items, but not where its document says they are")
    items, cut = told.get(endpoint.answer.name or "value"), told.get("truncated")
    count = len(items) if isinstance(items, list) else 0
    whole = cut.get("of") if isinstance(cut, dict) else None
    count = whole if isinstance(whole, int) else count
    return told, paging.following(query, value, count, answer.headers.get("link", ""))


def _location(answer: "UpstreamAnswer") -> JsonObject:
    """Where the thing is that a write made, or will be (RFC 9110 10.2.2); nothing when not told.

    Of a URL that is not `https`, which names a host inside the upstream at times, path and query.
    """
    told = answer.headers.get("location", "").strip()
    try:
        parts = urlsplit(told)
    except ValueError:
        return {}
    if parts.scheme != "https":
        told = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return {"location": told} if 0 < len(told) <= _LONGEST_LOCATION else {}


def malformed(message: str) -> UpstreamMalformed:
    """The error for an answer that cannot be used."""
    return UpstreamMalformed(
        message, advice="Try again; if it stays, the upstream or its connector is at fault."
    )


def _no_json(
    endpoint: Endpoint, answer: "UpstreamAnswer", media: Media, promised: Media
) -> JsonObject:
    """What becomes of a body that should have been JSON.

    Plain text and files pass; an HTML page in place of data is an error page, or a login page.
    Nothing passes where only a part of the answer may.
    """
    is_json = media.kind in ("json", "lines") and promised.kind in ("json", "lines")
    is_page = media.kind == "html" and promised.kind == "json"
    if not (is_json or is_page or endpoint.answer.is_partial):
        return _handed_on(endpoint, answer, media)
    if endpoint.reads:
        told = f" ({media.essence})" if is_page else ""
        raise malformed(
            f"the upstream answered {answer.status} with something that is not JSON{told}"
        )
    return {"ok": True, "status": answer.status, "note": "the answer could not be read"}


def _handed_on(endpoint: Endpoint, answer: "UpstreamAnswer", media: Media) -> JsonObject:
    """Text as text; anything else, and what cannot be read as text, as a file."""
    text = text_of(answer.body, media) if media.kind in _TEXTS else None
    if text is not None:
        return {"text": text}
    return _file(endpoint, answer, media)


def _file(endpoint: Endpoint, answer: "UpstreamAnswer", media: Media) -> JsonObject:
    media_type = media.essence if "*" not in media.essence else ""
    media_type = media_type or "application/octet-stream"
    most = endpoint.answer.max_file_bytes
    size = max(len(answer.body), answer.size or 0)
    if size > most or answer.is_cut:
        told = f"{size} bytes or more" if answer.size is None and answer.is_cut else f"{size} bytes"
        note = f"a file of type {media_type}, {told}, was not handed on: {most} bytes may be"
        if endpoint.reads:
            raise UpstreamMalformed(
                f"the upstream answered with {note}",
                advice="Ask for a smaller file; its operator may raise response.max_file_bytes.",
            )
        return {"ok": True, "status": answer.status, "note": note}
    name = file_name(answer.headers.get("content-disposition", ""))
    file: JsonObject = {"media_type": media_type, "bytes": size}
    if name:
        file = {"name": name, **file}
    return WithFiles({"file": file}, [Attachment(answer.body, media_type, name)])
