"""Puts administration together: for the server, and for the command line."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from treenail_runtime.administration import Administration, Parts
from treenail_runtime.contract import Connector
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.edge.running import RunningCalls
from treenail_runtime.storage.credentials import CredentialStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.instance_changes import InstanceChanges
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.services import ServiceStore
from treenail_runtime.upkeep import Revocations, TokenKeeper

from .checking import Checker
from .directory import Directory
from .providing import UpstreamProviders


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What the endpoints and administration stand on.

    Attributes:
        withdrawn: Connectors that are served no more. Live.
        named: All connectors that are, or may come, by name.
        most_instances: That one owner may have.
        prefixes: Paths before the OAuth endpoints.
        calls: Those that are running in this process.
    """

    database: Database
    sealer: Sealer
    macs: Macs
    base_url: str
    connectors: Mapping[str, Connector]
    withdrawn: Collection[str]
    named: Callable[[], Collection[str]]
    most_instances: int
    prefixes: Sequence[str]
    directory: Directory
    checker: Checker
    providers: UpstreamProviders
    keeper: TokenKeeper
    revocations: Revocations
    calls: RunningCalls


def make_administration(core: Core) -> Administration:
    """The verbs."""
    return Administration(
        Parts(
            connectors=core.connectors,
            withdrawn=core.withdrawn,
            taken={prefix.split("/")[1] for prefix in core.prefixes if prefix},
            named=core.named,
            most=core.most_instances,
            services=ServiceStore(core.database),
            store=InstanceStore(core.database, core.sealer, core.macs),
            changes=InstanceChanges(core.database, core.sealer, core.macs),
            credentials=CredentialStore(core.database, core.sealer),
            grants=GrantStore(core.database),
            known=core.directory,
            checker=core.checker,
            clients=core.providers,
            keeper=core.keeper,
            revocations=core.revocations,
            end_calls=core.calls.end,
        )
    )
