"""JSON without room for two readings (RFC 8259 section 4 and 8.1).

Two members of one name are refused although every parser takes the last one: what a gateway in
front of us has inspected must be what we execute, and gateways differ in which one they read.
orjson, jiter and pydantic cannot tell, so the standard library reads requests: about 4 µs more
per call (bench, 400 bytes), with exact integers where orjson would turn big ones into floats.
"""

import json
import math
from typing import Any, Final, NoReturn, TypeGuard, cast

import orjson
import pydantic_core

DEEPEST: Final = 64
"""Levels of nesting; deeper texts are an attack on somebody's stack, not arguments."""


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(members)
    if len(read) != len(members):
        raise ValueError("two members of one object have the same name")
    return read


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is out of range")
    return value


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_number
).decode


def read_json(text: bytes) -> Any:
    """The value of `text`.

    Raises:
        ValueError: It is not UTF-8, not JSON, nested too deeply, holds a number that Python cannot
            hold, half of a surrogate pair, or two members of one name.
    """
    try:
        value = _decode(text.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if rb"\u" in text:
        # Python reads half a surrogate pair, and then cannot write it.
        pydantic_core.from_json(text)
    if text.count(b"{") + text.count(b"[") > DEEPEST and _depth(value) > DEEPEST:
        raise ValueError("nested too deeply")
    return value


def _depth(value: object) -> int:
    """Levels of nesting, counted by level so that no stack is used."""
    depth = 0
    level = [value]
    while level:
        depth += 1
        level = [item for container in level for item in _containers(container)]
    return depth


def _containers(value: object) -> list[object]:
    if isinstance(value, dict):
        items = list(cast("dict[str, object]", value).values())
    else:
        items = cast("list[object]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict | list)]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether `value`, once read from JSON, is an object."""
    return isinstance(value, dict)


def write_json(value: object) -> bytes:
    """Compact JSON.

    Raises:
        TypeError: It holds something that is no JSON.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        # orjson stops at 64 bits; upstreams do have longer integers.
        try:
            return pydantic_core.to_json(value, inf_nan_mode="null")
        except ValueError as error:
            raise TypeError(str(error)) from None
