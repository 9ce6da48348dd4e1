"""A server as its own processes, with every secret of the run known, and all it leaves collected."""

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import MetaData, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import Page
from tests.support.canary import Canaries, Leak
from tests.support.commands import connectors_folder
from tests.support.deployment import until
from tests.support.loopback import Loopback
from tests.support.ports import free_port
from tests.support.serving import Running
from tests.support.wire import Answer, modern, modern_headers, parse
from treenail_runtime.storage.database import Database

FORM = ("Content-Type", "application/x-www-form-urlencoded")
PATIENCE_S = 60

_HAND_WRITTEN = """

from dataclasses import replace

from treenail_runtime.contract import Choices


async def spill(arguments: GetItem, context: ToolContext) -> JsonObject:
    answer = await context.call(_LIST)
    raise RuntimeError(f"no item {arguments.item_id} in {answer!r}") from ValueError(repr(answer))


async def shops(context: ToolContext) -> JsonObject:
    return await context.call(_LIST)


CONNECTOR = replace(
    CONNECTOR,
    login=(
        *CONNECTOR.login[:3],
        LoginField(
            name="shop_id",
            label="Default shop",
            kind="select",
            required=False,
            choices=Choices(run=shops, items="items", value="id", label="name"),
        ),
    ),
    tools=(*CONNECTOR.tools, replace(CONNECTOR.tools[0], name="spill", run=spill)),
)
"""


@dataclass(frozen=True)
class Output:
    """Something that a process or the server wrote, and the kinds of secrets that belong there."""

    where: str
    data: bytes = field(repr=False)
    may: Collection[str] = ()


@dataclass
class Flow:
    """One run.

    Attributes:
        database: The test's own way to the database.
        secrets: The settings of the servers that are secret.
        upstream: What the connector calls.
        variables: Further variables of the servers, as they are.
        outputs: Everything that was answered and written so far.
    """

    folder: Path
    database: Database
    secrets: dict[str, str] = field(repr=False)
    upstream: Loopback
    canaries: Canaries = field(default_factory=Canaries, repr=False)
    outputs: list[Output] = field(default_factory=list[Output], repr=False)
    port: int = field(default_factory=free_port)
    variables: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    _known: set[str] = field(default_factory=set[str], repr=False)

    def keep(self, kind: str, secret: str) -> str:
        """Register a secret of `kind`; the same one again is no other."""
        if secret not in self._known:
            self._known.add(secret)
            self.canaries.add(f"{kind} {len(self._known)}", secret)
        return secret

    @property
    def known(self) -> Collection[str]:
        """All that are registered."""
        return self._known

    def new(self, kind: str) -> str:
        """A new random secret."""
        return self.keep(kind, secrets.token_urlsafe(32))

    @property
    def base_url(self) -> str:
        """The issuer."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def _environment(self) -> dict[str, str]:
        settings: dict[str, object] = {
            **self.secrets,
            "base_url": self.base_url,
            "cleanup_seconds": 1,
            "connectors_dir": self.folder / "connectors",
            "log_level": "debug",
            "port": self.port,
            "rate_limits": "login=off,login_account=off,mcp=off,authorize=off,token=off,register=off",
            "upstream_url": self.upstream.url,
        }
        named = {f"TREENAIL_{name.upper()}": str(value) for name, value in settings.items()}
        return named | self.variables

    @asynccontextmanager
    async def server(self, **settings: str) -> AsyncGenerator[None]:
        """`treenail serve`, ended by SIGTERM; what it wrote is collected."""
        out, err = (
            self.folder / f"server-{secrets.token_hex(4)}.{each}" for each in ("out", "err")
        )
        more = {f"TREENAIL_{name.upper()}": value for name, value in settings.items()}
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "treenail_runtime", "serve", "sample"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**self._environment, **more},
            )
        try:
            await until(lambda: b"serving" in out.read_bytes() or process.returncode is not None)
            assert process.returncode is None, err.read_text(encoding="utf-8")
            yield
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE_S):
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self.outputs += [Output(f"log {err.name}", err.read_bytes())]
            self.outputs += [Output(f"stdout {out.name}", out.read_bytes())]

    async def treenail(
        self, *arguments: str, may: Collection[str] = (), status: int = 0, **settings: str
    ) -> str:
        """What `treenail ARGUMENTS` prints, and may print; nothing secret is on its stderr."""
        more = {f"TREENAIL_{name.upper()}": value for name, value in settings.items()}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "treenail_runtime", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._environment, **more},
        )
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate()
        assert process.returncode == status, f"{arguments}: {process.returncode}, not {status}"
        command = " ".join(arguments[:2])
        self.outputs += [Output(f"{command}: stdout", out, may), Output(f"{command}: stderr", err)]
        return out.decode()

    async def raw(self, where: str, data: bytes, may: Collection[str] = ()) -> bytes:
        """Everything that comes back for these bytes."""
        received = await Running(self.port).raw(data)
        self.outputs.append(Output(where, received, may))
        return received

    async def send(
        self,
        method: str,
        target: str,
        *headers: tuple[str, str],
        body: bytes = b"",
        may: Collection[str] = (),
    ) -> Answer:
        """One exchange, whose answer holds no secrets but those of the kinds `may`."""
        fields = [("Host", f"127.0.0.1:{self.port}"), ("Connection", "close"), *headers]
        if body:
            fields.append(("Content-Length", str(len(body))))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        path = urlsplit(target).path[:16]
        return parse(await self.raw(f"{len(self.outputs)}: {method} {path}", head + body, may))

    async def post(
        self,
        path: str,
        form: Mapping[str, str],
        *headers: tuple[str, str],
        may: Collection[str] = (),
    ) -> Answer:
        """Send a form."""
        body = urlencode(form).encode()
        return await self.send("POST", path, FORM, *headers, body=body, may=may)

    async def mcp(
        self,
        token: str,
        name: str = "",
        may: Collection[str] = (),
        /,
        **arguments: Any,
    ) -> Answer:
        """Call the tool `name`, or list them all."""
        method = "tools/call" if name else "tools/list"
        params = {"name": name, "arguments": arguments} if name else {}
        headers = [*modern_headers(method, name or None), ("Authorization", f"Bearer {token}")]
        return await self.send("POST", "/mcp", *headers, body=modern(method, params), may=may)

    async def execute(self, *statements: str) -> None:
        """Change the database as nobody may."""

        async def work(connection: AsyncConnection) -> None:
            for statement in statements:
                await connection.execute(text(statement))

        await self.database.write(work)

    async def dump(self) -> dict[str, bytes]:
        """Every table by its name, with all columns of all rows, as text and as bytes."""
        found: dict[str, bytes] = {}

        async def work(connection: AsyncConnection) -> None:
            known = MetaData()
            await connection.run_sync(known.reflect)
            for name, table in known.tables.items():
                rows = (await connection.execute(select(table))).all()
                found[name] = b"\n".join(_written(value) for row in rows for value in row)

        await self.database.read(work)
        return found

    @property
    def kinds(self) -> set[str]:
        """What kinds of secrets the run has had."""
        return {name.rpartition(" ")[0] for name in self.canaries.names}

    @property
    def told(self) -> set[str]:
        """The kinds of secrets that stand in any output, where they belong or not."""
        found = self.canaries.leaks("all", b"\n".join(each.data for each in self.outputs))
        return {leak.secret.rpartition(" ")[0] for leak in found}

    def leaks(self, outputs: Sequence[Output] | None = None) -> list[Leak]:
        """Every secret that stands where it does not belong."""
        together: dict[frozenset[str], list[Output]] = {}
        for output in self.outputs if outputs is None else outputs:
            together.setdefault(frozenset(output.may), []).append(output)
        return [leak for may, group in together.items() for leak in self._leaks(group, may)]

    def _leaks(self, outputs: Sequence[Output], may: Collection[str]) -> list[Leak]:
        but = {name for name in self.canaries.names if name.rpartition(" ")[0] in may}
        # Mostly there are none: one search for all is quicker than one for each.
        if not self.canaries.leaks("all", b"\n".join(each.data for each in outputs), but):
            return []
        return [
            leak for each in outputs for leak in self.canaries.leaks(each.where, each.data, but)
        ]


def _written(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def page_of(answer: Answer) -> Page:
    """The answer as a browser takes it."""
    fields = {"Location": answer.headers.get("location", "")}
    return Page(answer.status, fields, answer.body.decode())


def files_of(folder: Path, besides: Collection[str] = ()) -> Iterator[Output]:
    """What stands in the files below `folder`, without folders of the names `besides`."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not set(path.relative_to(folder).parts) & set(besides):
            yield Output(f"file {path.relative_to(folder)}", path.read_bytes())


@asynccontextmanager
async def secret_flow(
    folder: Path, url: str, upstream: Loopback, further: str = _HAND_WRITTEN
) -> AsyncGenerator[Flow]:
    """A run over the empty database at `url`, which is told with a password that nobody checks.

    `further` is what the connector's module holds besides the sample.
    """
    module = connectors_folder(folder) / "sample.py"
    with module.open("a", encoding="utf-8") as file:
        file.write(further)
    flow = Flow(folder, Database(url), {}, upstream)
    password = flow.new("database password")
    flow.secrets["database_url"] = url.replace("//postgres@", f"//postgres:{password}@")
    try:
        yield flow
    finally:
        await flow.database.aclose()
