"""The course of a demo: call every tool in both eras, stay up."""

import asyncio
import signal
from contextlib import suppress
from typing import Final

from .account import Account
from .authorizing import Membership, join
from .connection import made_up_login
from .driving import CLIENT_FAULTS, MODES, Mode, calls, connected, listed, reset
from .gathering import Gathered
from .parts import Demo, Stage, staged
from .person import Person
from .processes import ProcessError, Started
from .provider import FakeProvider

_BY_SIGNAL: Final = 128
"""Added to a signal's number, it is the exit status of a process that the signal ended."""


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
        async with staged(demo, account) as stage:
            await _drive(account, stage)
            account.end({process.name: process.said for process in stage.processes})
            if not demo.once:
                account.invite(stage.server.url, made_up_login(demo.connector))
                await _stay(*stage.processes)
    except ProcessError as error:
        account.problem(str(error))
        account.end({error.name: error.said})
    return 1 if account.failures else 0


async def _drive(account: Account, stage: Stage) -> None:
    """Every tool in both eras, each before an upstream as it was at the start."""
    membership = join(stage.server.url, Person(made_up_login(account.connector)))
    for mode in MODES:
        try:
            await _era(account, stage, membership, mode)
        except CLIENT_FAULTS as error:
            account.problem(f"the client in mode {mode}: {error}")
    try:
        await membership.revoke()
        account.authorized("revoked", done=True)
    except CLIENT_FAULTS as error:
        account.problem(f"revocation: {error}")


async def _era(account: Account, stage: Stage, membership: Membership, mode: Mode) -> None:
    """Every tool in one of them.

    Raises:
        Exception: One of `CLIENT_FAULTS`.
    """
    gathered = Gathered()
    if stage.mock is not None:
        await reset(stage.mock.url)
    async with connected(stage.server.url, mode, membership.provider) as client:
        tools = await listed(client, account.connector)
        account.authorized("registered", done=membership.is_registered)
        account.era(client.protocol_version, mode, tools)
        before = membership.forget_access()
        asked = _end_upstream_tokens(stage)
        async for call in calls(client, account.connector, gathered):
            account.call(call)
        account.authorized("refreshed", done=membership.was_refreshed(before))
        if stage.provider is not None:
            account.authorized("renewed", done=_refreshes(stage.provider) == asked + 1)


def _end_upstream_tokens(stage: Stage) -> int:
    """As if their hour were over; how often the provider was asked for others so far."""
    if stage.provider is None:
        return 0
    stage.provider.ledger.expire_access()
    return _refreshes(stage.provider)


def _refreshes(provider: FakeProvider) -> int:
    return len(provider.journal.of("token", grant_type="refresh_token"))


async def _stay(*processes: Started) -> None:
    """Until a signal, which is how it should end.

    Raises:
        ProcessError: One of the processes ended before.
    """
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*(process.ended() for process in processes))
