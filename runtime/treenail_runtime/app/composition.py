"""The composition root: which part gets which."""

from collections.abc import Callable, Mapping
from typing import Final, cast

import httpx
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.contract import Connector, ToolContext
from treenail_runtime.dispatch.callers import current_context
from treenail_runtime.dispatch.calls import Calls
from treenail_runtime.dispatch.kernel import Kernel
from treenail_runtime.dispatch.server import build_server
from treenail_runtime.dispatch.streams import Streams
from treenail_runtime.edge.asgi import AsgiApp
from treenail_runtime.edge.framings import Framing, KernelFraming, SdkFraming
from treenail_runtime.edge.gates import ClosedGate, OpenGate
from treenail_runtime.edge.guard import Guard
from treenail_runtime.edge.mcp_endpoint import (
    MCP_PATH,
    EndpointFinder,
    McpEndpoint,
    McpEndpoints,
)
from treenail_runtime.edge.pages import HEALTH_ROUTES, make_pages
from treenail_runtime.edge.routing import INSTANCE, Route
from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.settings import Settings
from treenail_runtime.tracing import UNTRACED, Traces
from treenail_runtime.upkeep import Rounds
from treenail_runtime.upstream import AiohttpTransport, AnswerCache

from .authorizing import add_authorization
from .connecting import Offering
from .framings import Framings
from .granting import OwnTokens
from .hosting import host_rules
from .lifespan import Closed, CredentialChecks, Lifespan, ManagerTask, Started
from .observers import Observers
from .registry import Registry
from .reusing import SWEEP_S
from .siblings import Siblings
from .streaming import Draining, StreamChecks, ToolNews, open_streams, settle_seconds
from .upstreams import Upstreams, open_context
from .watching import Watching

_MB: Final = 1_000_000


def create_app(
    settings: Settings,
    registry: Registry,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    measures: Measures = UNMEASURED,
    siblings: Siblings | None = None,
    traces: Traces = UNTRACED,
) -> Draining:
    """The ASGI application; it opens and closes what it needs in its lifespan.

    Args:
        settings: With a `base_url` unless there is no authorization.
        registry: With one connector at least; the first also answers at `/mcp`.
        transport: Towards the upstreams; closed at the end.
        measures: Told what happens.
        siblings: The other workers of the server; None where this is the only one.
        traces: Told what begins and ends.

    Raises:
        ConfigurationError: What is set does not make a server.
    """
    transport = transport or AiohttpTransport()
    lifespan = Lifespan()
    lifespan.add(Closed(transport.aclose))
    answers = _answers(settings, measures, lifespan)
    upstreams = Upstreams(transport, measures, traces, answers)
    registry.trouble = upstreams.trouble
    streams = open_streams(settings, registry, measures)

    def framing(connector: Connector) -> tuple[Framing, ManagerTask | None]:
        return _framing(settings, connector, measures, traces, streams)

    framed = Framings(framing, lifespan)
    for connector in registry.connectors.values():
        framed.add(connector)
    registry.on_change(framed.renew)
    framings = framed.by_name
    if settings.watch:
        lifespan.add(Watching(registry))
    https = (settings.base_url or "").startswith("https://")
    pages = make_pages(registry.offered, lifespan.is_usable, registry.health, https=https)
    pages.before_serving(lifespan.start)
    pages.after_serving(lifespan.stop)
    routes = dict(HEALTH_ROUTES)
    observers = Observers(measures=measures, traces=traces)
    if settings.no_auth:
        default, find = _open_endpoints(registry, framings, upstreams, lifespan, observers)
    else:
        authorized = add_authorization(
            settings, registry, framings, upstreams, pages, lifespan, observers, siblings=siblings
        )
        default, find = authorized.default, authorized.find
        routes |= authorized.routes
    routes |= dict.fromkeys((MCP_PATH, f"/{INSTANCE}{MCP_PATH}"), _mcp_route(settings))
    if streams is not None:
        # Behind all others: whoever is told may ask at once.
        news = ToolNews(streams, registry.connectors, settle_s=settle_seconds(settings))
        registry.on_change(news.heard)
        registry.on_withdrawal(news.withdrawn)
        lifespan.add(StreamChecks(streams, settings.stream_check_seconds))
    guard = Guard(
        # Quart's ASGI types are TypedDicts, one per message.
        McpEndpoints(cast("AsgiApp", pages), default, find),
        routes,
        host_rules(settings),
    )
    return Draining(guard, streams)


def _answers(settings: Settings, measures: Measures, lifespan: Lifespan) -> AnswerCache:
    """Where answers of upstreams are held until they are over."""
    answers = AnswerCache(settings.response_cache_mb * _MB, measures=measures)

    async def sweep() -> int:
        return answers.sweep()

    rounds = Rounds(sweep, SWEEP_S, name="answers")
    lifespan.add(Started(rounds.start, rounds.stop))
    return answers


def _mcp_route(settings: Settings) -> Route:
    methods = ("POST", "DELETE") if settings.sessions == "bound" else ("POST",)
    return Route(methods=methods, max_body=settings.max_body_bytes, json_rpc=True, origins="cors")


def _open_endpoints(
    registry: Registry,
    framings: Mapping[str, Framing],
    upstreams: Upstreams,
    lifespan: Lifespan,
    observers: Observers,
) -> tuple[Callable[[], McpEndpoint], EndpointFinder]:
    """Each connector as the connection of the environment, for everybody who reaches it."""
    endpoints: dict[str, McpEndpoint] = {}
    checked: list[tuple[Connector, ToolContext]] = []
    own = OwnTokens(upstreams.transport, observers)
    lifespan.add(Closed(own.aclose))

    def endpoint(name: str, context: ToolContext) -> McpEndpoint:
        return McpEndpoint(
            connector=name,
            framing=framings[name],
            gate=OpenGate(context),
            traces=observers.traces,
        )

    async def renew(offering: Offering) -> None:
        name = offering.connector.name
        # Its connection, too, is called like it.
        upstreams.answers.forget_connections([name])
        context = open_context(offering, upstreams, own.source(offering))
        endpoints[name] = endpoint(name, context)

    for each in registry.offerings:
        name = each.connector.name
        context = open_context(each, upstreams, own.source(each))
        checked.append((each.connector, context))
        endpoints[name] = endpoint(name, context)

    async def close(name: str) -> None:
        if name not in registry.connectors:
            endpoints.pop(name, None)
            return
        endpoints[name] = McpEndpoint(connector=name, framing=framings[name], gate=ClosedGate())

    lifespan.add(CredentialChecks(checked, upstreams))
    registry.on_change(renew)
    registry.on_withdrawal(close)

    async def find(name: str) -> McpEndpoint | None:
        return endpoints.get(name)

    return lambda: next(iter(endpoints.values())), find


def _framing(
    settings: Settings,
    connector: Connector,
    measures: Measures,
    traces: Traces,
    streams: Streams | None,
) -> tuple[Framing, ManagerTask | None]:
    """How a connector's requests are answered, and what has to run for that."""
    calls = Calls(connector, measures=measures)
    legacy = settings.sessions != "off"
    if settings.framing == "kernel":
        server = build_server(calls, current_context, streams=streams)
        kernel = Kernel(
            server, calls, current_context, legacy=legacy, traces=traces, streams=streams
        )
        return KernelFraming(kernel), None
    manager = StreamableHTTPSessionManager(
        build_server(calls, current_context, traces, streams=streams),
        json_response=True,
        stateless=True,
        max_request_body_size=settings.max_body_bytes,
    )
    return SdkFraming(manager, legacy=legacy), ManagerTask(manager)
