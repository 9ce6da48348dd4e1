"""`multipart/...` bodies (RFC 2046 5.1, RFC 2387, RFC 7578)."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import MISSING

from .bodies import Content, MultipartBody, Part
from .errors import InvalidArguments
from .files import File
from .media_types import OCTETS, charset_of, concrete_type, essence, first_type, is_json
from .wire import header_text, json_bytes
from .wire.styles import Styled
from .wire.texts import given_items, members, plain, refuse_empty, text_of

_DEFAULT: Final = Part()
_REST: Final = "*"
_ESCAPED: Final = {'"': "%22", "\r": "%0D", "\n": "%0A"}
"""HTML, "Multipart form data": what a quoted name cannot hold."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One part, before it is written."""

    name: str | None
    content: bytes
    content_type: str | None
    filename: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def multipart(body: MultipartBody, value: object) -> Content:
    """An object as parts of its names, an array as parts in its order.

    Raises:
        InvalidArguments: When a value has no defined form.
    """
    pieces = list(_pieces(body, members(value)))
    refuse_empty(pieces, "body")
    parts = [_written(piece) for piece in pieces]
    boundary = _boundary(parts)
    lines = [b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts]
    text = b"".join((*lines, b"--", boundary, b"--\r\n"))
    content_type = f"{body.content_type}; boundary={boundary.decode()}"
    if essence(body.content_type) == "multipart/related" and "type=" not in body.content_type:
        # RFC 2387 3.1: the type of the root, which is the first part.
        content_type += f'; type="{essence(pieces[0].content_type or "text/plain")}"'
    return Content(text, content_type)


def _pieces(body: MultipartBody, value: Any) -> Iterator[_Piece]:
    is_form = essence(body.content_type) == "multipart/form-data"
    if isinstance(value, Mapping):
        for name, item in given_items(cast("Mapping[str, object]", value)):
            part = body.parts.get(name, _DEFAULT)
            if isinstance(item, Styled):
                yield from _whole_json(name, item, part)
            elif (part.style, part.explode) != (None, None) and not _has_file(item):
                yield from _styled(name, plain(item), part)
            else:
                yield from _by_content(name, item, part, is_form=is_form)
    elif isinstance(value, list | tuple) and not is_form:
        for index, item in enumerate(cast("list[object]", value)):
            part = body.parts.get(str(index), body.parts.get(_REST, _DEFAULT))
            yield _piece(None, item, part, is_form=False)
    else:
        raise InvalidArguments(["body: parts can only be made of an object"])


def _has_file(value: object) -> bool:
    """Whether it is a file or holds one, which no style can write."""
    content = plain(value)
    if isinstance(content, list | tuple):
        return any(isinstance(plain(each), File) for each in cast("list[object]", content))
    return isinstance(content, File)


def _whole_json(name: str, styled: Styled, part: Part) -> Iterator[_Piece]:
    if styled.style != "json":
        raise InvalidArguments([f"{name}: style {styled.style} has no form in parts"])
    if styled.value is not MISSING:
        kind = part.content_type or "application/json"
        yield _Piece(name, json_bytes(styled.value), kind, None, part.headers)


def _by_content(name: str, value: object, part: Part, *, is_form: bool) -> Iterator[_Piece]:
    content = plain(value)
    if isinstance(content, list | tuple):
        refuse_empty(cast("list[object]", content), name)
        for item in cast("list[object]", content):
            # RFC 7578 4.3: several values of one name are several parts.
            yield _piece(name, item, part, is_form=is_form)
    else:
        yield _piece(name, content, part, is_form=is_form)


def _piece(name: str | None, value: object, part: Part, *, is_form: bool) -> _Piece:
    place = name if name is not None else "body"
    content = plain(value)
    declared = part.content_type
    if isinstance(content, File):
        kind = concrete_type(declared or "*/*", content.type, place)
        filename = (content.name or "file") if name is not None else content.name
        return _Piece(name, content.data, kind, filename, part.headers)
    kind = first_type(declared) if declared is not None else None
    if declared is not None and kind is None:
        kind = OCTETS if "*/*" in declared or "application/*" in declared else "text/plain"
    compound = isinstance(content, Mapping | list | tuple)
    if (kind is None and compound) or (kind is not None and is_json(kind)):
        text = json_bytes(cast("object", content))
        return _Piece(name, text, kind or "application/json", None, part.headers)
    text = text_of(content, place)
    if kind is None and (not is_form or part.headers):
        kind = "text/plain; charset=utf-8"
    return _Piece(name, _in_charset(text, kind, place), kind, None, part.headers)


def _in_charset(text: str, kind: str | None, name: str) -> bytes:
    """`text` as the charset of its part says; UTF-8 where it says none that is known."""
    charset = (charset_of(kind) if kind is not None else None) or "utf-8"
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        raise InvalidArguments([f"{name}: holds text that {charset} cannot carry"]) from None


def _styled(name: str, value: Any, part: Part) -> Iterator[_Piece]:
    """As a query parameter of that style, each pair a part (OpenAPI 3.2.1 Appendix C)."""
    if part.style not in {None, "form"}:
        raise InvalidArguments([f"{name}: style {part.style} has no form in parts"])
    if isinstance(value, Mapping):
        items = given_items(cast("Mapping[str, object]", value))
        texts = [(key, text_of(item, name)) for key, item in items]
    elif isinstance(value, list | tuple):
        texts = [(name, text_of(item, name)) for item in cast("list[object]", value)]
    else:
        texts = [(name, text_of(value, name))]
    refuse_empty(texts, name)
    if part.explode is False:
        named = isinstance(value, Mapping)
        flat = [each for pair in texts for each in (pair if named else pair[1:])]
        several = named or isinstance(value, list | tuple)
        texts = [(name, _comma_separated(flat, name) if several else flat[0])]
    for key, text in texts:
        yield _Piece(key, _utf8(text, name), None, None, part.headers)


def _comma_separated(texts: list[str], name: str) -> str:
    if any("," in text for text in texts):
        # Nothing is percent-encoded here, so nothing would tell it from a delimiter.
        raise InvalidArguments([f"{name}: an item must not hold ','"])
    return ",".join(texts)


def _utf8(text: str, name: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidArguments([f"{name}: half a surrogate pair is no text"]) from None


def _written(piece: _Piece) -> bytes:
    lines: list[str] = []
    if piece.name is not None:
        line = f'Content-Disposition: form-data; name="{_escaped(piece.name)}"'
        if piece.filename is not None:
            line += f'; filename="{_escaped(piece.filename)}"'
        lines.append(line)
    elif piece.filename is not None:
        lines.append(f'Content-Disposition: attachment; filename="{_escaped(piece.filename)}"')
    if piece.content_type is not None:
        lines.append(f"Content-Type: {piece.content_type}")
    lines.extend(f"{name}: {header_text(name, value)}" for name, value in piece.headers)
    head = "".join(f"{line}\r\n" for line in lines)
    return _utf8(head, piece.name or "body") + b"\r\n" + piece.content


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in text)


def _boundary(parts: list[bytes]) -> bytes:
    """A text that is in none of them; made from them, so that the same call is the same request."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    while True:
        boundary = digest.hexdigest()[:40].encode()
        if not any(boundary in part for part in parts):
            return boundary
        digest.update(boundary)
