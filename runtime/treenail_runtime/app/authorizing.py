"""Puts the authorization server together, and a gate before each MCP endpoint."""

from collections.abc import Mapping, Sequence

from quart import Quart, Request

from treenail_runtime.auth.metadata import resource_document_url
from treenail_runtime.auth.policy import OAuthPolicy
from treenail_runtime.auth.records import Instance, Principal
from treenail_runtime.auth.tokens import TokenPolicy
from treenail_runtime.contract import Connector, ToolContext
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.documents import DocumentFetcher
from treenail_runtime.edge.asgi import Scope
from treenail_runtime.edge.callers import CallerRule
from treenail_runtime.edge.framings import Framing
from treenail_runtime.edge.gates import BearerGate, Principals
from treenail_runtime.edge.guard import Route
from treenail_runtime.edge.mcp_endpoint import McpEndpoint
from treenail_runtime.edge.oauth.routes import add_oauth
from treenail_runtime.edge.oauth.services import OAuth
from treenail_runtime.edge.principal_cache import CachedPrincipals
from treenail_runtime.edge.scopes import ToolScopes
from treenail_runtime.edge.sessions import BoundSessions
from treenail_runtime.settings import Settings
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.cleanup import CleanupTask
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.connections import ConnectionStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.logins import LoginStore
from treenail_runtime.storage.pending_logins import PendingLoginStore
from treenail_runtime.storage.principals import PrincipalStore
from treenail_runtime.storage.sessions import SessionStore

from .checking import Checker
from .instances import make_instances, make_prefixes
from .lifespan import Closed, Lifespan, Started
from .limiting import make_limiter
from .rechecking import Rechecks
from .storing import answers, make_cleanup, open_database, open_ring
from .upstreams import Upstreams


def add_authorization(
    settings: Settings,
    connectors: Sequence[Connector],
    framings: Mapping[str, Framing],
    upstreams: Upstreams,
    pages: Quart,
    lifespan: Lifespan,
) -> tuple[dict[str, McpEndpoint], dict[str, Route]]:
    """Add the OAuth endpoints to `pages`; the guarded MCP endpoints and all further routes.

    Raises:
        ConfigurationError: A key is missing or weak, or a URL cannot be used.
    """
    base_url = settings.base_url or f"http://127.0.0.1:{settings.port}"
    instances = make_instances(connectors, base_url)
    ring = open_ring(settings)
    sealer = Sealer(ring)
    database = _open_database(settings, lifespan)
    checker = Checker({each.name: each for each in connectors}, upstreams, settings.upstream_url)
    callers = CallerRule(settings.trusted_proxies)
    services = _services(
        settings, base_url, database, sealer, Macs(ring), checker, callers, lifespan=lifespan
    )
    rechecks = Rechecks(checker, ConnectionStore(database), services.audit)
    lifespan.add(Closed(rechecks.aclose))
    gates = _Gates(services, rechecks, _principals(settings, database), sealer, callers, base_url)
    store = SessionStore(database, idle_seconds=settings.session_idle_seconds)
    bound = settings.sessions == "bound"
    endpoints = {
        instance.mcp_path: McpEndpoint(
            connector=instance.connector,
            framing=framings[instance.connector],
            gate=gates.gate(instance),
            scopes=gates.scopes(instance),
            sessions=BoundSessions(store, instance.token_prefix) if bound else None,
        )
        for instance in instances
    }
    return endpoints, add_oauth(pages, services, instances, make_prefixes(settings, instances))


def _open_database(settings: Settings, lifespan: Lifespan) -> Database:
    """The database, closed with the server and cleaned while it runs."""
    database = open_database(settings)
    lifespan.add(Closed(database.aclose))
    lifespan.probe(lambda: answers(database))
    if settings.cleanup:
        cleanup = CleanupTask(make_cleanup(settings, database), settings.cleanup_seconds)
        lifespan.add(Started(cleanup.start, cleanup.stop))
    return database


def _services(
    settings: Settings,
    base_url: str,
    database: Database,
    sealer: Sealer,
    macs: Macs,
    checker: Checker,
    callers: CallerRule,
    *,
    lifespan: Lifespan,
) -> OAuth:
    """What the OAuth endpoints work with."""
    limiter = make_limiter(settings, database, macs)
    lifespan.add(Closed(limiter.aclose))
    documents = DocumentFetcher(allowed_networks=settings.client_document_networks)
    lifespan.add(Closed(documents.aclose))
    return OAuth(
        policy=make_policy(settings, base_url),
        tokens=make_token_policy(settings),
        connectors=checker.connectors,
        clients=ClientStore(database, sealer),
        documents=documents,
        pending=PendingLoginStore(database, sealer, most=settings.max_pending_logins),
        logins=LoginStore(database, sealer, macs),
        grants=GrantStore(database),
        audit=AuditStore(database, macs),
        limiter=limiter,
        checker=checker,
        macs=macs,
        caller=lambda request: _address(callers, request),
    )


class _Gates:
    """What stands before each MCP endpoint."""

    def __init__(
        self,
        services: OAuth,
        rechecks: Rechecks,
        principals: Principals,
        sealer: Sealer,
        callers: CallerRule,
        base_url: str,
    ) -> None:
        self._services = services
        self._rechecks = rechecks
        self._principals = principals
        self._sealer = sealer
        self._callers = callers
        self._base_url = base_url

    def gate(self, instance: Instance) -> BearerGate:
        def context_of(principal: Principal) -> ToolContext:
            return self._rechecks.context(instance, principal)

        return BearerGate(
            instance=instance,
            document_url=resource_document_url(instance, self._base_url),
            principals=self._principals,
            sealer=self._sealer,
            macs=self._services.macs,
            context_of=context_of,
            limiter=self._services.limiter,
            caller_address=self._callers.address,
        )

    def scopes(self, instance: Instance) -> ToolScopes:
        connector = self._services.connectors[instance.connector]
        return ToolScopes.of(connector, instance, resource_document_url(instance, self._base_url))


def _principals(settings: Settings, database: Database) -> Principals:
    store = PrincipalStore(database)
    lifetime_s = settings.token_cache_seconds
    return CachedPrincipals(store, lifetime_s) if lifetime_s else store


def make_policy(settings: Settings, base_url: str) -> OAuthPolicy:
    """What the operator allows."""
    return OAuthPolicy(
        https=base_url.startswith("https://"),
        registration=settings.registration,
        registration_token=settings.registration_token,
        client_documents=settings.client_documents,
        client_document_domains=settings.client_document_domains,
        redirect_schemes=frozenset(settings.redirect_schemes),
        auto_approve=frozenset(settings.auto_approve),
        introspection=settings.introspection,
        login_s=settings.login_seconds,
        most_pending=settings.max_pending_logins,
        most_clients=settings.max_clients,
    )


def make_token_policy(settings: Settings) -> TokenPolicy:
    """How long tokens live."""
    return TokenPolicy(
        code_s=settings.code_seconds,
        access_s=settings.access_seconds,
        refresh_idle_s=settings.refresh_idle_seconds,
        refresh_absolute_s=settings.refresh_absolute_seconds,
        grace_s=settings.refresh_grace_seconds,
    )


def _address(callers: CallerRule, request: Request) -> str:
    scope: Scope = request.scope  # pyright: ignore[reportAssignmentType]  # Quart's TypedDict
    return callers.address(scope)
