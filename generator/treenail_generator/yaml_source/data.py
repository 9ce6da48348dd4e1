"""What a text holds, the way to any part of it, and how much one text may hold."""

from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Pointer: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead from the root to a value."""

MAX_CHARACTERS = 100_000_000
MAX_FLOW_CHARACTERS = 1_000_000
MAX_VALUES = 3_000_000
MAX_DEPTH = 200
MAX_ALIASED_VALUES = 1_000_000
