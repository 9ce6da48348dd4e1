"""What a whole session of tests leaves on disk, and a search for tokens and passwords in it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

import pytest

from tests.support.serving import CANARY
from treenail_runtime.crypto.opaque import TokenKind, is_well_formed

_KINDS: Final[dict[bytes, TokenKind]] = {each.encode(): each for each in get_args(TokenKind)}
_TOKEN: Final = re.compile(b"_(" + b"|".join(_KINDS) + b")_[A-Za-z0-9_-]{49}")
_BEGUN: Final = re.compile(b"_(" + b"|".join(_KINDS) + b")_[A-Za-z0-9_-]{8}")
_PREFIX: Final = re.compile(rb"[a-z0-9]{1,16}\Z")
_SQLITE: Final = b"SQLite format 3\0"
_JOURNALS: Final = ("-wal", "-journal")


@dataclass(frozen=True)
class Leftover:
    """A secret that was found, without its text."""

    kind: str
    where: str


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have each process of a session search, at its end, what all its tests have left."""
    yield
    everything = tmp_path_factory.getbasetemp()
    in_stores = [
        found
        for path in sqlite_files(everything)
        for found in secrets_in(contents(path), str(path))
    ]
    in_logs = [
        found for path in logs(everything) for found in secrets_in_log(contents(path), str(path))
    ]
    assert in_stores == []
    assert in_logs == []


def secrets_of_cluster(data: Path) -> list[Leftover]:
    """Those in the files of a PostgreSQL cluster, its journal among them."""
    return [found for path in files(data) for found in secrets_in(contents(path), str(path))]


def secrets_in(data: bytes, where: str) -> list[Leftover]:
    """The tokens of ours that stand in `data` whole, told by their checksum, and the password."""
    found = [Leftover("password", where)] if CANARY.encode() in data else []
    for match in _TOKEN.finditer(data):
        kind = _KINDS[match[1]]
        before = _PREFIX.search(data, max(0, match.start() - 16), match.start())
        prefix = before[0].decode() if before else ""
        whole = match[0].decode()
        # What stands before it may be of the same characters.
        if any(is_well_formed(prefix[start:] + whole, kind) for start in range(len(prefix))):
            found.append(Leftover(kind, where))
    return found


def secrets_in_log(data: bytes, where: str) -> list[Leftover]:
    """The same for logs, where a token's beginning must not be either."""
    begun = [Leftover(match[1].decode(), where) for match in _BEGUN.finditer(data)]
    return begun + [each for each in secrets_in(data, where) if each.kind == "password"]


def sqlite_files(folder: Path) -> Iterator[Path]:
    """Every SQLite database below `folder`, with what is journaled beside it."""
    for path in files(folder):
        with suppress(OSError), path.open("rb") as file:
            is_journal = path.name.endswith(_JOURNALS)
            if is_journal or file.read(len(_SQLITE)) == _SQLITE:
                yield path


def logs(folder: Path) -> Iterator[Path]:
    """What servers wrote to stderr: the helpers of the tests keep it in such files."""
    return (path for path in files(folder) if path.suffix in {".log", ".err"})


def contents(path: Path) -> bytes:
    """What is in the file; nothing when it has gone meanwhile."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def files(folder: Path) -> Iterator[Path]:
    """Every file below `folder`."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
