"""What a discriminator says of the values that a schema allows (OpenAPI 3.1.1, 4.8.25)."""

from typing import Any, cast

from treenail_generator.document.model import Schema


def discriminated(schema: Schema, raw: Schema) -> Schema:
    """`schema` with what the discriminator of `raw` demands.

    Alternatives to which its `mapping` leads get the name that chooses them: without it, values would
    fit several of a `oneOf`. A schema of fields whose discriminator leads elsewhere is open for the
    fields of what is derived from it.
    """
    told = raw.get("discriminator")
    keyword = next((key for key in ("oneOf", "anyOf") if isinstance(schema.get(key), list)), None)
    if keyword is None:
        is_base = told is not None and "properties" in schema
        is_untold = "additionalProperties" not in schema
        return {**schema, "additionalProperties": True} if is_base and is_untold else schema
    said = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    name, mapping = said.get("propertyName"), said.get("mapping")
    if not isinstance(name, str) or not isinstance(mapping, dict):
        return schema
    words = _words(cast("dict[str, Any]", mapping))
    members = cast("list[Any]", schema[keyword])
    return {**schema, keyword: [_named(each, name, words) for each in members]}


def _words(mapping: dict[str, Any]) -> dict[str, list[str]]:
    """The names that lead to each component, by its own name."""
    words: dict[str, list[str]] = {}
    for word, target in mapping.items():
        if isinstance(target, str):
            words.setdefault(_component(target), []).append(word)
    return words


def _component(target: str) -> str:
    """A mapping holds names of components, or references to them."""
    return target.rpartition("/")[2]


def _named(member: Any, name: str, words: dict[str, list[str]]) -> Any:
    if not isinstance(member, dict):
        return member
    alternative = cast("dict[str, Any]", member)
    ref = alternative.get("$ref")
    chosen = words.get(_component(ref), []) if isinstance(ref, str) else []
    if not chosen:
        return alternative
    only: dict[str, Any] = {"const": chosen[0]} if len(chosen) == 1 else {"enum": chosen}
    return {**alternative, "properties": {name: only}, "required": [name]}
