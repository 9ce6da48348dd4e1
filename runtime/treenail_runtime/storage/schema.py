"""Which tables a database has, and how it comes to those of this release."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.settings import ConfigurationError

from .database import Database
from .tables import clients, metadata

# Where it is needed, which workers and servers without authorization have not: loading it takes a
# tenth of their start.
if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_SCRIPTS: Final = Path(__file__).parent / "migrations"

_LOCK: Final = 0x7472656E61696C
"""`trenail`: what every worker that migrates waits for."""

_PATIENCE: Final = text(
    "SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '300s', true)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """How the tables stand to this release.

    Attributes:
        kind: `missing`: none of ours; `behind`: of an older release; `ahead`: of a newer one;
            `unknown`: tables of our names that no release of ours made.
        found: The database's revision, when it has one.
        wanted: The revision of this release.
    """

    kind: Literal["current", "missing", "behind", "ahead", "unknown"]
    found: str | None
    wanted: str

    @property
    def is_current(self) -> bool:
        """Whether this release can work with it."""
        return self.kind == "current"

    def problem(self) -> str:
        """For the operator: what is the matter and what to do."""
        return {
            "current": "the tables are those of this release",
            "missing": "the database has no tables yet: run `treenail db init`",
            "behind": f"the tables are of revision {self.found}, this release needs {self.wanted}:"
            " run `treenail db upgrade`",
            "ahead": f"the tables are of revision {self.found}, this release knows {self.wanted}:"
            " run the newer release",
            "unknown": "the database holds tables of the same names that are not ours:"
            " use another database",
        }[self.kind]


async def check(database: Database) -> SchemaState:
    """Compare the tables with this release; changes nothing.

    Raises:
        StoreUnavailableError: The database does not answer.
    """
    return await database.read(lambda connection: connection.run_sync(_state))


async def upgrade(database: Database) -> SchemaState:
    """Make the tables, or bring them up to this release; one worker at a time.

    Raises:
        ConfigurationError: The tables are of a newer release, or not ours.
        StoreUnavailableError: The database does not answer.
    """

    async def migrate(connection: AsyncConnection) -> SchemaState:
        if database.dialect == "postgresql":
            await connection.execute(_PATIENCE)
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        return await connection.run_sync(_migrate)

    return await database.write(migrate)


async def require_current(database: Database) -> None:
    """Refuse to work with other tables than this release's.

    Raises:
        ConfigurationError: With what to do about it.
        StoreUnavailableError: The database does not answer.
    """
    state = await check(database) if database.is_there() else _nothing()
    if not state.is_current:
        raise ConfigurationError(state.problem())


def _nothing() -> SchemaState:
    return SchemaState(kind="missing", found=None, wanted=_scripts().get_current_head() or "")


def _migrate(connection: Connection) -> SchemaState:
    state = _state(connection)
    if state.kind in {"ahead", "unknown"}:
        raise ConfigurationError(state.problem())
    if state.kind != "current":
        from alembic import command  # noqa: PLC0415  # see above

        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return _state(connection)


def _state(connection: Connection) -> SchemaState:
    scripts = _scripts()
    wanted = scripts.get_current_head() or ""
    found, names = _seen(connection)
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState(kind=_kind(names, found, wanted, known), found=found, wanted=wanted)


def _seen(connection: Connection) -> tuple[str | None, set[str]]:
    """Revision and tables of one moment; another worker may make them between two questions."""
    found = _revision(connection)
    while True:
        names = set(inspect(connection).get_table_names())
        before, found = found, _revision(connection)
        if before == found:
            return found, names


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415  # see above

    return MigrationContext.configure(connection).get_current_revision()


def _kind(
    names: set[str], found: str | None, wanted: str, known: set[str]
) -> Literal["current", "missing", "behind", "ahead", "unknown"]:
    if found is None:
        return "unknown" if names & set(metadata.tables) else "missing"
    if clients.name not in names:
        return "unknown"
    if found == wanted:
        return "current"
    if found in known:
        return "behind"
    return "ahead" if found.isdigit() and found > wanted else "unknown"


@cache
def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # see above

    return ScriptDirectory.from_config(_config())


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config
