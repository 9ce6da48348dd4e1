"""Names and texts of a query, a form or a cookie, shared out among the parameters.

Source: OpenAPI 3.1.1 "Parameter Object" and "Encoding Object"; OpenAPI 3.2 for style `cookie`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from treenail_generator.document import Encoding, Parameter, Schema

from .media import FORM, is_json
from .readings import DecodingError, Known, Reading, Several, Word, one_of
from .schemas import PRIMITIVES, TEXT, Schemas
from .styles import Decode, Styles, percent_decoded

_STEPS: Final = re.compile(r"(?:\[[^\[\]]*\])+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of a set of pairs.

    Attributes:
        style: None for a field of a form that no style is told for: it is text or JSON.
        content_type: Of a value that is written in a media type instead of a style.
        may_be_empty: Whether an empty text may stand for no value (`allowEmptyValue`).
    """

    name: str
    schema: Schema
    style: str | None
    explode: bool
    content_type: str | None
    decode: Decode
    may_be_empty: bool = False


def of_parameter(parameter: Parameter) -> Field:
    """The field that a query or cookie parameter is."""
    return Field(
        name=parameter.name,
        schema=parameter.schema,
        style=parameter.style,
        explode=parameter.explode,
        content_type=parameter.content_type,
        decode=str if parameter.style == "cookie" else percent_decoded,
        may_be_empty=parameter.allow_empty and parameter.place == "query",
    )


def of_property(name: str, schema: Schema, encoding: Encoding | None) -> Field:
    """The field that a property of a form is; what is said of its style goes before its type."""
    if encoding is None:
        return _plain_field(name, schema, None)
    styled = (encoding.style, encoding.explode, encoding.allow_reserved) != (None, None, None)
    if not styled:
        return _plain_field(name, schema, encoding.content_type)
    style = encoding.style or "form"
    return Field(
        name=name,
        schema=schema,
        style=style,
        explode=style in {"form", "deepObject"} if encoding.explode is None else encoding.explode,
        content_type=None,
        decode=form_decoded,
    )


def _plain_field(name: str, schema: Schema, content_type: str | None) -> Field:
    return Field(
        name=name,
        schema=schema,
        style=None,
        explode=True,
        content_type=content_type,
        decode=form_decoded,
    )


def form_decoded(text: str) -> str:
    """Text of a form, where `+` is a space (WHATWG URL, "application/x-www-form-urlencoded")."""
    return percent_decoded(text.replace("+", "%20"))


def pairs_of(text: str, decode: Decode, separator: str = "&") -> list[tuple[str, str]]:
    """Decoded names with raw texts, in their order."""
    parts = [part.partition("=") for part in text.split(separator)] if text else []
    return [(decode(name), value) for name, _, value in parts]


class Pairs:
    """Reads the fields of one set of pairs."""

    def __init__(self, schemas: Schemas) -> None:
        """`schemas` tell what each text may stand for."""
        self._schemas = schemas
        self._styles = Styles(schemas)

    def read(
        self,
        fields: Sequence[Field],
        pairs: list[tuple[str, str]],
        further: Callable[[str], Field] | None = None,
    ) -> dict[str, Reading]:
        """What the pairs say of each field; nothing of those that they do not name.

        Args:
            fields: The declared ones.
            pairs: Decoded names and raw texts.
            further: What else there may be, by its name; None when there may be nothing.

        Raises:
            DecodingError: They do not follow the rules, or say more than the fields.
        """
        left = list(pairs)
        found: dict[str, Reading] = {}
        for field in fields:
            texts = _take(left, lambda key, name=field.name: key == name)
            if texts:
                found[field.name] = self._named(field, [text for _, text in texts])
        for field in fields:
            if field.style == "deepObject":
                prefix = f"{field.name}["
                entries = _take(left, lambda key, start=prefix: key.startswith(start))
                if entries:
                    found[field.name] = self._deep_object(field, entries)
        found |= self._spread(fields, left)
        if further is not None:
            for name in dict.fromkeys(key for key, _ in left):
                texts = _take(left, name.__eq__)
                found[name] = self._named(further(name), [text for _, text in texts])
        if left:
            unknown = dict.fromkeys(repr(key) for key, _ in left)
            raise DecodingError(f"{', '.join(unknown)}: not asked for")
        return found

    def _spread(self, fields: Sequence[Field], left: list[tuple[str, str]]) -> dict[str, Reading]:
        """Exploded objects, whose properties stand under their own names."""
        spread = [
            field
            for field in fields
            if field.content_type is None
            and field.style in {"form", "cookie"}
            and field.explode
            and "object" in self._schemas.kinds(field.schema)
        ]
        names = {field.name: self._schemas.names(field.schema) for field in spread}
        known = {field.name: _take(left, names[field.name].__contains__) for field in spread}
        for field in spread:
            if left and not self._schemas.is_closed(field.schema):
                known[field.name] += _take(left, lambda _: True)
        return {
            field.name: self._styles.fields(field.schema, known[field.name], field.decode)
            for field in spread
            if known[field.name]
        }

    def _named(self, field: Field, texts: list[str]) -> Reading:
        if texts == [""] and field.may_be_empty and field.content_type is None:
            empty = Word("", TEXT)
            try:
                return Several((empty, self._valued(field, texts)))
            except DecodingError:
                return empty
        return self._valued(field, texts)

    def _valued(self, field: Field, texts: list[str]) -> Reading:
        if field.content_type is not None:
            return self._content(field, [field.decode(text) for text in texts])
        match field.style, field.explode:
            case None, _:
                return self._plain(field, [field.decode(text) for text in texts])
            case (("form" | "cookie"), True):
                return self._styles.repeated(field.schema, texts, field.decode)
            case (("form" | "cookie" | "spaceDelimited" | "pipeDelimited" | "tabDelimited"), False):
                assert field.style is not None  # noqa: S101  # the case above is for none
                return self._styles.delimited(field.schema, texts, field.style, field.decode)
            case "deepObject", _:
                # Undefined, but nothing else can be meant.
                return self._styles.repeated(field.schema, texts, field.decode)
            case _:
                raise DecodingError(f"style {field.style} has no form `{field.name}=...`")

    def _plain(self, field: Field, texts: Sequence[str]) -> Reading:
        """A field of a form as its type has it: text, JSON for an object, one of these per item."""
        kinds = self._schemas.kinds(field.schema)
        readings: list[Reading] = []
        if len(texts) == 1:
            if kinds & PRIMITIVES:
                readings.append(self._styles.word(field.schema, texts[0]))
            if "object" in kinds:
                readings += _json(texts[0])
        if "array" in kinds:
            items = [self._schemas.item(field.schema, index) for index in range(len(texts))]
            readings.append(
                [
                    one_of([self._styles.word(item, text), *_json(text)], text)
                    for item, text in zip(items, texts, strict=True)
                ]
            )
        return one_of(readings, field.name)

    def _content(self, field: Field, texts: Sequence[str]) -> Reading:
        """A value written in a media type; a list in JSON is one text, or one text per item."""
        assert field.content_type is not None  # noqa: S101  # asked by the caller
        if is_json(field.content_type):
            whole = _json(texts[0]) if len(texts) == 1 else []
            items = [_json(text) for text in texts]
            lists: list[Reading] = [[each[0] for each in items]] if all(items) else []
            return one_of(whole + lists, field.name)
        if len(texts) != 1:
            raise DecodingError(f"{field.name} stands {len(texts)} times")
        if field.content_type.partition(";")[0].strip().lower() == FORM:
            return self.form(field.schema, texts[0], {})
        return Word(texts[0], TEXT)

    def form(
        self, schema: Schema, text: str, encodings: Mapping[str, Encoding]
    ) -> dict[str, Reading]:
        """An object as `application/x-www-form-urlencoded`."""

        def field(name: str) -> Field:
            return of_property(name, self._schemas.property(schema, name), encodings.get(name))

        names = dict.fromkeys([*self._schemas.names(schema), *encodings])
        return self.read([field(name) for name in names], pairs_of(text, form_decoded), field)

    def _deep_object(self, field: Field, entries: Sequence[tuple[str, str]]) -> Reading:
        steps: list[tuple[tuple[str, ...], str]] = []
        for key, text in entries:
            inside = key.removeprefix(field.name)
            if not _STEPS.fullmatch(inside):
                raise DecodingError(f"{key!r} is no deepObject key")
            steps.append((tuple(inside[1:-1].split("][")), text))
        return self._deep(field.schema, steps, field.decode)

    def _deep(
        self, schema: Schema, entries: Sequence[tuple[tuple[str, ...], str]], decode: Decode
    ) -> Reading:
        """`a[b][c]=1`: an object for each level; the same name again for the items of an array."""
        if all(not steps for steps, _ in entries):
            return self._styles.repeated(schema, [text for _, text in entries], decode)
        groups: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for steps, text in entries:
            if not steps:
                raise DecodingError("a value stands where an object stands, too")
            groups.setdefault(steps[0], []).append((steps[1:], text))
        kinds = self._schemas.kinds(schema)
        if "array" in kinds and groups.keys() == {""}:
            return self._styles.repeated(schema, [text for _, text in groups[""]], decode)
        if "array" in kinds and list(groups) == [str(index) for index in range(len(groups))]:
            return [
                self._deep(self._schemas.item(schema, int(index)), inner, decode)
                for index, inner in groups.items()
            ]
        return {
            key: self._deep(self._schemas.property(schema, key), inner, decode)
            for key, inner in groups.items()
        }


def _json(text: str) -> list[Reading]:
    try:
        return [Known(json.loads(text))]
    except ValueError:
        return []


def _take(pairs: list[tuple[str, str]], chosen: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Remove and return the pairs whose name is `chosen`."""
    taken = [pair for pair in pairs if chosen(pair[0])]
    if taken:
        pairs[:] = [pair for pair in pairs if not chosen(pair[0])]
    return taken
