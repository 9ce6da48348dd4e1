"""Puts the authorization server together, and a gate before each MCP endpoint."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quart import Quart, Request

from treenail_runtime.auth.policy import OAuthPolicy
from treenail_runtime.auth.tokens import TokenPolicy
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.documents import DocumentFetcher
from treenail_runtime.edge.asgi import Scope
from treenail_runtime.edge.callers import CallerRule
from treenail_runtime.edge.finishing import Finishing
from treenail_runtime.edge.framings import Framing
from treenail_runtime.edge.gates import Principals
from treenail_runtime.edge.mcp_endpoint import EndpointFinder, McpEndpoint
from treenail_runtime.edge.oauth.routes import add_oauth
from treenail_runtime.edge.oauth.services import OAuth
from treenail_runtime.edge.principal_cache import CachedPrincipals
from treenail_runtime.edge.routing import Route
from treenail_runtime.edge.running import RunningCalls
from treenail_runtime.measures import Measures
from treenail_runtime.providers import OAuthClient
from treenail_runtime.settings import Settings
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.cleanup import CleanupTask
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.connections import ConnectionStore
from treenail_runtime.storage.credentials import CredentialStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.instances import InstanceStore
from treenail_runtime.storage.logins import LoginStore
from treenail_runtime.storage.pending_logins import PendingLoginStore
from treenail_runtime.storage.principals import PrincipalStore
from treenail_runtime.storage.revocations import RevocationStore
from treenail_runtime.storage.services import ServiceStore
from treenail_runtime.storage.sessions import SessionStore
from treenail_runtime.tracing import Traces
from treenail_runtime.upkeep import ClientTokens, Revocations, Rounds, TokenKeeper, refresh_due

from .admin_api import add_administration
from .administering import Core
from .caches import Caches
from .calling import CallContexts
from .checking import Checker
from .connecting import Offering, named
from .directory import Directory
from .ending import CallEnder
from .endpoints import Endpoints, Gates
from .housekeeping import CommonHousekeeping
from .instances import base_url_of, make_instances, make_prefixes
from .invalidating import Announcer, Listener, Obedience, open_redis
from .lifespan import Closed, Lifespan, Started
from .limiting import make_limiter
from .observers import Observers
from .providing import UpstreamProviders
from .rechecking import Rechecks
from .registry import Registry, Reloads
from .reusing import SWEEP_S, Reuses
from .siblings import Siblings
from .storing import answers, make_cleanup, open_database, open_ring
from .upstreams import Upstreams
from .watching import Recording
from .writes import ROUND_S, Writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """What serves with authorization.

    Attributes:
        default: Gives the MCP endpoint of the default instance.
        find: Those of the others, by name.
        routes: Of the OAuth endpoints.
    """

    default: Callable[[], McpEndpoint]
    find: EndpointFinder
    routes: dict[str, Route]


def add_authorization(
    settings: Settings,
    registry: Registry,
    framings: Mapping[str, Framing],
    upstreams: Upstreams,
    pages: Quart,
    lifespan: Lifespan,
    observers: Observers,
    *,
    siblings: Siblings | None,
) -> Authorized:
    """Add the OAuth endpoints to `pages`; the guarded MCP endpoints and all further routes.

    Raises:
        ConfigurationError: A key is missing or weak, or a URL cannot be used.
    """
    measures, traces = observers.measures, observers.traces
    base_url = base_url_of(settings)
    kept = _open_storage(settings, lifespan)
    connectors = registry.connectors
    instances = make_instances([*connectors.values()], base_url)
    prefixes = make_prefixes(settings, instances)
    directory = Directory(
        instances,
        connectors,
        kept.instances,
        base_url,
        closed=registry.withdrawn,
        believed_s=settings.instance_cache_seconds,
        measures=measures,
    )
    tokens = ClientTokens(measures=measures, traces=traces)
    providers = _providers(registry, directory, upstreams, lifespan, measures)
    lifespan.add(Recording(registry, ServiceStore(kept.database), kept.instances))
    checker = Checker(connectors, upstreams, providers, settings.upstream_url)
    callers = CallerRule(settings.trusted_proxies)
    revocations = _revocations(settings, kept, providers, lifespan)
    services = _services(
        settings,
        kept,
        checker,
        callers,
        providers,
        revocations,
        directory,
        lifespan=lifespan,
    )
    core = Core(
        database=kept.database,
        sealer=kept.sealer,
        macs=kept.macs,
        base_url=base_url,
        connectors=connectors,
        withdrawn=registry.withdrawn,
        named=lambda: named(settings),
        most_instances=settings.max_instances,
        prefixes=prefixes,
        directory=directory,
        checker=checker,
        providers=providers,
        keeper=_keep_tokens(settings, kept, providers, lifespan, measures, traces),
        revocations=revocations,
        calls=_running_calls(directory, lifespan),
    )
    caches = Caches(directory, core.keeper, tokens, upstreams.answers)
    housekeeping = _share_changes(settings, caches, registry, directory, siblings, lifespan)
    reuses = _reuses(upstreams, kept.database, directory, lifespan)
    store = SessionStore(kept.database, idle_seconds=settings.session_idle_seconds)
    endpoints = Endpoints(
        directory,
        framings,
        Gates(
            core,
            services,
            _contexts(core, services.audit, tokens, reuses, lifespan),
            _principals(settings, core.database),
            callers,
            measures,
        ),
        store if settings.sessions == "bound" else None,
        core.calls,
        traces,
    )

    async def renew(which: Offering | str) -> None:
        name = which if isinstance(which, str) else which.connector.name
        configured = make_instances([*connectors.values()], base_url, registry.withdrawn)
        directory.configure(configured)
        caches.forget_service(name)

    registry.on_change(renew)
    registry.on_withdrawal(renew)
    # Ends before all that it works with.
    lifespan.add(Closed(services.finishing.aclose))
    return Authorized(
        default=lambda: endpoints.of(directory.default),
        find=endpoints.find,
        routes={
            **add_oauth(pages, services, directory, prefixes),
            **add_administration(
                pages,
                core,
                services,
                registry.services,
                upstreams.trouble_of,
                housekeeping,
                with_api=settings.admin_api,
            ),
        },
    )


def _share_changes(
    settings: Settings,
    caches: Caches,
    registry: Registry,
    directory: Directory,
    siblings: Siblings | None,
    lifespan: Lifespan,
) -> CommonHousekeeping:
    """Have the workers tell each other what has changed."""
    own = uuid.uuid4().hex
    obedience = Obedience(caches, Reloads(registry), own)
    announcer = Announcer(open_redis(settings), siblings)
    directory.on_change(caches.forget)
    directory.on_change(announcer.tell)
    lifespan.add(Closed(announcer.aclose))
    heard = open_redis(settings)
    if heard is not None:
        lifespan.add(Listener(heard, caches, obedience.hear))
    if siblings is not None:
        siblings.on_word(obedience.hear)
    return CommonHousekeeping(caches, registry, announcer, obedience, own)


def _reuses(
    upstreams: Upstreams, database: Database, directory: Directory, lifespan: Lifespan
) -> Reuses:
    """What connections were answered before, as long as they and their instances last."""
    connections, answers = ConnectionStore(database), upstreams.answers
    writes = Writes(connections)
    reuses = Reuses(upstreams, connections, writes)
    lifespan.add(Closed(writes.aclose))
    counts = Rounds(writes.work_off, ROUND_S, name="writes")
    lifespan.add(Started(counts.start, counts.stop))
    directory.on_change(lambda changed: answers.forget_where(lambda each: each == changed))
    rounds = Rounds(lambda: reuses.drop_ended(answers), SWEEP_S, name="answers")
    lifespan.add(Started(rounds.start, rounds.stop))
    return reuses


def _contexts(
    core: Core, audit: AuditStore, tokens: ClientTokens, reuses: Reuses, lifespan: Lifespan
) -> CallContexts:
    """What calls are made in."""
    rechecks = Rechecks(core.checker, ConnectionStore(core.database), audit)
    lifespan.add(Closed(rechecks.aclose))
    return CallContexts(core.checker, rechecks, core.keeper, tokens, core.providers, reuses)


def _running_calls(directory: Directory, lifespan: Lifespan) -> RunningCalls:
    """The calls of this worker, ended when another one deletes their instance."""
    calls = RunningCalls()
    ender = CallEnder(calls, directory)
    lifespan.add(Started(ender.start, ender.stop))
    return calls


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept, and what opens it."""

    database: Database
    sealer: Sealer
    macs: Macs

    @property
    def instances(self) -> InstanceStore:
        return InstanceStore(self.database, self.sealer, self.macs)


def _open_storage(settings: Settings, lifespan: Lifespan) -> _Kept:
    ring = open_ring(settings)
    return _Kept(_open_database(settings, lifespan), Sealer(ring), Macs(ring))


def _providers(
    registry: Registry,
    directory: Directory,
    upstreams: Upstreams,
    lifespan: Lifespan,
    measures: Measures,
) -> UpstreamProviders:
    """The upstreams' own authorization servers."""
    oauth = OAuthClient(upstreams.transport)
    lifespan.add(Closed(oauth.aclose))
    return UpstreamProviders(registry.connectors, registry.clients, directory, oauth, measures)


def _keep_tokens(
    settings: Settings,
    kept: _Kept,
    providers: UpstreamProviders,
    lifespan: Lifespan,
    measures: Measures,
    traces: Traces,
) -> TokenKeeper:
    """Has tokens refreshed as long as the server runs."""
    store = CredentialStore(kept.database, kept.sealer)
    owner = uuid.uuid4().hex
    keeper = TokenKeeper(store, providers, owner=owner, measures=measures, traces=traces)
    lifespan.add(Closed(keeper.aclose))
    rounds = Rounds(lambda: refresh_due(store, keeper), settings.upkeep_seconds)
    lifespan.add(Started(rounds.start, rounds.stop))
    return keeper


def _revocations(
    settings: Settings, kept: _Kept, providers: UpstreamProviders, lifespan: Lifespan
) -> Revocations:
    """Has providers forget what nobody uses any more, as long as the server runs."""
    revocations = Revocations(
        RevocationStore(kept.database, kept.sealer), providers, ending_all=providers.ending_all
    )
    rounds = Rounds(revocations.work_off, settings.upkeep_seconds, name="revocations")
    revocations.on_news(rounds.soon)
    lifespan.add(Started(rounds.start, rounds.stop))
    return revocations


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
    kept: _Kept,
    checker: Checker,
    callers: CallerRule,
    providers: UpstreamProviders,
    revocations: Revocations,
    directory: Directory,
    *,
    lifespan: Lifespan,
) -> OAuth:
    """What the OAuth endpoints work with."""
    database, sealer, macs = kept.database, kept.sealer, kept.macs
    limiter = make_limiter(settings, database, macs)
    lifespan.add(Closed(limiter.aclose))
    documents = DocumentFetcher(allowed_networks=settings.client_document_networks)
    lifespan.add(Closed(documents.aclose))
    return OAuth(
        policy=make_policy(settings, base_url_of(settings)),
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
        providers=providers,
        revocations=revocations,
        finishing=Finishing(),
        renewed=directory.renewed,
        prefix=settings.oauth_prefix,
        macs=macs,
        caller=lambda request: _address(callers, request),
    )


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
