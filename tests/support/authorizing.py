"""The real server with authorization, a store beside it, and browsers that fill in its forms."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from tests.support import sample
from tests.support.loopback import Received, Reply, loopback, reply
from tests.support.ports import free_port
from tests.support.serving import CANARY, offering, tracing
from treenail_runtime.app.composition import create_app
from treenail_runtime.app.measuring import measured
from treenail_runtime.app.registry import Registry, open_registry
from treenail_runtime.app.serving import listen, serve_app
from treenail_runtime.app.storing import open_ring
from treenail_runtime.auth.records import Client
from treenail_runtime.contract import (
    Answer,
    Choices,
    Connector,
    Endpoint,
    JsonObject,
    LoginField,
    ToolContext,
)
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.providers import ProviderClient
from treenail_runtime.settings import Settings
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.schema import upgrade

SECRET = base64.b64encode(hashlib.sha512(b"only for tests").digest()).decode()
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The pair of RFC 7636, appendix B."""

REDIRECT = "https://app.example/callback"
LOCAL_REDIRECT = "http://127.0.0.1/callback"
GOOD = {
    "field-email": "ann@example.test",
    "field-password": CANARY,
    "field-region": "eu",
    "field-shop_id": "",
}

CLIENT = Client(client_id="app-1", kind="dynamic", name="Receptionist", redirect_uris=(REDIRECT,))


@dataclass
class Form:
    """A form of a page: where it goes, and what stands in it."""

    action: str
    values: dict[str, str] = field(default_factory=dict[str, str])


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag in {"input", "select"}:
            self.forms[-1].values[given["name"]] = given.get("value", "")


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    @property
    def answer(self) -> list[tuple[str, str]]:
        """The authorization response in `Location`."""
        return parse_qsl(urlsplit(self.headers["Location"]).query, keep_blank_values=True)


class Browser:
    """Keeps cookies, follows no redirect."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, target: str) -> Page:
        return await self.send("GET", target)

    async def post(self, path: str, form: Mapping[str, str]) -> Page:
        return await self.send("POST", path, data=urlencode(form))

    async def authorize(self, **changes: str | None) -> Page:
        return await self.get(f"/authorize?{urlencode(request(**changes))}")

    async def submit(self, page: Page, typed: Mapping[str, str], *, form: int = 0) -> Page:
        """Send a form of `page`, as it stands at `/authorize`, with `typed` in its fields."""
        found = page.forms[form]
        return await self.post(f"/{found.action}", {**found.values, **typed})

    async def send(self, method: str, target: str, data: str | None = None) -> Page:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if data else {}
        async with self._session.request(
            method,
            URL(self.base_url + target, encoded=True),
            data=data,
            headers=headers,
            allow_redirects=False,
        ) as response:
            return Page(response.status, dict(response.headers), await response.text())


def request(**changes: str | None) -> dict[str, str]:
    """An authorization request that is right, with `changes`; None leaves a parameter out."""
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": CLIENT.client_id,
        "redirect_uri": REDIRECT,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "st-1",
        "scope": "mcp.tools.read",
    }
    return {name: value for name, value in {**asked, **changes}.items() if value is not None}


@dataclass
class Site:
    """A running server and what it keeps."""

    base_url: str
    database: Database
    clients: ClientStore
    upstream: list[Reply]
    upstream_seen: list[Received]
    instances: InstanceStore
    ports: list[int]
    upstream_reaches: Callable[[int], Awaitable[None]]

    async def count(self, table: Table) -> int:
        async def work(connection: AsyncConnection) -> int:
            return await connection.scalar(select(func.count()).select_from(table)) or 0

        return await self.database.read(work)

    async def rows(self, table: Table) -> list[Any]:
        async def work(connection: AsyncConnection) -> list[Any]:
            return list((await connection.execute(select(table))).all())

        return await self.database.read(work)

    def browser(self) -> Browser:
        return Browser(self.base_url)


_SHOPS = Endpoint(
    "GET", "/items", answer=Answer(root="items", name="items", many=True), reads=True, timeout_s=5
)


async def _shops(context: ToolContext) -> JsonObject:
    return await context.call(_SHOPS)


PICKING: Connector = replace(
    sample.CONNECTOR,
    login_help_url="https://help.example/access",
    login=(
        *sample.CONNECTOR.login[:3],
        LoginField(
            name="shop_id",
            label="Default shop",
            kind="select",
            required=False,
            help="Tools work in this shop unless they are told another one.",
            choices=Choices(run=_shops, items="items", value="id", label="name"),
        ),
    ),
)
"""The sample, with its shop chosen among those of the upstream."""

SHOPS = reply(200, b'{"items":[{"id":"s-1","name":"High Street"},{"id":"s-2","name":"Harbour"}]}')


@asynccontextmanager
async def authorizing(
    folder: Path,
    *replies: Reply,
    connector: Connector = sample.CONNECTOR,
    client: Client = CLIENT,
    others: int = 0,
    provider_client: ProviderClient | None = None,
    registries: list[Registry] | None = None,
    **settings: Any,
) -> AsyncGenerator[Site]:
    """The server, on SQLite by default, with a client; the upstream answers with `replies`.

    `others` servers at other ports share its database, its name and its secret. With `connectors_dir`
    each loads its connectors from there, and puts its registry into `registries`.
    """
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    async with loopback(*(replies or (SHOPS,))) as upstream:
        values: dict[str, Any] = {
            "port": port,
            "base_url": base_url,
            "auth_secret": SECRET,
            "database_url": f"sqlite:///{folder}/site.db",
            "upstream_url": upstream.url,
            "rate_limits": "login=1000/15m,login_account=1000/1h",
            "cleanup": False,
        }
        chosen = Settings(**(values | settings))
        database = Database(settings.get("database_url", values["database_url"]))
        ring = open_ring(chosen)
        clients = ClientStore(database, Sealer(ring))
        instances = InstanceStore(database, Sealer(ring), Macs(ring))
        try:
            await upgrade(database)
            await clients.add(client)
            ports = [free_port() for _ in range(others)]
            async with AsyncExitStack() as stack:
                for each in (port, *ports):
                    its_own = chosen.model_copy(update={"port": each})
                    if registries is None:
                        offered = replace(offering(connector=connector), client=provider_client)
                        registry = Registry.of([offered])
                    else:
                        registry = open_registry(its_own, {})
                        registries.append(registry)
                    await stack.enter_async_context(served(its_own, registry))
                yield Site(
                    base_url,
                    database,
                    clients,
                    upstream.replies,
                    upstream.requests,
                    instances,
                    ports,
                    upstream.reaches,
                )
        finally:
            await database.aclose()


@asynccontextmanager
async def served(settings: Settings, registry: Registry) -> AsyncGenerator[None]:
    """A server of these connectors."""
    listening, stop = asyncio.Event(), asyncio.Event()
    async with tracing(settings) as traces, AsyncExitStack() as stack:
        measures = stack.enter_context(measured(settings))
        app = create_app(settings, registry, measures=measures, traces=traces)
        task = asyncio.create_task(
            serve_app(
                app, listen(settings), listening=listening.set, stopped=stop.wait, drain_seconds=2
            )
        )
        try:
            async with asyncio.timeout(10):
                await listening.wait()
            yield
        finally:
            stop.set()
            await task
