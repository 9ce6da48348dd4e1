"""`application/x-www-form-urlencoded` text."""

from collections.abc import Mapping
from typing import Final, cast

from pydantic import MISSING

from treenail_runtime.contract.errors import InvalidArguments

from .pairs import Pair, refuse_taken, styled_pairs
from .styles import FormField, Styled
from .texts import given_items, json_of, members, plain, quoted, refuse_empty, text_of

_UNCODED: Final = "*"
"""WHATWG URL, "application/x-www-form-urlencoded percent-encode set": raw, unlike in RFC 3986."""


def form_text(value: object, fields: Mapping[str, FormField]) -> str:
    """An object as form text.

    What `fields` does not name is written by its content: text as it is, an object as JSON text, an
    array as one pair per item (OpenAPI 3.2.1 "Encoding Object", default `contentType`).

    Raises:
        InvalidArguments: When it is no object, or a field has no defined form.
    """
    content = members(value)
    if not isinstance(content, Mapping):
        raise InvalidArguments(["a form can only be made of an object"])
    items = given_items(cast("Mapping[str, object]", content))
    taken = {name for name, _ in items} | set(fields)
    texts: list[str] = []
    for name, item in items:
        if isinstance(item, Styled) and item.value is MISSING:
            continue
        pairs = _field_pairs(name, item, fields.get(name))
        refuse_taken(name, pairs, taken)
        texts.extend(text for _, text in pairs)
    return "&".join(texts)


def _field_pairs(name: str, value: object, field: FormField | None) -> list[Pair]:
    if isinstance(value, Styled):
        return (
            _content_pairs(name, [json_of(value.value)])
            if value.style == "json"
            else styled_pairs(name, value)
        )
    if field is not None and field.content_type is None:
        styled = Styled(value, field.style, field.explode, field.reserved, field.arrays)
        return styled_pairs(name, styled)
    value = plain(value)
    items = cast("list[object]", value) if isinstance(value, list | tuple) else [value]
    refuse_empty(items, name)
    kind = field.content_type if field is not None else None
    return _content_pairs(name, [_content(item, kind, name) for item in items])


def _content_pairs(name: str, texts: list[str]) -> list[Pair]:
    return [Pair(name, f"{_plus(name, name)}={_plus(text, name)}") for text in texts]


def _content(value: object, content_type: str | None, name: str) -> str:
    if content_type is not None and content_type.partition(";")[0].strip().endswith("json"):
        return json_of(value)
    if content_type is None and isinstance(plain(value), Mapping | list | tuple):
        return json_of(value)
    return text_of(value, name)


def _plus(text: str, name: str) -> str:
    """Percent-encoded as WHATWG URL 5.2 says: a space is "+", and "~" is encoded."""
    return quoted(text, name, f"{_UNCODED} ").replace(" ", "+").replace("~", "%7E")
