"""What a demo starts: the provider, the mock upstream, and the server before it."""

import secrets
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from treenail_runtime.contract import Connector
from treenail_runtime.providers import client_variables

from .account import Account
from .connection import declared_provider, demo_environment, storage_environment
from .processes import Started, started
from .provider import FakeClient, FakeProvider, mode_like, serving_provider

_CLIENT_ID: Final = "treenail-demo"
_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What is shown, and how.

    Attributes:
        connectors_dir: Has the connector file, and beside it the folder of documents.
        environment: Of this process; handed on without the person's credentials.
        once: End after the account.
        as_json: Print it as JSON, too.
    """

    connector: Connector
    connectors_dir: Path
    environment: Mapping[str, str]
    once: bool
    as_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All of it at work.

    Attributes:
        mock: None for a connector without an upstream.
        provider: None for an upstream without one.
    """

    server: Started
    mock: Started | None
    provider: FakeProvider | None

    @property
    def processes(self) -> Sequence[Started]:
        """Those that were started, the upstream first."""
        return [each for each in (self.mock, self.server) if each is not None]


@asynccontextmanager
async def staged(demo: Demo, account: Account) -> AsyncGenerator[Stage]:
    """Everything that the connector needs, until the end of the block.

    Raises:
        ProcessError: A part did not start.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="treenail-demo-")))
        client = FakeClient(_CLIENT_ID, secrets.token_urlsafe(24))
        provider = await stack.enter_async_context(_provider(demo, account, client))
        mock = await stack.enter_async_context(_mock(demo, account, provider))
        more = {**storage_environment(folder), **_leading(demo.connector, provider, client)}
        server = await stack.enter_async_context(_server(demo, account, mock, more))
        yield Stage(server=server, mock=mock, provider=provider)


@asynccontextmanager
async def _provider(
    demo: Demo, account: Account, client: FakeClient
) -> AsyncGenerator[FakeProvider | None]:
    declared = declared_provider(demo.connector)
    if declared is None:
        yield None
        return
    since = time.perf_counter()
    async with serving_provider(mode_like(declared), clients=[client]) as provider:
        account.started("provider", provider.base_url, time.perf_counter() - since)
        yield provider


def _leading(
    connector: Connector, provider: FakeProvider | None, client: FakeClient
) -> Mapping[str, str]:
    """Variables of the server by which it finds the provider and is known there."""
    if provider is None:
        return _NOTHING
    id_variable, secret_variable = client_variables(connector.name)
    return {
        "TREENAIL_PROVIDER_URL": provider.base_url,
        id_variable: client.client_id,
        secret_variable: client.secret or "",
    }


@asynccontextmanager
async def _mock(
    demo: Demo, account: Account, provider: FakeProvider | None
) -> AsyncGenerator[Started | None]:
    if not demo.connector.servers:
        yield None
        return
    project = str(demo.connectors_dir.resolve().parent)
    arguments = ["mock", demo.connector.name, "--port", "0", "--project", project]
    if provider is not None:
        arguments += ["--userinfo", provider.url("userinfo")]
    async with _part(demo, account, "mock", "treenail_generator", arguments) as mock:
        yield mock


@asynccontextmanager
async def _server(
    demo: Demo, account: Account, mock: Started | None, more: Mapping[str, str]
) -> AsyncGenerator[Started]:
    arguments = ["serve", demo.connector.name, "--host", "127.0.0.1", "--port", "0"]
    arguments += ["--connectors-dir", str(demo.connectors_dir)]
    if mock is not None:
        arguments += ["--upstream-url", mock.url]
    async with _part(demo, account, "server", "treenail_runtime", arguments, more) as server:
        yield server


@asynccontextmanager
async def _part(
    demo: Demo,
    account: Account,
    name: str,
    module: str,
    arguments: Sequence[str],
    more: Mapping[str, str] = _NOTHING,
) -> AsyncGenerator[Started]:
    since = time.perf_counter()
    environment = {**demo_environment(demo.connector, demo.environment), **more}
    async with started(name, module, *arguments, environment=environment) as process:
        account.started(name, process.url, time.perf_counter() - since)
        yield process
