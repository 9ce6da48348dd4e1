"""Names compared as people compare them, and numbers drawn from a seed."""

import hashlib
import re
from functools import lru_cache


@lru_cache(maxsize=10_000)
def letters(name: str) -> str:
    """`updated_after`, `updatedAfter` and `Updated-After` are the same name."""
    return re.sub(r"[\W_]+", "", name).casefold()


def singular(word: str) -> str:
    """`branches` -> `branch`, `categories` -> `category`, `staff` -> `staff`."""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def draw(*parts: object) -> int:
    """A large number that depends on the parts and on nothing else."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
