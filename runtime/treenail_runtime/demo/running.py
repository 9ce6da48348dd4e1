"""The course of a demo: start both processes, call every tool in both eras, stay up."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from treenail_runtime.contract import Connector

from .account import Account
from .authorizing import join
from .connection import demo_environment, made_up_login, storage_environment
from .driving import CLIENT_FAULTS, MODES, calls, connected, listed, reset
from .gathering import Gathered
from .person import Person
from .processes import ProcessError, Started, started

_NOTHING: Final[Mapping[str, str]] = {}
_BY_SIGNAL: Final = 128
"""Added to a signal's number, it is the exit status of a process that the signal ended."""


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


def demonstrate(demo: Demo) -> int:
    """Run the demo to its end; the exit status."""
    return asyncio.run(_until_signalled(demo))


async def _until_signalled(demo: Demo) -> int:
    """Run it in a task that signals cancel, so that what was started is stopped in order."""
    work = asyncio.create_task(_demonstrate(demo))
    received: list[int] = []

    def stop(number: int) -> None:
        received.append(number)
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await work
    except asyncio.CancelledError:
        return _BY_SIGNAL + received[0]


async def _demonstrate(demo: Demo) -> int:
    account = Account(connector=demo.connector, as_json=demo.as_json)
    account.begin()
    try:
        async with (
            _folder() as folder,
            _mock(demo, account) as mock,
            _server(demo, account, mock.url, folder) as server,
        ):
            await _drive(account, mock.url, server.url)
            account.end({process.name: process.said for process in (mock, server)})
            if not demo.once:
                account.invite(server.url, made_up_login(demo.connector))
                await _stay(mock, server)
    except ProcessError as error:
        account.problem(str(error))
        account.end({error.name: error.said})
    return 1 if account.failures else 0


async def _drive(account: Account, mock_url: str, url: str) -> None:
    """Every tool in both eras, each before an upstream as it was at the start."""
    membership = join(url, Person(made_up_login(account.connector)))
    for mode in MODES:
        gathered = Gathered()
        try:
            await reset(mock_url)
            async with connected(url, mode, membership.provider) as client:
                tools = await listed(client, account.connector)
                account.authorized("registered", done=membership.is_registered)
                account.era(client.protocol_version, mode, tools)
                before = membership.forget_access()
                async for call in calls(client, account.connector, gathered):
                    account.call(call)
                account.authorized("refreshed", done=membership.was_refreshed(before))
        except CLIENT_FAULTS as error:
            account.problem(f"the client in mode {mode}: {error}")
    try:
        await membership.revoke()
        account.authorized("revoked", done=True)
    except CLIENT_FAULTS as error:
        account.problem(f"revocation: {error}")


async def _stay(*processes: Started) -> None:
    """Until a signal, which is how it should end.

    Raises:
        ProcessError: One of the processes ended before.
    """
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*(process.ended() for process in processes))


@asynccontextmanager
async def _folder() -> AsyncGenerator[Path]:
    """A place for the server's database; gone afterwards."""
    with TemporaryDirectory(prefix="treenail-demo-") as name:
        yield Path(name)


@asynccontextmanager
async def _mock(demo: Demo, account: Account) -> AsyncGenerator[Started]:
    project = str(demo.connectors_dir.resolve().parent)
    arguments = ("mock", demo.connector.name, "--port", "0", "--project", project)
    async with _part(demo, account, "mock", "treenail_generator", arguments) as mock:
        yield mock


@asynccontextmanager
async def _server(
    demo: Demo, account: Account, upstream_url: str, folder: Path
) -> AsyncGenerator[Started]:
    arguments = ("serve", demo.connector.name, "--host", "127.0.0.1", "--port", "0")
    where = ("--connectors-dir", str(demo.connectors_dir), "--upstream-url", upstream_url)
    more = storage_environment(folder)
    async with _part(
        demo, account, "server", "treenail_runtime", (*arguments, *where), more
    ) as server:
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
