"""What a driver's error means: try again, not available now, or a mistake of ours."""

import re
import sqlite3
from typing import Final, Literal, TypeAlias

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

Meaning: TypeAlias = Literal["again", "unavailable", "ours"]

_AGAIN: Final = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected: the loser may simply repeat."""

_OURS: Final = re.compile(r"(?!42501)(?:0A|21|22|23|26|42).*")
"""SQLSTATE classes of statements that are wrong, except insufficient_privilege."""

_SQLITE_CODE: Final = 0xFF
_SQLITE_AGAIN: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_OURS: Final = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_RANGE,
        sqlite3.SQLITE_TOOBIG,
    }
)


def meaning(error: Exception) -> Meaning:
    """What `error`, raised by a database call, means for its caller."""
    if isinstance(error, PoolTimeoutError | OSError):
        return "unavailable"
    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return "ours"
    if isinstance(error.orig, sqlite3.Error):
        return _meaning_of_sqlite(error.orig)
    state = _state(error)
    if state is None:
        return "ours" if isinstance(error.driver_exception, ValueError) else "unavailable"
    if state in _AGAIN or "CachedStatement" in type(error.driver_exception).__name__:
        return "again"
    return "ours" if _OURS.fullmatch(state) else "unavailable"


def _meaning_of_sqlite(error: sqlite3.Error) -> Meaning:
    full_code: int | None = getattr(error, "sqlite_errorcode", None)
    if full_code is None:  # of Python's module: a closed connection, a wrong number of values
        return "ours" if isinstance(error, sqlite3.ProgrammingError) else "unavailable"
    code = full_code & _SQLITE_CODE
    if code in _SQLITE_AGAIN:
        return "again"
    return "ours" if code in _SQLITE_OURS else "unavailable"


def connection_is_lost(error: Exception) -> bool:
    """Whether `error` ended the connection, so that whatever was not committed never will be."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def reason(error: Exception) -> str:
    """For the log: the error's type and code, never its text, which may hold values."""
    if not isinstance(error, DBAPIError):
        return type(error).__name__
    driver = error.driver_exception
    code = _state(error) or getattr(driver, "sqlite_errorname", None)
    return type(driver).__name__ + (f" {code}" if code else "")


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
