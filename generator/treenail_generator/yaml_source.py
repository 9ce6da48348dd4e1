"""YAML and JSON text as plain data that still knows where everything stood."""

from typing import TypeAlias

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"
Pointer: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead from the root to a value."""
