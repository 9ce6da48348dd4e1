"""Local references of a document or schema (RFC 6901), and the parts of what they lead to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import unquote

_MOST_STEPS: Final = 50
_TOGETHER: Final = ("allOf", "anyOf", "oneOf")


def resolved(document: Any, ref: str) -> Any:
    """What a local reference leads to; None when it leads nowhere."""
    node = document
    for step in ref.removeprefix("#").split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        is_index = key.isdigit() and int(key) < len(items(node))
        node = items(node)[int(key)] if is_index else mapping(node).get(key)
    return node


def followed(document: Any, node: Any) -> Any:
    """`node`, or what its reference leads to in the end; None when that is nothing."""
    for _ in range(_MOST_STEPS):
        ref = mapping(node).get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#"):
            return node
        node = resolved(document, ref)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What some schemas, each of which may hold for a value, say of what is inside it.

    Attributes:
        fields: The schemas of each property that can be sent.
        items: The schemas of the items.
        is_open: Whether nothing is said, so that anything can be sent.
    """

    fields: dict[str, list[Any]]
    items: list[Any]
    is_open: bool


def parts(root: Any, schemas: Sequence[Any]) -> Parts:
    """The parts of `schemas`, whose references lead into `root`."""
    fields: dict[str, list[Any]] = {}
    inner: list[Any] = []
    # Read-only is what one of them says so of (JSON Schema 2020-12, 7.7.1.1).
    answered: set[str] = set()
    tells_nothing = not schemas
    for each in _expanded(root, schemas):
        tells_nothing = tells_nothing or _tells_nothing(each)
        inner += [each["items"]] if isinstance(each.get("items"), dict) else []
        inner += items(each.get("prefixItems"))
        for name, schema in mapping(each.get("properties")).items():
            fields.setdefault(name, []).append(schema)
            if _is_read_only(root, schema):
                answered.add(name)
    sent = {name: told for name, told in fields.items() if name not in answered}
    return Parts(fields=sent, items=inner, is_open=tells_nothing or not (fields or inner))


def _tells_nothing(schema: dict[str, Any]) -> bool:
    """Whether an object of any fields fits, as where a type is only named."""
    told = schema.keys() & {"properties", "items", "prefixItems", "$ref", *_TOGETHER}
    kind = schema.get("type")
    return not told and kind in (None, "object") and schema.get("additionalProperties") is not False


def _expanded(root: Any, schemas: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Each schema with all that hold together with it or instead of it."""
    waiting, seen = [*schemas], set[int]()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict) or id(node) in seen:  # pyright: ignore[reportUnknownArgumentType]  # only its identity
            continue
        seen.add(id(node))  # pyright: ignore[reportUnknownArgumentType]  # only its identity
        schema = mapping(node)
        yield schema
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref.startswith("#"):
            waiting.append(resolved(root, ref))
        for key in _TOGETHER:
            waiting += items(schema.get(key))


def _is_read_only(root: Any, schema: Any) -> bool:
    """OpenAPI 3.1.1, 4.8.24: such a property shall not be sent."""
    found = mapping(followed(root, schema))
    together = [mapping(followed(root, each)) for each in items(found.get("allOf"))]
    return any(each.get("readOnly") is True for each in (mapping(schema), found, *together))


def mapping(node: Any) -> dict[str, Any]:
    """`node` when it is one, else an empty one."""
    return cast("dict[str, Any]", node) if isinstance(node, dict) else {}


def items(node: Any) -> list[Any]:
    """`node` when it is a list, else an empty one."""
    return cast("list[Any]", node) if isinstance(node, list) else []
