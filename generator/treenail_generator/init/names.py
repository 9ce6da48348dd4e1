"""Names for tools: from the words of the operation alone, legal for every client, each once.

docs/init.md tells the rule to people.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from treenail_generator.document import Operation
from treenail_generator.naming import function_name, snake_case

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
_HASH: Final = 5
_NO_NAME: Final = "tool"


def tool_names(
    operations: Iterable[Operation], connector: str, kept: Mapping[str, str]
) -> dict[str, str]:
    """A name for each operation, by its key; `kept` ones stay as they are.

    Operations with the very same words all carry a hash of what each is by itself, so that no
    name ever passes from one operation to another.
    """
    longest = LONGEST - len(f"mcp__{connector}__")
    listed = tuple(operations)
    wanted = {each.key: _plain(each, longest) for each in listed if each.key not in kept}
    counted = Counter(map(function_name, wanted.values()))
    taken = {function_name(name) for name in kept.values()}
    named = {each.key: kept[each.key] for each in listed if each.key in kept}
    for key, name in wanted.items():
        own = name
        if counted[function_name(name)] > 1 or function_name(name) in taken:
            own = _marked(name, key, longest)
        named[key] = own
    return {each.key: named[each.key] for each in listed}


def words_of(operation: Operation) -> str:
    """The operation in words: of its operationId, else of method and path; possibly empty."""
    own = snake_case(operation.id) if operation.id is not None and _owns_id(operation) else ""
    return own or _path_words(operation)


def _owns_id(operation: Operation) -> bool:
    """Whether no other operation claims the same operationId; else the key is the endpoint."""
    return operation.key == operation.id


def _plain(operation: Operation, longest: int) -> str:
    words = words_of(operation)
    name = re.sub(r"_+", "_", words)
    if not name:
        return _marked(_NO_NAME, operation.key, longest)
    if name[0].isdigit():
        name = f"{_NO_NAME}_{name}"
    return name if len(name) <= longest else _marked(name, operation.key, longest)


def _path_words(operation: Operation) -> str:
    """`GET /users/{id}/repos` -> `get_users_by_id_repos`."""
    verb = _VERBS.get(operation.method) or snake_case(operation.method)
    steps = [
        f"by_{snake_case(step)}" if step.startswith("{") else snake_case(step)
        for step in re.split(r"/|(?=\{)", operation.path)
    ]
    return "_".join((verb, *filter(None, steps)))


def _marked(name: str, key: str, longest: int) -> str:
    """`name`, cut at a word if it is too long, with a hash of the operation's own key."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest[:8], "big")
    mark = "".join(
        _DIGITS[number // len(_DIGITS) ** place % len(_DIGITS)] for place in range(_HASH)
    )
    room = longest - _HASH - 1
    if len(name) > room:
        whole = name[: room + 1].rpartition("_")[0]
        name = whole if len(whole) > room // 2 else name[:room]
    return f"{name.rstrip('_')}_{mark}"


_DIGITS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without what people confuse; 32, so that each stands for five bits."""
