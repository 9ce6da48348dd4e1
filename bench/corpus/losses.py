"""What an operation takes and a tool cannot be given."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from inputs import Key, Taken
from pointing import Parts, mapping, parts

_DEPTH: Final = 3
"""How far into an argument its fields are compared."""
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]")

Inputs = Mapping[Key, str | None]
"""By place and name: the argument; None where it needs none: a constant, the connection, or left out
by name. A body as such has the empty name."""


def losses(document: Any, taken: Taken, inputs: Inputs, schema: Any) -> Iterator[str]:
    """Each input of `taken` that a tool with these inputs and this input schema has no way to send."""
    for key, wanted in taken.parameters.items():
        if key not in inputs:
            yield " ".join(key)
        else:
            yield from _argument(document, wanted, inputs[key], schema, " ".join(key))
    if taken.bodies:
        lost = ([*_body(document, each, inputs, schema)] for each in taken.bodies)
        yield from min(lost, key=len)


def _body(document: Any, wanted: Any, inputs: Inputs, schema: Any) -> Iterator[str]:
    given = {name: argument for (place, name), argument in inputs.items() if place == "body"}
    asked = parts(document, [wanted])
    fields = asked.fields
    if not given:
        # An object of which only answers have fields is sent empty.
        if asked.is_open or fields or asked.items:
            yield "body"
    elif "" in given:
        yield from _argument(document, wanted, given[""], schema, "body")
    elif len(given) == 1 and fields and not fields.keys() & given.keys():
        # In one piece, under a name of its own.
        yield from _argument(document, wanted, next(iter(given.values())), schema, "body")
    else:
        for name, each in fields.items():
            if name not in given:
                yield f"body {name}"
            else:
                for one in each:
                    yield from _argument(document, one, given[name], schema, f"body {name}")


def _argument(
    document: Any, wanted: Any, argument: str | None, schema: Any, path: str
) -> Iterator[str]:
    if argument is None:
        return
    arguments = mapping(schema.get("properties"))
    if argument not in arguments:
        yield f"{path}: there is no argument {argument}"
        return
    yield from _inside(document, [wanted], schema, [arguments[argument]], path, _DEPTH)


def _inside(
    document: Any,
    wanted: Sequence[Any],
    published: Any,
    offered: Sequence[Any],
    path: str,
    depth: int,
) -> Iterator[str]:
    there = parts(published, offered)
    if depth == 0 or there.is_open:
        return
    asked = parts(document, wanted)
    known = _by_letters(there)
    for name, each in asked.fields.items():
        found = known.get(_letters(name))
        if found is None:
            yield f"{path}.{name}"
        else:
            yield from _inside(document, each, published, found, f"{path}.{name}", depth - 1)
    if asked.items and there.items:
        inner = f"{path}[]"
        yield from _inside(document, asked.items, published, there.items, inner, depth - 1)


def _by_letters(there: Parts) -> dict[str, list[Any]]:
    """Tools may spell names in their own way."""
    found: dict[str, list[Any]] = {}
    for name, schemas in there.fields.items():
        found.setdefault(_letters(name), []).extend(schemas)
    return found


def _letters(name: str) -> str:
    return _NO_LETTERS.sub("", name.lower()) or name
