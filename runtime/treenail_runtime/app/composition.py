"""The composition root: which part gets which."""

from collections.abc import Sequence
from typing import cast

import httpx
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.contract import Connector, ToolContext
from treenail_runtime.dispatch.callers import current_context
from treenail_runtime.dispatch.calls import Calls
from treenail_runtime.dispatch.kernel import Kernel
from treenail_runtime.dispatch.server import build_server
from treenail_runtime.edge.asgi import AsgiApp
from treenail_runtime.edge.framings import Framing, KernelFraming, SdkFraming
from treenail_runtime.edge.gates import OpenGate
from treenail_runtime.edge.guard import Guard
from treenail_runtime.edge.mcp_endpoint import (
    MCP_PATH,
    EndpointFinder,
    McpEndpoint,
    McpEndpoints,
)
from treenail_runtime.edge.pages import HEALTH_ROUTES, make_pages
from treenail_runtime.edge.routing import INSTANCE, Route
from treenail_runtime.settings import Settings
from treenail_runtime.upstream import AiohttpTransport

from .authorizing import add_authorization
from .connecting import Offering
from .health import ServiceHealth
from .hosting import host_rules
from .lifespan import Closed, CredentialChecks, Lifespan, ManagerTask
from .upstreams import Upstreams, open_context


def create_app(
    settings: Settings,
    served: Sequence[Offering],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsgiApp:
    """The ASGI application; it opens and closes what it needs in its lifespan.

    Args:
        settings: With a `base_url` unless there is no authorization.
        served: At least one; the first also answers at `/mcp`.
        transport: Towards the upstreams; closed at the end.

    Raises:
        ConfigurationError: What is set does not make a server.
    """
    transport = transport or AiohttpTransport()
    lifespan = Lifespan()
    lifespan.add(Closed(transport.aclose))
    upstreams = Upstreams(transport)
    framings = {
        each.connector.name: _framing(settings, each.connector, lifespan) for each in served
    }
    https = (settings.base_url or "").startswith("https://")
    health = ServiceHealth([each.connector.name for each in served])
    pages = make_pages(health.connectors, lifespan.is_usable, health.told, https=https)
    pages.before_serving(lifespan.start)
    pages.after_serving(lifespan.stop)
    routes = dict(HEALTH_ROUTES)
    if settings.no_auth:
        default, find = _open_endpoints(served, framings, upstreams, lifespan)
    else:
        authorized = add_authorization(
            settings, served, framings, upstreams, pages, lifespan, health
        )
        default, find = authorized.default, authorized.find
        routes |= authorized.routes
    routes |= dict.fromkeys((MCP_PATH, f"/{INSTANCE}{MCP_PATH}"), _mcp_route(settings))
    return Guard(
        # Quart's ASGI types are TypedDicts, one per message.
        McpEndpoints(cast("AsgiApp", pages), default, find),
        routes,
        host_rules(settings),
    )


def _mcp_route(settings: Settings) -> Route:
    methods = ("POST", "DELETE") if settings.sessions == "bound" else ("POST",)
    return Route(methods=methods, max_body=settings.max_body_bytes, json_rpc=True, origins="cors")


def _open_endpoints(
    served: Sequence[Offering],
    framings: dict[str, Framing],
    upstreams: Upstreams,
    lifespan: Lifespan,
) -> tuple[McpEndpoint, EndpointFinder]:
    """Each connector as the connection of the environment, for everybody who reaches it."""
    endpoints: dict[str, McpEndpoint] = {}
    checked: list[tuple[Connector, ToolContext]] = []
    for each in served:
        name = each.connector.name
        context = open_context(each, upstreams)
        checked.append((each.connector, context))
        endpoints[name] = McpEndpoint(
            connector=name, framing=framings[name], gate=OpenGate(context)
        )
    lifespan.add(CredentialChecks(checked))

    async def find(name: str) -> McpEndpoint | None:
        return endpoints.get(name)

    return next(iter(endpoints.values())), find


def _framing(settings: Settings, connector: Connector, lifespan: Lifespan) -> Framing:
    calls = Calls(connector)
    server = build_server(calls, current_context, tracing=settings.tracing)
    legacy = settings.sessions != "off"
    if settings.framing == "kernel":
        return KernelFraming(Kernel(server, calls, current_context, legacy=legacy))
    manager = StreamableHTTPSessionManager(
        server,
        json_response=True,
        stateless=True,
        max_request_body_size=settings.max_body_bytes,
    )
    lifespan.add(ManagerTask(manager))
    return SdkFraming(manager, legacy=legacy)
