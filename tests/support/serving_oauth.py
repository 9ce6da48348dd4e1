"""`treenail serve` with authorization, as a process; what it logs, and what it has stored."""

import base64
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.forking import ended
from tests.support.phorest import CONNECTORS
from tests.support.ports import free_port
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.tables import audit_events, grants, sessions, tokens

_MAIN = (sys.executable, "-m", "treenail_runtime")

_UNLIMITED = "login=off,login_account=off,register=off,register_hour=off,mcp=off,authorize=off"
"""All tests come from one address."""


@dataclass(frozen=True)
class Family:
    """What the server has stored of the one grant of a client.

    Attributes:
        status: Of the grant.
        refresh: Its refresh tokens, the first one first: active or rotated.
        events: What the audit tells of the client, oldest first.
        sessions: How many MCP sessions of it are open.
    """

    status: str
    refresh: list[str]
    events: list[str]
    sessions: int

    @property
    def was_refreshed_once(self) -> bool:
        """Whether the first refresh token was exchanged, and its successor alone is good."""
        return (
            self.status == "active"
            and self.refresh == ["rotated", "active"]
            and self.events.count("token.refreshed") == 1
            and self.events.count("code.redeemed") == 1
        )


@dataclass(frozen=True)
class Served:
    """A running server.

    Attributes:
        base_url: Its issuer.
        environment: For further commands over the same database.
        log: What it writes on stderr.
        process: The one that was started; with workers it is their parent.
    """

    base_url: str
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    process: "subprocess.Popen[str]"

    @property
    def url(self) -> str:
        """The MCP endpoint."""
        return f"{self.base_url}/mcp"

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log so far that tell of `event`."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in told if line.get("event") == event]

    def treenail(self, *arguments: str) -> str:
        """What `treenail ARGUMENTS` prints, with the server's own settings."""
        status, out, err = ended(*arguments, environment=self.environment, seconds=60)
        assert status == 0, err.decode()
        return out.decode()

    def add_client(self, name: str, *options: str) -> tuple[str, str]:
        """Id and secret of a new preregistered client; the secret is empty for a public one."""
        printed = self.treenail("clients", "add", name, *options)
        told = dict(re.findall(r"^(client_\w+): (\S+)$", printed, re.MULTILINE))
        return told["client_id"], told.get("client_secret", "")

    async def expire_access(self, client_id: str) -> None:
        """Let the client's access tokens be over, as if their hour had passed."""
        theirs = select(grants.c.id).where(grants.c.client_id == client_id)
        access = update(tokens).where(tokens.c.kind == "access", tokens.c.grant_id.in_(theirs))

        async def work(connection: AsyncConnection) -> object:
            return await connection.execute(access.values(expires_at=1))

        async with self._database() as database:
            await database.write(work)

    async def family(self, client_id: str) -> Family:
        """What is stored of a client that was granted access once."""
        granted = select(grants.c.id, grants.c.status).where(grants.c.client_id == client_id)
        ((grant_id, status),) = await self.rows(granted)
        refresh = select(tokens.c.state).where(
            tokens.c.grant_id == grant_id, tokens.c.kind == "refresh"
        )
        told = select(audit_events.c.type).where(audit_events.c.client_id == client_id)
        opened = select(sessions.c.client_id).where(sessions.c.client_id == client_id)
        return Family(
            status,
            [state for (state,) in await self.rows(refresh.order_by(tokens.c.generation))],
            [type_ for (type_,) in await self.rows(told.order_by(audit_events.c.at))],
            len(await self.rows(opened)),
        )

    async def rows(self, statement: Executable) -> Sequence[Any]:
        """What the server's database answers."""

        async def work(connection: AsyncConnection) -> Sequence[Any]:
            return (await connection.execute(statement)).all()

        async with self._database() as database:
            return await database.read(work)

    @asynccontextmanager
    async def _database(self) -> AsyncGenerator[Database]:
        database = Database(self.environment["DATABASE_URL"])
        try:
            yield database
        finally:
            await database.aclose()


@contextmanager
def serving_oauth(
    folder: Path,
    connector: str = "phorest",
    *,
    connectors: Path = CONNECTORS,
    upstream_url: str | None = None,
    database_url: str | None = None,
    workers: int = 1,
    port: int = 0,
    variables: Mapping[str, str] | None = None,
    **settings: str,
) -> Generator[Served]:
    """`treenail serve CONNECTOR`, with everything it writes in `folder`.

    Args:
        folder: A test's own.
        connector: The one that is served.
        connectors: Where its module is.
        upstream_url: What it calls.
        database_url: SQLite in `folder` unless given.
        workers: Processes.
        port: Where it listens; 0 takes a free one.
        variables: Of its environment, further ones that are no settings.
        settings: By name; given to the process as `TREENAIL_NAME`.
    """
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "DATABASE_URL": database_url or f"sqlite:///{folder}/treenail.db",
        "AUTH_SECRETS": f"test:{secret}",
        "TREENAIL_CONNECTORS_DIR": str(connectors),
        "TREENAIL_RATE_LIMITS": _UNLIMITED,
        **{f"TREENAIL_{name.upper()}": value for name, value in settings.items()},
        **(variables or {}),
    }
    # Several workers cannot share a port that none of them knows yet.
    port = port or (free_port() if workers > 1 else 0)
    options = ["--port", str(port), "--workers", str(workers)]
    options += ["--upstream-url", upstream_url] if upstream_url else []
    log = folder / "server.log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            [*_MAIN, "serve", connector, *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
        ) as process,
    ):
        try:
            yield Served(_announced(process, log), environment, log, process)
        finally:
            process.terminate()
            _end(process)


def _announced(process: "subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    found = re.search(r" at (http://\S+)/mcp$", process.stdout.readline().strip())
    assert found is not None, f"the server did not start: {log.read_text(encoding='utf-8')}"
    return found[1]


def _end(process: "subprocess.Popen[str]") -> None:
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
