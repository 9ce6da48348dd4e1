"""What a generated module imports: the names that its code says, and no others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .naming import CONTRACT_NAMES, PYDANTIC_NAMES, TYPING_NAMES

_MODULES: Final = {
    "typing": TYPING_NAMES,
    "pydantic": PYDANTIC_NAMES,
    "treenail_runtime.contract": CONTRACT_NAMES,
}
_TOKEN: Final = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"'
    r"|'[^'\\]*(?:\\.[^'\\]*)*'"
    r"|[A-Z]\w*"
    r"|[a-z_.]\w*\(?",
    re.DOTALL,
)
"""A text, a name in capitals, or another name: with the dot before it, and with the call behind it."""


@dataclass(frozen=True, slots=True)
class Imports:
    """One import statement; `names` in the order of isort."""

    module: str
    names: Sequence[str]


def imports_of(code: str) -> list[Imports]:
    """What `code` needs; it has no comments, and no texts but plain ones."""
    tokens = set(_TOKEN.findall(code))
    wanted = {
        module: [name for name in names if _called(name) in tokens]
        for module, names in _MODULES.items()
    }
    return [Imports(module, names) for module, names in wanted.items() if names]


def _called(name: str) -> str:
    """How code says `name`: fields and arguments may be called like a function, and stand alone."""
    return f"{name}(" if name.islower() else name
