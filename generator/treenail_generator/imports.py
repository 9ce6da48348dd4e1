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
_FUNCTIONS: Final = [name for names in _MODULES.values() for name in names if name.islower()]
_OTHERS: Final = [name for names in _MODULES.values() for name in names if not name.islower()]
# A field or an argument may be called like a function, and is never called; nor is a text code.
_SAID: Final = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"'
    r"|'[^'\\]*(?:\\.[^'\\]*)*'"
    rf"|\b({'|'.join(_OTHERS)})\b"
    rf"|(?<!\.)\b({'|'.join(_FUNCTIONS)})\(",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Imports:
    """One import statement; `names` in the order of isort."""

    module: str
    names: Sequence[str]


def imports_of(code: str) -> list[Imports]:
    """What `code` needs; it has no comments, and no texts but plain ones."""
    said = {name for pair in _SAID.findall(code) for name in pair}
    wanted = {
        module: [name for name in names if name in said] for module, names in _MODULES.items()
    }
    return [Imports(module, names) for module, names in wanted.items() if names]
