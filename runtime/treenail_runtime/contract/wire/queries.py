"""The query: of parameters, or of one value as a whole."""

from collections.abc import Mapping

from pydantic import MISSING

from .forms import form_text
from .pairs import Pair, refuse_taken, styled_pairs
from .styles import Styled
from .texts import json_of, quoted, text_of


def query_text(parameters: Mapping[str, object]) -> str:
    """The query string, without `?`, of the parameters that have a value, in their order.

    Raises:
        InvalidArguments: When a value has no defined form, or would read as another parameter.
    """
    texts: list[str] = []
    taken: set[str] | None = None
    for name, value in parameters.items():
        if value is MISSING:
            continue
        if isinstance(value, str):
            texts.append(f"{quoted(name, name)}={quoted(value, name)}")
            continue
        styled = value if isinstance(value, Styled) else Styled(value, "form", explode=True)
        if styled.value is MISSING:
            continue
        pairs = _pairs(name, styled)
        if pairs[0].key != name:
            taken = taken or set(parameters)
            refuse_taken(name, pairs, taken)
        texts.extend(text for _, text in pairs)
    return "&".join(texts)


def _pairs(name: str, styled: Styled) -> list[Pair]:
    if styled.style != "urlencoded":
        return styled_pairs(name, styled)
    text = form_text(styled.value, styled.fields)
    return [Pair(name, f"{quoted(name, name)}={quoted(text, name)}")]


def querystring_text(value: object) -> str:
    """The query that is one value as a whole (OpenAPI 3.2 `in: querystring`).

    Without a style, an object is form text, and a text stands for itself.

    Raises:
        InvalidArguments: When its media type cannot carry it.
    """
    by_content = "simple" if isinstance(value, str) else "urlencoded"
    styled = value if isinstance(value, Styled) else Styled(value, by_content)
    if styled.value is MISSING:
        return ""
    match styled.style:
        case "urlencoded":
            return form_text(styled.value, styled.fields)
        case "json":
            return quoted(json_of(styled.value), "query")
        case _:
            return quoted(text_of(styled.value, "query"), "query")
