"""Keys of a run, places where a token does not belong, and everything that the database keeps."""

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path

from tests.support.postgres import Postgres
from tests.support.secret_flow import Flow, Output, files_of


def places(token: str) -> Iterator[str]:
    """Targets with a token inside."""
    escaped = token.replace("_", "%5F")
    yield from (f"/{token}", f"/mcp/{token}", f"/token/{token}", f"/{escaped}", f"/mcp/{escaped}")
    for marks in ("%5F", "%5f", "%255F"):
        yield f"/mcp/{token.replace('_', marks, 2)}"
    for path in (
        "/mcp",
        "/token",
        "/authorize",
        "/login",
        "/register",
        "/revoke",
        "/healthz",
        "/x",
    ):
        yield f"{path}?access_token={token}&code={token}&state={token}"


def auth_secret(flow: Flow, kid: str) -> str:
    """A key for AUTH_SECRETS."""
    key = secrets.token_bytes(32)
    flow.keep("key", key.hex())
    return f"{kid}:{flow.keep('key', base64.b64encode(key).decode())}"


async def stored(flow: Flow, postgres: Postgres, since: str) -> list[Output]:
    """Everything that the database keeps: its tables, and its files as they are."""
    tables = [Output(f"table {name}", data) for name, data in (await flow.dump()).items()]
    # Who closes a file that SQLite has open in the same process takes away its locks.
    await flow.database.aclose()
    if flow.database.dialect == "sqlite":
        return [*tables, *files_of(flow.folder / "store")]
    return [*tables, *postgres_files(flow, postgres, since)]


def postgres_files(flow: Flow, postgres: Postgres, since: str) -> Iterator[Output]:
    """The files of this database, the log of the server, and what was journaled in the meantime."""
    name = flow.secrets["database_url"].rpartition("/")[2]
    postgres.execute("CHECKPOINT")
    data = Path(postgres.execute("SHOW data_directory"))
    oid = postgres.execute("SELECT oid FROM pg_database WHERE datname = current_database()", name)
    yield from files_of(data / "base" / oid)
    yield from files_of(data, besides={"base", "pg_wal"})
    until = postgres.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
    written = [each for each in (data / "pg_wal").glob("0*") if since <= each.name <= until]
    assert written
    yield from (Output(f"journal {each.name}", each.read_bytes()) for each in written)
    yield Output("PostgreSQL's log", (data.parent / "log").read_bytes())
