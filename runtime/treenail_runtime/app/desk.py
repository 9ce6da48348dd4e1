"""Administration for the command line: the same verbs, without a server around them."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

from treenail_runtime.administration import Administration
from treenail_runtime.contract import Connector
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.edge.running import RunningCalls
from treenail_runtime.loading import load_connector, names_in
from treenail_runtime.providers import OAuthClient, client_from_environment
from treenail_runtime.settings import ConfigurationError, Settings, environment
from treenail_runtime.storage.canaries import inspect_keys
from treenail_runtime.storage.credentials import CredentialStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.revocations import RevocationStore
from treenail_runtime.upkeep import Revocations, TokenKeeper
from treenail_runtime.upstream import AiohttpTransport

from .administering import Core, make_administration
from .checking import Checker
from .connecting import named, tried
from .directory import Directory
from .instances import base_url_of, make_instances
from .invalidating import Announcer, open_redis
from .providing import UpstreamProviders
from .storing import open_ring
from .upstreams import Upstreams

_GIVING_BACK_S: Final = 30.0
"""So long a command gives tokens back to providers; what is left then, servers do."""


@asynccontextmanager
async def open_administration(
    settings: Settings, database: Database
) -> AsyncGenerator[Administration]:
    """The verbs; whatever they have begun is finished at the end.

    Raises:
        ConfigurationError: A key is missing or wrong, or there is no connector that can be loaded.
    """
    ring = open_ring(settings)
    await _check_keys(database, ring)
    sealer, macs = Sealer(ring), Macs(ring)
    connectors = _loaded(settings)
    base_url = base_url_of(settings)
    transport = AiohttpTransport()
    oauth = OAuthClient(transport)
    directory = Directory(
        make_instances(list(connectors.values()), base_url),
        connectors,
        InstanceStore(database, sealer, macs),
        base_url,
        believed_s=0,
    )
    variables = environment()
    clients = {
        name: client
        for name in connectors
        if (client := client_from_environment(name, variables)) is not None
    }
    providers = UpstreamProviders(connectors, clients, directory, oauth)
    announcer = _announcer(settings, directory)
    revocations, owed = (
        Revocations(RevocationStore(database, sealer), providers, ending_all=providers.ending_all),
        asyncio.Event(),
    )
    revocations.on_news(owed.set)
    keeper = TokenKeeper(CredentialStore(database, sealer), providers, owner=uuid.uuid4().hex)
    administration = make_administration(
        Core(
            database=database,
            sealer=sealer,
            macs=macs,
            base_url=base_url,
            connectors=connectors,
            withdrawn=(),
            named=lambda: named(settings),
            most_instances=settings.max_instances,
            prefixes=(settings.oauth_prefix, *settings.oauth_aliases),
            directory=directory,
            checker=Checker(connectors, Upstreams(transport), providers, settings.upstream_url),
            providers=providers,
            keeper=keeper,
            revocations=revocations,
            calls=RunningCalls(),
        )
    )
    try:
        yield administration
        if owed.is_set():
            # What is not done now is left to the servers.
            with suppress(TimeoutError):
                async with asyncio.timeout(_GIVING_BACK_S):
                    await revocations.work_off()
    finally:
        if announcer is not None:
            await announcer.aclose()
        await keeper.aclose()
        await oauth.aclose()
        await transport.aclose()


async def _check_keys(database: Database, ring: KeyRing) -> None:
    """See that whatever is sealed here can be opened by the servers, as these do at their start.

    Raises:
        ConfigurationError: It could not.
    """
    report = await inspect_keys(database, ring)
    # Rows of a lost key alone are no reason: their instances are to be ended here.
    is_alien = ring.current in report.unused and bool(report.missing)
    problems = report.problems if is_alien else report.wrong
    if problems:
        raise ConfigurationError(*problems)


def _announcer(settings: Settings, directory: Directory) -> Announcer | None:
    """Tells running servers what is changed here, where there is a Redis."""
    redis = open_redis(settings)
    if redis is None:
        return None
    announcer = Announcer(redis)
    directory.on_change(announcer.tell)
    return announcer


def _loaded(settings: Settings) -> Mapping[str, Connector]:
    """Those of the settings; without any, all that can be loaded.

    Raises:
        ConfigurationError: One that is named cannot be loaded, or there is none at all.
    """
    found: dict[str, Connector] = {}
    problems: list[str] = []
    for name in settings.connectors or names_in(settings.connectors_dir):
        try:
            found[name] = tried(load_connector(settings.connectors_dir, name), settings)
        except ConfigurationError as error:
            problems.extend(error.problems)
    if problems and (settings.connectors or not found):
        raise ConfigurationError(*problems)
    if not found:
        raise ConfigurationError(f"{settings.connectors_dir}: there are no connectors")
    return found
