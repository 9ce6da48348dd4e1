"""Cookie parameters: `form`, `cookie` (OpenAPI 3.2), and parameters with `content`.

The field is made by RFC 6265 4.2.1: `a=1; b=2`, values without spaces, commas, semicolons, quotes
and backslashes.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic import MISSING

from treenail_runtime.contract.errors import InvalidArguments

from .headers import is_token
from .styles import Styled
from .texts import given_items, json_of, plain, quoted, refuse_empty, text_of

_COOKIE_TEXT: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_RESERVED_KEPT: Final = "!#$&'()*/:=?@[]"


def cookie_text(parameters: Mapping[str, object]) -> str:
    """The `Cookie` field of the parameters that have a value, in their order.

    Raises:
        InvalidArguments: When a cookie cannot carry a value, or two would have one name.
    """
    pairs: list[str] = []
    taken = set(parameters)
    for name, value in parameters.items():
        styled = value if isinstance(value, Styled) else Styled(value, "form", explode=True)
        if styled.value is MISSING:
            continue
        for key, text in _pairs(name, styled):
            if key != name and key in taken:
                raise InvalidArguments([f"{name}: {key!r} is a parameter of its own"])
            if not is_token(key):
                raise InvalidArguments([f"{name}: {key!r} is no name for a cookie"])
            pairs.append(f"{key}={text}")
            taken.add(key)
    return "; ".join(pairs)


def _pairs(name: str, styled: Styled) -> list[tuple[str, str]]:
    value = plain(styled.value)
    compound = isinstance(value, Mapping | list | tuple)
    match styled.style:
        case "json":
            return [(name, quoted(json_of(value), name))]
        case "form" if compound:
            # OpenAPI 3.2.1 Appendix D: "&" and "," are no delimiters of cookies.
            raise InvalidArguments([f"{name}: style form has no form for this in a cookie"])
        case "form":
            text = text_of(value, name)
            return [(name, quoted(text, name, _RESERVED_KEPT if styled.reserved else ""))]
        case "cookie" if compound and not styled.explode:
            raise InvalidArguments([f"{name}: a cookie cannot hold the commas between items"])
        case "cookie":
            return _exploded(name, value)
        case _:
            raise InvalidArguments([f"{name}: style {styled.style} is not for cookies"])


def _exploded(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        items = given_items(cast("Mapping[str, object]", value))
    elif isinstance(value, list | tuple):
        items = [(name, item) for item in cast("list[object]", value)]
    else:
        items = [(name, value)]
    refuse_empty(items, name)
    return [(key, _as_it_is(item, name)) for key, item in items]


def _as_it_is(value: object, name: str) -> str:
    text = text_of(value, name)
    if not _COOKIE_TEXT.fullmatch(text):
        raise InvalidArguments(
            [
                f"{name}: a cookie cannot hold spaces, quotes, commas, semicolons, backslashes or non-ASCII"
            ]
        )
    return text
