"""The composition root: which part gets which."""

from collections.abc import Sequence
from typing import cast

import httpx
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from treenail_runtime.contract import Connector, ToolContext
from treenail_runtime.dispatch.calls import Calls
from treenail_runtime.dispatch.kernel import Kernel
from treenail_runtime.dispatch.server import build_server
from treenail_runtime.edge.asgi import AsgiApp
from treenail_runtime.edge.guard import Guard, Route
from treenail_runtime.edge.hosts import HostRules
from treenail_runtime.edge.mcp_endpoint import (
    Framing,
    KernelFraming,
    McpEndpoints,
    SdkFraming,
)
from treenail_runtime.edge.pages import HEALTH_ROUTES, make_pages
from treenail_runtime.settings import Settings
from treenail_runtime.upstream import AiohttpTransport, CircuitBreaker

from .connecting import Offering, open_context
from .lifespan import Lifespan


def create_app(
    settings: Settings,
    served: Sequence[Offering],
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsgiApp:
    """The ASGI application; it opens and closes what it needs in its lifespan.

    Args:
        settings: Framing, limits, allowed names.
        served: At least one; the first also answers at `/mcp`.
        transport: Towards the upstreams; closed at the end.

    Raises:
        ConfigurationError: A connection's values do not make credentials.
    """
    transport = transport or AiohttpTransport()
    breakers: dict[str, CircuitBreaker] = {}
    lifespan = Lifespan(transport)
    framings: dict[str, tuple[str, Framing]] = {}
    for offering in served:
        name = offering.connector.name
        breaker = breakers.setdefault(offering.connection.server_url, CircuitBreaker())
        context = open_context(offering, transport, breaker)
        lifespan.check(offering.connector, context)
        framings[f"/{name}/mcp"] = (name, _framing(settings, offering.connector, context, lifespan))
    framings = {"/mcp": next(iter(framings.values())), **framings}
    pages = make_pages([each.connector.name for each in served], lambda: lifespan.is_ready)
    pages.before_serving(lifespan.start)
    pages.after_serving(lifespan.stop)
    mcp_route = Route(methods=("POST",), max_body=settings.max_body_bytes, json_rpc=True)
    return Guard(
        # Quart's ASGI types are TypedDicts, one per message.
        McpEndpoints(cast("AsgiApp", pages), framings),
        {**HEALTH_ROUTES, **dict.fromkeys(framings, mcp_route)},
        HostRules((*_own_names(settings), *settings.allowed_hosts), settings.allowed_origins),
    )


def _own_names(settings: Settings) -> tuple[str, ...]:
    """The name in the URL that is announced. Not for 0.0.0.0, which any web page can reach."""
    if not settings.is_loopback:
        return ()
    return (f"[{settings.host}]:*" if ":" in settings.host else f"{settings.host}:*",)


def _framing(
    settings: Settings, connector: Connector, context: ToolContext, lifespan: Lifespan
) -> Framing:
    calls = Calls(connector)
    server = build_server(calls, lambda: context, tracing=settings.tracing)
    legacy = settings.legacy_sessions != "off"
    if settings.framing == "kernel":
        return KernelFraming(Kernel(server, calls, lambda: context, legacy=legacy))
    manager = StreamableHTTPSessionManager(
        server,
        json_response=True,
        stateless=True,
        max_request_body_size=settings.max_body_bytes,
    )
    lifespan.run(manager)
    return SdkFraming(manager, legacy=legacy)
