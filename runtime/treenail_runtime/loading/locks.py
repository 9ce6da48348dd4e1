"""Compares a connector with the lock beside its module: what agents see is what was reviewed."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from treenail_runtime.contract import Connector, Tool

from .fitness import told

_SHOWN = 5


def unlocked(connector: Connector, lock: Path) -> str | None:
    """What the lock says otherwise; None when it says the same, or there is none.

    A lock holds the hash of each tool as tools/list tells it, and the scope that it names. A module
    that was edited, or built and not committed with its lock, differs.
    """
    try:
        locked = _tools(lock)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return f"{lock.name} cannot be read; run `gen build {connector.name}`"
    served = {tool.name: (_sha256(tool), tool.scope) for tool in connector.tools}
    differing = sorted(
        name for name in served.keys() | locked.keys() if served.get(name) != locked.get(name)
    )
    if not differing:
        return None
    more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
    names = ", ".join(differing[:_SHOWN])
    return f"not what {lock.name} says: {names}{more}; run `gen build {connector.name}`"


def _tools(lock: Path) -> dict[str, tuple[str, str | None]]:
    held = json.loads(lock.read_bytes())
    if not isinstance(held, dict):
        raise ValueError("no object")  # noqa: TRY004  # of the file, not of an argument
    tools = cast("dict[str, Any]", held).get("tools")
    if not isinstance(tools, dict):
        raise ValueError("no tools")  # noqa: TRY004  # as above
    return {name: _locked(each) for name, each in cast("dict[str, Any]", tools).items()}


def _locked(tool: object) -> tuple[str, str | None]:
    """Hash and scope of a tool."""
    if not isinstance(tool, dict):
        return "", None
    held = cast("Mapping[str, Any]", tool)
    return str(held.get("sha256")), held.get("scope")


def _sha256(tool: Tool) -> str:
    """The hash that `gen build` writes."""
    return hashlib.sha256(told(tool)).hexdigest()
