"""What differs between SQLite and PostgreSQL: how to connect, and how to ask for the time."""

import os
import time
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import AsyncAdaptedQueuePool, StaticPool
from sqlalchemy.sql.functions import FunctionElement

from .locations import PostgresLocation, SqliteLocation

POOL_SECONDS: Final = 5.0
"""How long to wait for a free connection."""

CONNECT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 8.0
"""When a server that says nothing is given up; its own statement_timeout comes first."""

LIMITS: Final = {
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
}

_BUSY_MS: Final = 1_000
_IDLE_SECONDS: Final = 5.0
_PRIVATE: Final = 0o600


class NowMs(FunctionElement[int]):
    """The database's clock: milliseconds since 1970-01-01 UTC, one value per statement."""

    type = BigInteger()
    inherit_cache = True
    name = "now_ms"


now_ms: Final[ColumnElement[int]] = NowMs()


@compiles(NowMs, "sqlite")
def _now_of_sqlite(*_: Any, **__: Any) -> str:
    # unixepoch('subsec') needs SQLite 3.42; Debian 12 has 3.40.
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(NowMs, "postgresql")
def _now_of_postgresql(*_: Any, **__: Any) -> str:
    # clock_timestamp() is volatile: a comparison with it can use no index.
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)"


def sqlite_engine(location: SqliteLocation, pool_size: int) -> AsyncEngine:
    """Engine for a file, made private to its owner, or for one connection's memory."""
    if location.path is None:
        engine = create_async_engine(
            "sqlite+aiosqlite://",
            poolclass=StaticPool,
            hide_parameters=True,
            skip_autocommit_rollback=True,
        )
    else:
        _create_private(location.path)
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{location.path}",
            poolclass=AsyncAdaptedQueuePool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            hide_parameters=True,
            skip_autocommit_rollback=True,
        )
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    return engine


def _create_private(path: str) -> None:
    """Create the file before SQLite does, which would let the umask decide who reads it."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE))


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by its own rules; we begin them ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def postgres_engine(location: PostgresLocation, pool_size: int, *, pooler: bool) -> AsyncEngine:
    """Engine whose statements end on their own.

    Behind a transaction pooler each transaction may run on another server connection, so there
    are no named statements and no settings of the session.
    """
    arguments: dict[str, Any] = {
        "dsn": location.dsn,
        "timeout": CONNECT_SECONDS,
        "command_timeout": COMMAND_SECONDS,
    }
    if pooler:
        arguments |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    else:
        arguments["server_settings"] = {**LIMITS, "application_name": "treenail", "jit": "off"}
    engine = create_async_engine(
        "postgresql+asyncpg://",
        connect_args=arguments,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _ping_after_idling)
    return engine


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _ping_after_idling(connection: Any, record: Any, _proxy: Any) -> None:
    """Find out that a connection has died before it is used.

    `pool_pre_ping` asks on every checkout, which takes three round trips on the way of each tool
    call; one that was used a moment ago is nearly always alive, and `Database` repeats when not.
    """
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < _IDLE_SECONDS:
        return
    try:
        connection.ping()
    except Exception as error:  # whatever it is, the pool replaces the connection
        raise DisconnectionError from error
