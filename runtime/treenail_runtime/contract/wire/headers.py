"""Header parameters: `simple`, arrays as Swagger 2.0 parts them, and parameters with `content`."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import unquote

from treenail_runtime.contract.errors import InvalidArguments

from .pairs import DELIMITERS
from .styles import Styled
from .texts import given_items, json_of, plain, refuse_empty, text_of

_FIELD_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def is_token(text: str) -> bool:
    """Whether `text` may name a header field or a cookie (RFC 9110 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def header_text(name: str, value: object) -> str:
    """The field value of one header parameter (style `simple`; headers are not percent-encoded).

    Raises:
        InvalidArguments: When a header cannot carry it: controls, non-ASCII, outer spaces, or a
            delimiter inside an item.
    """
    styled = value if isinstance(value, Styled) else Styled(value, "simple")
    match styled.style:
        case "json":
            text = json_of(styled.value, ascii_only=True)
        case "simple":
            text = _simple(plain(styled.value), styled, name)
        case "spaceDelimited" | "pipeDelimited" | "tabDelimited":
            text = _delimited(plain(styled.value), styled, name)
        case _:
            raise InvalidArguments([f"{name}: style {styled.style} is not for headers"])
    if not is_token(name):
        raise InvalidArguments([f"{name!r} is no name for a header"])
    # A tab may stand inside a field value (RFC 9110 5.5), and does in one style only.
    told = text.replace("\t", " ") if styled.style == "tabDelimited" else text
    if not _FIELD_VALUE.fullmatch(told):
        raise InvalidArguments(
            [f"{name}: only printable ASCII without outer spaces can be sent in a header"]
        )
    return text


def _delimited(content: Any, styled: Styled, name: str) -> str:
    """Swagger 2.0 `collectionFormat` `ssv`, `pipes` and `tsv`."""
    if not isinstance(content, list | tuple):
        raise InvalidArguments([f"{name}: style {styled.style} is for arrays"])
    items = cast("list[object]", content)
    refuse_empty(items, name)
    delimiter = unquote(DELIMITERS[styled.style])
    return delimiter.join(map(_items(re.escape(delimiter), name), items))


def _simple(content: Any, styled: Styled, name: str) -> str:
    atom = _items("[,=]" if styled.explode else ",", name)
    if isinstance(content, Mapping):
        items = given_items(cast("Mapping[str, object]", content))
        refuse_empty(items, name)
        if styled.explode:
            return ",".join(f"{atom(key)}={atom(item)}" for key, item in items)
        return ",".join(atom(part) for item in items for part in item)
    if isinstance(content, list | tuple):
        refuse_empty(cast("list[object]", content), name)
        return ",".join(map(atom, cast("list[object]", content)))
    return _unicode(text_of(content, name), name)


def _items(delimiter: str, name: str) -> Callable[[object], str]:
    delimiters = re.compile(delimiter)

    def atom(item: object) -> str:
        text = _unicode(text_of(item, name), name)
        if delimiters.search(text):
            raise InvalidArguments([f"{name}: an item must not hold a delimiter: {text!r}"])
        if not text or text != text.strip():
            # RFC 9110 5.6.1: readers of lists skip empty items and spaces around others.
            raise InvalidArguments(
                [f"{name}: an item must not be empty, nor begin or end with a space"]
            )
        return text

    return atom


def _unicode(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidArguments([f"{name}: half a surrogate pair is no text"]) from None
    return text
