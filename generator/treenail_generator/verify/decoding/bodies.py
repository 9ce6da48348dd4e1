"""Bodies to readings: JSON, forms, multipart, text and bytes, by the media type that was sent."""

import json
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, cast

from treenail_generator.document import Encoding, Media, Schema

from .media import FORM, charset_of, essence, fitting, is_json, is_lines
from .pairs import Pairs
from .readings import DecodingError, Known, Octets, Reading, Several, Word, one_of
from .schemas import PRIMITIVES, TEXT, Schemas
from .styles import DELIMITERS, Styles


class Bodies:
    """Reads bodies of operations of one document."""

    def __init__(self, schemas: Schemas) -> None:
        """`schemas` tell what each text may stand for."""
        self._schemas = schemas
        self._pairs = Pairs(schemas)
        self._styles = Styles(schemas)

    def read(self, declared: tuple[Media, ...], content_type: str, data: bytes) -> Reading:
        """The value of a body that says `content_type`.

        Raises:
            DecodingError: No such media type is declared, or the body is none of it.
        """
        chosen = fitting(content_type, [media.content_type for media in declared])
        if chosen is None:
            raise DecodingError(f"the operation takes no {content_type}")
        media = next(each for each in declared if each.content_type == chosen)
        kind = essence(content_type)
        if kind == FORM and self._schemas.kinds(media.schema) != TEXT:
            return self._pairs.form(media.schema, _text(data), media.encoding)
        if kind.startswith("multipart/"):
            return self._multipart(media, content_type, data)
        is_told = media.item_schema or "string" not in self._schemas.kinds(media.schema)
        if is_lines(content_type) and is_told:
            # RFC 7464 2.1: each text behind a record separator; without one, a text is a line.
            return [_json(line) for line in data.replace(b"\x1e", b"").split(b"\n") if line]
        if is_json(content_type):
            return _json(data)
        words = _words(data, charset_of(content_type) or "utf-8")
        return Several((*words, Octets(data, media=kind), *self._structured(media, data)))

    def _structured(self, media: Media, data: bytes) -> list[Known]:
        """JSON, where the schema allows a value that no other text is known for."""
        if self._schemas.kinds(media.schema) == TEXT:
            return []
        try:
            found = _json(data)
        except DecodingError:
            return []
        return [] if isinstance(found.value, str) else [found]

    def _multipart(self, media: Media, content_type: str, data: bytes) -> Reading:
        parts: dict[str, list[Reading]] = {}
        found = [(_name(part), part) for part in _parts(content_type, data)]
        if "form-data" not in essence(content_type) and all(name is None for name, _ in found):
            return [self._unnamed(media, index, part) for index, (_, part) in enumerate(found)]
        for name, part in found:
            if name is None:
                raise DecodingError("a part has no name")
            schema = self._schemas.property(media.schema, name)
            encoding = media.encoding.get(name)
            parts.setdefault(name, []).append(self._part(schema, encoding, part, name))
        return {
            name: self._property(self._schemas.property(media.schema, name), readings)
            for name, readings in parts.items()
        }

    def _unnamed(self, media: Media, index: int, part: "Message[Any, Any]") -> Reading:
        """A part that is known by its place alone (RFC 2046 5.1.3); only form-data has names."""
        schema = media.item_schema or self._schemas.item(media.schema, index)
        encoding = media.encoding.get(str(index), media.encoding.get("*"))
        return self._part(schema, encoding, part, str(index))

    def _property(self, schema: Schema, parts: list[Reading]) -> Reading:
        """One part is the value, or the only item of an array (OpenAPI 3.1.1, 4.8.14.5)."""
        if len(parts) > 1:
            return parts
        if "array" in self._schemas.kinds(schema):
            return Several((parts[0], [parts[0]]))
        return parts[0]

    def _part(
        self, schema: Schema, encoding: Encoding | None, part: "Message[Any, Any]", name: str
    ) -> Reading:
        data = cast("bytes | None", part.get_payload(decode=True)) or b""
        said = part.get("content-type")
        kind = essence(str(said)) if said is not None else "text/plain"
        if encoding is not None and encoding.style is not None and part.get_filename() is None:
            return self._styled(schema, encoding, data, name)
        if encoding is not None and encoding.content_type is not None:
            ranges = [each.strip() for each in encoding.content_type.split(",")]
            if fitting(kind, ranges) is None:
                raise DecodingError(f"part {name} is {kind}, not {encoding.content_type}")
        if is_json(kind):
            return _json(data)
        # `get_filename` would strip the name's outer spaces.
        named = part.get_param("filename", header="content-disposition")
        file = Octets(data, name=_raw(named), media=kind)
        if file.name is not None:
            return file
        charset = charset_of(str(said)) if said is not None else None
        return Several((*self._texts(schema, data, charset or "utf-8"), file))

    def _texts(self, schema: Schema, data: bytes, charset: str = "utf-8") -> list[Reading]:
        """A part as a text, or as the text of an item where the property is an array."""
        readings: list[Reading] = []
        for word in _words(data, charset):
            for owner in (schema, self._schemas.item(schema, 0)):
                kinds = self._schemas.kinds(owner) & PRIMITIVES
                if kinds:
                    readings.append(Word(word.text, kinds))
        return readings

    def _styled(self, schema: Schema, encoding: Encoding, data: bytes, name: str) -> Reading:
        """A part whose text is written in a style, without percent-encoding (RFC 7578)."""
        text, style = _text(data), encoding.style or "form"
        explode = style == "form" if encoding.explode is None else encoding.explode
        if style not in DELIMITERS:
            raise DecodingError(f"part {name}: style {style} has no form in a part")
        readings = [*self._texts(schema, data)]
        if not explode:
            readings.append(self._styles.delimited(schema, [text], style, str))
        return one_of(readings, name)


def _parts(content_type: str, data: bytes) -> "list[Message[Any, Any]]":
    """The parts of a multipart body (RFC 2046 5.1), by the standard library's reader of mails."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    whole = BytesParser(policy=HTTP).parsebytes(head + data)
    if not whole.is_multipart() or whole.defects:
        raise DecodingError(f"the body is no {content_type}: {whole.defects}")
    return cast("list[Message[Any, Any]]", whole.get_payload())


def _name(part: "Message[Any, Any]") -> str | None:
    """The field that a part is; an empty name is one, too."""
    return _raw(part.get_param("name", header="content-disposition"))


def _raw(text: object) -> str | None:
    """A header parameter as UTF-8 (RFC 7578 5.1), with the escapes that browsers use."""
    if text is None:
        return None
    plain = str(text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    for escape, character in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        plain = plain.replace(escape, character)
    return plain


def _json(data: bytes) -> Known:
    try:
        return Known(json.loads(data))
    except ValueError as error:
        raise DecodingError(f"the body is no JSON: {error}") from None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise DecodingError("the body is no UTF-8") from None


def _words(data: bytes, charset: str = "utf-8") -> list[Word]:
    """The body as text; nothing when it is none."""
    try:
        return [Word(data.decode(charset), TEXT)]
    except (UnicodeError, LookupError):
        return []
