"""The connectors of a folder: each is loaded for itself, and what is wrong with it is told."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from treenail_runtime.contract import Connector
from treenail_runtime.settings import ConfigurationError

from .locks import unlocked
from .modules import load_connector

_CUSTOM: Final = "_custom"

Stamp: TypeAlias = tuple[tuple[int, int] | None, ...]
"""Time and size of a connector's files; None for one that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A connector as it lies in the folder.

    Attributes:
        connector: None when it cannot be loaded.
        sha256: Of its module and of the hand-written tools beside it, in hex; empty
            without a module, and when not all can be read.
        problems: Complete lines for the operator. Of a connector that was loaded: where it is not
            what its lock says.
    """

    name: str
    connector: Connector | None
    sha256: str
    problems: tuple[str, ...] = ()


def names_in(directory: Path) -> list[str]:
    """The names of the connectors whose modules lie in `directory`."""
    return sorted(
        path.stem
        for path in directory.glob("*.py")
        if not path.stem.endswith(_CUSTOM) and not path.stem.startswith("_")
    )


def find(directory: Path, name: str) -> Found:
    """Load one; never fails."""
    sha256 = sha256_of(directory, name)
    try:
        connector = load_connector(directory, name)
    except ConfigurationError as error:
        return Found(name=name, connector=None, sha256=sha256, problems=error.problems)
    differs = unlocked(connector, directory / f"{name}.lock")
    problems = () if differs is None else (f"{name}: {differs}",)
    return Found(name=name, connector=connector, sha256=sha256, problems=problems)


def stamp(directory: Path, name: str) -> Stamp:
    """Another one whenever a file of the connector has been written."""
    return tuple(_times(path) for path in _files(directory, name))


def sha256_of(directory: Path, name: str) -> str:
    """The hash of what is loaded; empty when there is no module, or not all can be read."""
    module, custom, _ = _files(directory, name)
    hashed = hashlib.sha256()
    try:
        hashed.update(module.read_bytes())
        if custom.is_file():
            hashed.update(custom.read_bytes())
    except OSError:
        return ""
    return hashed.hexdigest()


def _files(directory: Path, name: str) -> Sequence[Path]:
    return [directory / f"{name}{end}" for end in (".py", f"{_CUSTOM}.py", ".lock")]


def _times(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
