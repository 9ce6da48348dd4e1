"""One database, SQLite or PostgreSQL, behind two verbs: read and write."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, Literal, NoReturn, TypeAlias, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from treenail_runtime.auth.errors import StoreUnavailableError

from .dialects import LIMITS, POOL_SECONDS, now_ms, postgres_engine, sqlite_engine
from .faults import connection_is_lost, meaning, reason
from .locations import SqliteLocation, read_location

__all__ = ["Database", "Work", "now_ms"]

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

T = TypeVar("T")
Work: TypeAlias = Callable[[AsyncConnection], Awaitable[T]]

_RETRIES: Final = 3
_PAUSE_SECONDS: Final = 0.02
_FAREWELL_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.01

_SET_LIMITS: Final = text(
    "SELECT "
    + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in LIMITS.items())
)


class Database:
    """The shared state of all workers.

    `work` may run more than once, so it must have no effect outside its connection.
    """

    def __init__(self, url: str, *, pooler: bool = False, pool_size: int = 10) -> None:
        """Know the database at `url`; nothing is opened before the first use.

        Args:
            url: `sqlite:///…`, `sqlite://` (memory), `postgres://…` or `postgresql://…`.
            pooler: A transaction pooler such as PgBouncer or Supavisor stands in between.
            pool_size: Most connections at a time.

        Raises:
            ConfigurationError: When the URL can lead nowhere.
        """
        self._location = read_location(url)
        self._pool_size = pool_size
        is_sqlite = isinstance(self._location, SqliteLocation)
        self.dialect: Literal["sqlite", "postgresql"] = "sqlite" if is_sqlite else "postgresql"
        self._pooler = pooler or (
            not isinstance(self._location, SqliteLocation) and self._location.pooler
        )
        # SQLite has one writer at a time, and lets the others poll; here they queue.
        self._writing = asyncio.Lock() if is_sqlite else None
        self._in_memory = self._location == SqliteLocation(path=None)
        self._engine: AsyncEngine | None = None
        self._autocommit: AsyncEngine | None = None

    def __repr__(self) -> str:
        return f"Database({self.dialect})"

    def is_there(self) -> bool:
        """Whether there is something to connect to; SQLite makes its file at the first use."""
        match self._location:
            case SqliteLocation(path=str(path)):
                return Path(path).exists()
            case _:
                return True

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction and commit it.

        Raises:
            StoreUnavailableError: The database does not answer, or was too busy three times.
            IntegrityError: A constraint was violated.
        """
        return await self._run(self._transaction, work)

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which only reads; each of its statements sees the latest committed state.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        return await self._run(self._look, work)

    async def version(self) -> str:
        """Product and version, such as `postgresql 18.1`.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def look(connection: AsyncConnection) -> str:
            return ".".join(map(str, connection.dialect.server_version_info or ()))

        return f"{self.dialect} {await self.read(look)}"

    async def aclose(self) -> None:
        """Close all connections."""
        if self._engine is not None:
            await _returned(self._engine)
            await self._engine.dispose()
        self._engine = self._autocommit = None

    async def _run(self, attempt: Callable[[Work[T]], Awaitable[T]], work: Work[T]) -> T:
        if not self._in_memory:
            return await self._run_again(attempt, work)
        # A cancelled statement takes its connection with it, and that one holds all the data.
        return await asyncio.shield(asyncio.create_task(self._run_again(attempt, work)))

    async def _run_again(self, attempt: Callable[[Work[T]], Awaitable[T]], work: Work[T]) -> T:
        for tried in range(_RETRIES):
            try:
                return await attempt(work)
            except Exception as error:  # noqa: BLE001  # sorted by what it means
                if meaning(error) != "again" and not connection_is_lost(error):
                    _give_up(error)
            await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**tried))  # noqa: S311  # jitter
        try:
            return await attempt(work)
        except Exception as error:  # noqa: BLE001  # the same
            _give_up(error)

    async def _look(self, work: Work[T]) -> T:
        alone = self._writing if self._in_memory else None
        async with _held(alone), _connected(self._engines()[1]) as connection:
            return await work(connection)

    async def _transaction(self, work: Work[T]) -> T:
        async with _held(self._writing), _connected(self._engines()[0]) as connection:
            if self.dialect == "sqlite":
                # A transaction that begins by reading cannot always become one that writes.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            elif self._pooler:
                await connection.execute(_SET_LIMITS)
            try:
                result = await work(connection)
            except BaseException:
                await _roll_back(connection)
                raise
            await _commit(connection)
            return result

    def _engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        """For writing and for reading, over one pool."""
        if self._engine is None or self._autocommit is None:
            if isinstance(self._location, SqliteLocation):
                self._engine = self._autocommit = sqlite_engine(self._location, self._pool_size)
            else:
                self._engine = postgres_engine(self._location, self._pool_size, pooler=self._pooler)
                self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        return self._engine, self._autocommit


async def _commit(connection: AsyncConnection) -> None:
    try:
        await connection.commit()
    except DBAPIError as error:
        if connection_is_lost(error):  # it may have been committed, so it is not repeated
            raise _unavailable(error) from None
        await _roll_back(connection)
        raise


async def _roll_back(connection: AsyncConnection) -> None:
    if connection.invalidated:
        return
    with suppress(Exception):  # a connection that is gone has rolled back
        await connection.rollback()
        # SQLAlchemy takes SQLite's for autocommit, as the driver itself begins nothing.
        if connection.dialect.name == "sqlite":
            driver = (await connection.get_raw_connection()).driver_connection
            await driver.rollback()  # pyright: ignore[reportOptionalMemberAccess]  # it is open


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    connection = await engine.connect()
    try:
        yield connection
    except BaseException:
        await asyncio.shield(asyncio.create_task(connection.close()))
        raise
    # SQLAlchemy's own context manager takes a task for this, a fifth of a read's CPU.
    await connection.close()


async def _returned(engine: AsyncEngine) -> None:
    """Wait for connections that are given back just now: the pool forgets whatever it has not got."""
    pool = engine.pool
    if not isinstance(pool, AsyncAdaptedQueuePool):
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            while pool.checkedout():  # noqa: ASYNC110  # the pool tells nobody
                await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _held(lock: asyncio.Lock | None) -> AsyncGenerator[None]:
    if lock is None:
        yield
        return
    async with asyncio.timeout(POOL_SECONDS):
        await lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _give_up(error: Exception) -> NoReturn:
    if meaning(error) == "ours":
        raise error
    raise _unavailable(error) from None


def _unavailable(error: Exception) -> StoreUnavailableError:
    log.warning("store.unavailable", reason=reason(error))
    return StoreUnavailableError(reason(error))
