"""What the agent calls parameters and body fields: legal by rule, and no name twice in one tool.

Model providers refuse a whole tool list for one property outside `[A-Za-z0-9_.-]{1,64}`
(Anthropic Messages API), and documents hold `filter[name]`, `$top` and `@odata.type`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from treenail_generator.naming import attribute_name, free_name
from treenail_generator.plan import Binding, Either, FieldPlan, FromArgument

from .verbs import Verbs

_LEGAL: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST: Final = 64
_HASHED: Final = 8
_IN_ORDER: Final = ("path", "query", "querystring", "header", "cookie", "body", "")


def is_legal(name: str) -> bool:
    """Whether clients take an argument called `name`."""
    return _LEGAL.fullmatch(name) is not None


def legal_name(text: str) -> str:
    """`text` where it is legal, else the same letters without what clients refuse."""
    if is_legal(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_.-")
    return shortened(name, text) if name else f"value_{_hash(text)}"


def shortened(name: str, text: str) -> str:
    """`name`, told apart by a hash of `text` once it has to be cut."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - _HASHED - 1]}_{_hash(text)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASHED]


class Wanted(NamedTuple):
    """A name that somebody would like to have.

    Attributes:
        place: Where the value goes; empty for a field inside a body.
        is_said: Whether the connector file gives it.
    """

    name: str
    upstream: str
    place: str
    is_said: bool


@dataclass(frozen=True, slots=True)
class Clash:
    """Two wanted names, by index, that only the connector file can part."""

    first: int
    second: int


def settled(wanted: Sequence[Wanted]) -> tuple[list[str], list[Clash]]:
    """A name for each, none twice; and where the connector file itself makes two the same.

    A path parameter keeps its name before a query parameter, that one before a header, and so on;
    in one place, whoever is called so upstream goes first. The order of the document does not count.
    """
    owners: dict[str, int] = {}
    names = [each.name for each in wanted]
    if len(set(names)) == len(names):
        return names, []
    clashes: list[Clash] = []
    for index in sorted(range(len(wanted)), key=lambda each: _priority(wanted[each])):
        each = wanted[index]
        owner = owners.get(each.name)
        if owner is not None and wanted[owner].is_said:
            clashes.append(Clash(owner, index))
        names[index] = _free(each, wanted, owners)
        owners[names[index]] = index
    return names, clashes


def _priority(wanted: Wanted) -> tuple[bool, int, bool, str]:
    rank = _IN_ORDER.index(wanted.place)
    return (not wanted.is_said, rank, wanted.name != wanted.upstream, wanted.upstream)


def _free(each: Wanted, wanted: Sequence[Wanted], owners: dict[str, int]) -> str:
    """The name itself, else the one with its place, else the first free number."""
    owner = owners.get(each.name)
    if owner is None:
        return each.name
    name = each.name
    if wanted[owner].place != each.place:
        name = shortened(f"{each.name}_{each.place}", each.upstream)
    free, number = name, 2
    while free in owners:
        # The number counts in the hash, too: a long name loses it when it is cut.
        free = shortened(f"{name}_{number}", f"{each.upstream}_{number}")
        number += 1
    return free


def fields_by_name(
    fields: Sequence[FieldPlan], bindings: Sequence[Binding], verbs: Verbs
) -> tuple[list[FieldPlan], list[Binding], list[Clash]]:
    """The arguments of one tool under names of their own, and the bindings that read them."""
    places = {
        binding.value.attribute: binding.place
        for binding in bindings
        if isinstance(binding.value, FromArgument | Either)
    }
    wanted = [
        Wanted(
            name=field.name,
            upstream=field.upstream,
            place=places[field.attribute],
            is_said=verbs.renames(field.upstream, places[field.attribute]),
        )
        for field in fields
    ]
    names, clashes = settled(wanted)
    attributes = _attributes(names)
    known = {field.attribute: own for field, own in zip(fields, attributes, strict=True)}
    renamed = [
        _called(field, name, attribute)
        for field, name, attribute in zip(fields, names, attributes, strict=True)
    ]
    return renamed, [_reading(binding, known) for binding in bindings], clashes


def _called(field: FieldPlan, name: str, attribute: str) -> FieldPlan:
    """`field` under its final name; told what the upstream calls it, where the name lost letters."""
    lost = not field.upstream.isascii() and not field.description
    told = field.upstream if lost and name != field.upstream else field.description
    if (name, attribute, told) == (field.name, field.attribute, field.description):
        return field
    return replace(field, name=name, attribute=attribute, description=told)


def _attributes(names: Sequence[str]) -> list[str]:
    taken: dict[str, None] = {}
    for name in names:
        taken[free_name(attribute_name(name), taken)] = None
    return list(taken)


def _reading(binding: Binding, attributes: dict[str, str]) -> Binding:
    match binding.value:
        case FromArgument(attribute) if attributes[attribute] != attribute:
            return replace(binding, value=FromArgument(attributes[attribute]))
        case Either(attribute=attribute):
            value = replace(binding.value, attribute=attributes[attribute])
            return replace(binding, value=value)
        case _:
            return binding


def object_fields(
    fields: Sequence[FieldPlan], said: Sequence[bool]
) -> tuple[list[FieldPlan], list[Clash]]:
    """The fields of one object under names of their own; `said` tells which are renamed."""
    wanted = [
        Wanted(name=field.name, upstream=field.upstream, place="", is_said=is_said)
        for field, is_said in zip(fields, said, strict=True)
    ]
    names, clashes = settled(wanted)
    attributes = _attributes(names)
    renamed = [
        _called(field, name, attribute)
        for field, name, attribute in zip(fields, names, attributes, strict=True)
    ]
    return renamed, clashes
