"""`treenail serve` with authorization as processes over one database, and people who logged in."""

import asyncio
import os
import signal
import sys
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from pydantic import SecretStr
from sqlalchemy import Executable, Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import CHALLENGE, CLIENT, REDIRECT, SECRET, VERIFIER
from tests.support.commands import connectors_folder
from tests.support.forking import ended
from tests.support.ports import free_port
from tests.support.serving import CANARY
from tests.support.wire import Answer, modern, modern_headers
from treenail_runtime.auth.records import Client, ConnectionConfig
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.connections import config_facts, seal_config
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.schema import upgrade
from treenail_runtime.storage.tables import audit_events, auth_codes, connections, grants, tokens

START_SECONDS = 60
NO_LIMITS = "token=off,token_ip=off,token_client=off,mcp=off,mcp_grant=off,revoke=off,login=off,authorize=off"


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """The tokens that a client holds."""

    access: str
    refresh: str

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """The tokens of an answer that must hold some."""
        assert answer.status == 200, answer
        return cls(answer.json["access_token"], answer.json["refresh_token"])


@dataclass(slots=True)
class Server:
    """A server process.

    Attributes:
        log: What it writes to stderr.
    """

    process: asyncio.subprocess.Process
    log: Path

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers; none where it serves alone."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [
            int(child)
            for child in children
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]

    @property
    def serving(self) -> list[int]:
        """The processes that answer requests."""
        return self.workers or [self.process.pid]

    def told(self) -> str:
        """The log until now."""
        return self.log.read_text(encoding="utf-8")

    async def kill(self) -> None:
        """`kill -9` of the process and its workers."""
        for pid in [*self.workers, self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        await self.process.wait()

    async def end(self) -> int:
        """Its exit status, once it has ended."""
        async with asyncio.timeout(START_SECONDS):
            return await self.process.wait()


@dataclass
class Deployment:
    """Servers at one address over one database.

    Attributes:
        database: The test's own way to the database.
        database_url: The servers' way to it; through a proxy, or as a lesser role.
    """

    folder: Path
    database: Database
    database_url: str
    port: int = field(default_factory=free_port)
    upstream_url: str = "http://127.0.0.1:9"

    @property
    def base_url(self) -> str:
        """The same after every start."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, settings: Mapping[str, object]) -> dict[str, str]:
        """For a `treenail` process; `settings` in lower case and without prefix."""
        values: dict[str, object] = {
            "auth_secret": SECRET,
            "base_url": self.base_url,
            "cleanup": "false",
            "connectors_dir": self.folder / "connectors",
            "database_url": self.database_url,
            "log_level": "warning",
            "port": self.port,
            "rate_limits": NO_LIMITS,
            "upstream_url": self.upstream_url,
        }
        return {
            f"TREENAIL_{name.upper()}": f"{each}" for name, each in {**values, **settings}.items()
        }

    @asynccontextmanager
    async def server(
        self, environment: Mapping[str, str] | None = None, /, **settings: object
    ) -> AsyncGenerator[Server]:
        """A server that answers; killed if it outlives the block."""
        log = self.folder / f"{uuid.uuid4().hex}.log"
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "treenail_runtime", "serve"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={**self.environment(settings), **(environment or {})},
            )
        server = Server(process, log)
        try:
            assert process.stdout is not None
            async with asyncio.timeout(START_SECONDS):
                line = await process.stdout.readline()
            assert line.startswith(b"serving"), server.told()
            yield server
        finally:
            if process.returncode is None:
                await server.kill()

    async def run(self, *arguments: str, **settings: object) -> tuple[int, str]:
        """`treenail ARGUMENTS` to its end: exit status and output."""
        status, output, _ = await asyncio.to_thread(
            ended,
            *arguments,
            environment=self.environment(settings),
            seconds=START_SECONDS,
            together=True,
        )
        return status, output.decode()

    async def log_in(self, account: str = "") -> Pair:
        """Somebody consents, and their client redeems the code at the token endpoint.

        `account` is whose tokens of a provider they have; empty for nobody's.
        """
        code = new_token("sample", "cod")
        connection_id, connected = _connection(account)
        coded = {
            "code_hash": digest(code),
            "client_id": CLIENT.client_id,
            "connection_id": connection_id,
            "instance_id": "default",
            "redirect_uri": REDIRECT,
            "redirect_explicit": True,
            "code_challenge": CHALLENGE,
            "scope": "mcp.tools.call",
            "resource": f"{self.base_url}/mcp",
            "expires_at": now_ms + 60_000,
        }

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(connections).values(connected))
            await connection.execute(insert(auth_codes).values(coded))

        await self.database.write(work)
        redeemed = {"code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return Pair.of(await self.token(grant_type="authorization_code", **redeemed))

    async def token(self, **form: str) -> Answer:
        """POST /token."""
        return await self.post("/token", {"client_id": CLIENT.client_id, **form})

    async def refresh(self, token: str) -> Answer:
        """Refresh."""
        return await self.token(grant_type="refresh_token", refresh_token=token)

    async def revoke(self, token: str) -> Answer:
        """Give a token back."""
        return await self.post("/revoke", {"client_id": CLIENT.client_id, "token": token})

    async def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """Send a form."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.send("POST", path, urlencode(form).encode(), headers)

    async def list_tools(self, access: str) -> Answer:
        """An MCP request that needs no upstream."""
        headers = {**dict(modern_headers("tools/list")), "Authorization": f"Bearer {access}"}
        return await self.send("POST", "/mcp", modern("tools/list"), headers)

    async def call(self, access: str, tool: str) -> Answer:
        """A tool call, without arguments."""
        body = modern("tools/call", {"name": tool, "arguments": {}})
        headers = {**dict(modern_headers("tools/call", tool)), "Authorization": f"Bearer {access}"}
        return await self.send("POST", "/mcp", body, headers)

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One exchange over a connection of its own.

        Raises:
            OSError, aiohttp.ClientError: There is no server, or it went away.
        """
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.base_url + path, data=body, headers=headers) as response,
        ):
            fields = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, fields, await response.read())

    async def rows(self, statement: Executable) -> list[Row[Any]]:
        """What the database holds."""

        async def work(connection: AsyncConnection) -> list[Row[Any]]:
            return list((await connection.execute(statement)).all())

        return await self.database.read(work)

    async def execute(self, statement: Executable | str) -> None:
        """Change what the database holds."""
        change = text(statement) if isinstance(statement, str) else statement

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(change)

        await self.database.write(work)

    async def audited(self) -> "Counter[str]":
        """How often what happened."""
        return Counter(row.type for row in await self.rows(select(audit_events.c.type)))

    async def standing(self) -> "Counter[tuple[str, int]]":
        """How many grants have which status with how many active refresh tokens."""
        active = select(grants.c.id, grants.c.status, tokens.c.token_hash).join_from(
            grants,
            tokens,
            (tokens.c.grant_id == grants.c.id)
            & (tokens.c.kind == "refresh")
            & (tokens.c.state == "active"),
            isouter=True,
        )
        status: dict[str, str] = {}
        alive: Counter[str] = Counter()
        for row in await self.rows(active):
            status[row.id] = row.status
            alive[row.id] += row.token_hash is not None
        return Counter((status[each], alive[each]) for each in status)


def _connection(account: str) -> tuple[str, dict[str, object]]:
    """The sample's connection, sealed as a login seals it: its id and its row."""
    ring = KeyRing.from_settings(SecretStr(SECRET), None)
    config = ConnectionConfig(
        connector="sample",
        values={"email": "ann@example.test", "region": "eu"},
        secrets={"password": SecretStr(CANARY)},
        account=account,
    )
    id_ = uuid.uuid4().hex
    sealed = seal_config(Sealer(ring), id_, config)
    return id_, {
        "id": id_,
        "instance_id": "default",
        "subject": uuid.uuid4().hex,
        "config": sealed.text,
        "kid": sealed.kid,
        "fingerprint": Macs(ring).fingerprint(config_facts(config)),
        "status": "active",
        "created_at": now_ms,
        "last_used_at": now_ms,
    }


@asynccontextmanager
async def deployment(
    folder: Path,
    database_url: str,
    *,
    server_url: str | None = None,
    upstream_url: str = "http://127.0.0.1:9",
    clients: tuple[Client, ...] = (CLIENT,),
) -> AsyncGenerator[Deployment]:
    """A database with its tables and `clients`; no server runs yet."""
    connectors_folder(folder)
    database = Database(database_url)
    site = Deployment(folder, database, server_url or database_url, upstream_url=upstream_url)
    try:
        await upgrade(database)
        store = ClientStore(database, Sealer(KeyRing.from_settings(SecretStr(SECRET), None)))
        for client in clients:
            await store.add(client)
        yield site
    finally:
        await database.aclose()


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for something that tells nobody when it happens."""
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.01)
