"""Path parameters: `simple`, `label`, `matrix`, and arrays with the delimiters of Swagger 2.0."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import unquote

from treenail_runtime.contract.errors import InvalidArguments
from treenail_runtime.contract.segments import inside_segment

from .pairs import DELIMITERS, refuse_delimiter
from .styles import Styled
from .texts import given_items, json_of, plain, quoted, refuse_empty, text_of

_RESERVED_KEPT: Final = ":@!$&'()*+,;="
"""RFC 3986 3.3 reserved characters that a segment may hold raw, under `allowReserved`."""

_KEPT_INSIDE: Final = ":@!$&'()*+"
"""The same without the delimiters of arrays, objects and matrix parameters."""


def path_text(name: str, value: object) -> str:
    """Percent-encoded text for one `{name}` of a path template.

    Raises:
        InvalidArguments: When the text could leave its path segment: empty, `.`, `..`, a slash or
            backslash, a control character, also behind (repeated) percent-encoding.
    """
    if not isinstance(value, Styled):
        if isinstance(value, str):
            return quoted(inside_segment(value, name), name)
        value = Styled(value, "simple")
    content = plain(value.value)
    match value.style:
        case "simple":
            return ",".join(_joined(content, value, name))
        case "label":
            return "." + ("." if value.explode else ",").join(_joined(content, value, name))
        case "matrix":
            return _matrix(content, value, name)
        case "spaceDelimited" | "pipeDelimited" | "tabDelimited":
            return _delimited(content, value, name)
        case "json":
            return quoted(inside_segment(json_of(value.value), name), name)
        case _:
            raise InvalidArguments([f"{name}: style {value.style} is not for paths"])


def _matrix(content: Any, styled: Styled, name: str) -> str:
    key = quoted(name, name)
    if content == "":
        # RFC 6570 3.2.7: no "=" for the empty string.
        return f";{key}"
    parts = _joined(content, styled, name)
    if not styled.explode:
        return f";{key}={','.join(parts)}"
    if isinstance(content, Mapping):
        return "".join(f";{part}" for part in parts)
    return "".join(f";{key}={part}" for part in parts)


def _delimited(content: Any, styled: Styled, name: str) -> str:
    """Swagger 2.0 `collectionFormat` `ssv`, `pipes` and `tsv`."""
    if not isinstance(content, list | tuple):
        raise InvalidArguments([f"{name}: style {styled.style} is for arrays"])
    delimiter = DELIMITERS[styled.style]
    items = cast("list[object]", content)
    refuse_empty(items, name)
    texts = [inside_segment(text_of(item, name), name) for item in items]
    for text in texts:
        refuse_delimiter(text, unquote(delimiter), name)
    return delimiter.join(quoted(text, name) for text in texts)


def _joined(content: Any, styled: Styled, name: str) -> list[str]:
    """The parts between which the style's delimiter stands."""
    if isinstance(content, Mapping):
        atom = _atoms(styled, name, compound=True)
        items = given_items(cast("Mapping[str, object]", content))
        refuse_empty(items, name)
        if styled.explode:
            return [f"{atom(key)}={atom(item)}" for key, item in items]
        return [atom(part) for item in items for part in item]
    if isinstance(content, list | tuple):
        refuse_empty(cast("list[object]", content), name)
        return list(map(_atoms(styled, name, compound=True), cast("list[object]", content)))
    return [_atoms(styled, name, compound=False)(content)]


def _atoms(styled: Styled, name: str, *, compound: bool) -> Callable[[object], str]:
    dotted = compound and styled.style == "label" and styled.explode
    kept = _KEPT_INSIDE if compound or styled.style == "matrix" else _RESERVED_KEPT
    kept = kept if styled.reserved else ""

    def atom(item: object) -> str:
        text = inside_segment(text_of(item, name), name)
        if dotted and "." in text:
            # A dot is never percent-encoded (RFC 3986 2.3), so it would read as a delimiter.
            raise InvalidArguments([f"{name}: an item must not hold '.': {text!r}"])
        return quoted(text, name, kept)

    return atom
