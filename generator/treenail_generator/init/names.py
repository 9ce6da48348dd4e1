"""Names for tools: each made of its own operation alone, legal for every client, each once.

docs/init.md tells the rule to people.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from treenail_generator.document import Operation
from treenail_generator.naming import snake_case

LONGEST: Final = 64
"""What clients take, with their prefix."""

_VERBS: Final = {
    "GET": "get",
    "HEAD": "head",
    "POST": "create",
    "PUT": "replace",
    "PATCH": "update",
    "DELETE": "delete",
}
_HASH: Final = 8
_NO_NAME: Final = "tool"
_HASHED: Final = re.compile(rf".*_[0-9a-f]{{{_HASH}}}")
_OF_ENDPOINT: Final = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|QUERY)(_.*)?")
"""How the names of operations without an operationId begin, and no others."""
_PLAIN_PATH: Final = re.compile(r"/|(/([A-Za-z0-9]+|\{[A-Za-z0-9]+\}))+")


def tool_names(
    operations: Iterable[Operation], connector: str, kept: Mapping[str, str]
) -> dict[str, str]:
    """A name for each operation, by its key; `kept` ones stay as they are."""
    longest = LONGEST - len(f"mcp__{connector}__")
    taken = set(kept.values())
    return {each.key: kept.get(each.key) or _free(each, longest, taken) for each in operations}


def words_of(operation: Operation) -> str:
    """The operation in words: of its operationId, else of method and path; possibly empty."""
    own = snake_case(operation.id) if operation.id is not None and _owns_id(operation) else ""
    return own or _path_words(operation)


def _owns_id(operation: Operation) -> bool:
    """Whether no other operation claims the same operationId; else the key is the endpoint."""
    return operation.key == operation.id


def _path_words(operation: Operation) -> str:
    """`GET /users/{id}/repos` -> `get users by id repos`, with underscores."""
    verb = _VERBS.get(operation.method) or snake_case(operation.method)
    steps = [
        f"by_{snake_case(step)}" if step.startswith("{") else snake_case(step)
        for step in re.split(r"/|(?=\{)", operation.path)
    ]
    return "_".join((verb, *filter(None, steps)))


def _free(operation: Operation, longest: int, taken: set[str]) -> str:
    """The name of `operation`; with its hash also if somebody gave the plain one to another."""
    plain = _plain(operation)
    sound = plain is not None and 0 < len(plain) <= longest and not _HASHED.fullmatch(plain)
    return (
        plain if plain is not None and sound and plain not in taken else _hashed(operation, longest)
    )


def _plain(operation: Operation) -> str | None:
    """The name that can be read back to its operation; None when there is none."""
    if operation.id is None or not _owns_id(operation):
        return _endpoint(operation)
    name = operation.id.replace(".", "__").replace("/", "--")
    legal = re.fullmatch(r"[A-Za-z0-9_-]+", name) is not None and not _OF_ENDPOINT.fullmatch(name)
    reversible = name.replace("__", ".").replace("--", "/") == operation.id
    return name if legal and reversible else None


def _endpoint(operation: Operation) -> str | None:
    """`GET /users/{id}` -> `GET_users_by-id`."""
    if not _OF_ENDPOINT.fullmatch(operation.method) or not _PLAIN_PATH.fullmatch(operation.path):
        return None
    path = operation.path.replace("{", "by-").replace("}", "").rstrip("/")
    return f"{operation.method}{path.replace('/', '_')}"


def _hashed(operation: Operation, longest: int) -> str:
    """A slug of the operation, cut to fit, and a hash of its exact key."""
    told = f"{operation.method} {operation.path}"
    if operation.id is not None and _owns_id(operation):
        told = operation.id
        slug = _slug(told) or _NO_NAME
        slug = f"{_NO_NAME}_{slug}" if _OF_ENDPOINT.fullmatch(slug) else slug
    else:
        slug = _slug(told)
    digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    room = longest - _HASH - 1
    if len(slug) > room:
        whole = slug[: room + 1].rpartition("_")[0]
        slug = whole if len(whole) > room // 2 else slug[:room]
    return f"{slug.rstrip('_-')}_{digest}"


def _slug(text: str) -> str:
    plain = re.sub(r"[{}]", "", text.replace("/{", "/by-"))
    return re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9-]+", "_", plain)).strip("_-")
