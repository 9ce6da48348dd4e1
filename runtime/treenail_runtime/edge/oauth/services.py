"""What the endpoints work with; put together once, at the start."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from quart import Request

from treenail_runtime.auth.login import CredentialChecker
from treenail_runtime.auth.policy import OAuthPolicy
from treenail_runtime.auth.records import Instance
from treenail_runtime.auth.tokens import TokenPolicy
from treenail_runtime.contract import Connector
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.documents import DocumentFetcher
from treenail_runtime.edge.finishing import Finishing
from treenail_runtime.edge.providers import Providers
from treenail_runtime.limits import Limiter
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.logins import LoginStore
from treenail_runtime.storage.pending_logins import PendingLoginStore
from treenail_runtime.upkeep import Revocations


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """The authorization server's parts.

    Attributes:
        connectors: By name; their login fields make the form.
        providers: The authorization servers of the upstreams.
        revocations: Have them forget what nobody will use.
        renewed: Reads the instance of an id anew; None when there is none.
        prefix: Before the endpoints' names, as discovery tells it.
        finishing: Runs what must not stop when whoever waits for it goes away.
        caller: The address that a request's limits count for.
    """

    policy: OAuthPolicy
    tokens: TokenPolicy
    connectors: Mapping[str, Connector]
    clients: ClientStore
    documents: DocumentFetcher
    pending: PendingLoginStore
    logins: LoginStore
    grants: GrantStore
    audit: AuditStore
    limiter: Limiter
    checker: CredentialChecker
    providers: Providers
    revocations: Revocations
    finishing: Finishing
    renewed: Callable[[str], Awaitable[Instance | None]]
    prefix: str
    macs: Macs
    caller: Callable[[Request], str]
