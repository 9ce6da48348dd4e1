"""The Quart application for everything that is not MCP: health here, OAuth beside it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Final

import structlog
from quart import Quart, Response
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from treenail_runtime.clock import Clock, utc_now
from treenail_runtime.telemetry import bind_request

from .headers import json_headers
from .routing import Route

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

HEALTH_ROUTES: Final = {
    path: Route(methods=("GET", "HEAD"), any_host=True)
    for path in ("/health", "/healthz", "/readyz")
}


def make_pages(
    offered: Callable[[], Collection[str]],
    is_ready: Callable[[], Awaitable[bool]],
    services: Callable[[], Mapping[str, str]],
    *,
    https: bool,
    clock: Clock = utc_now,
) -> Quart:
    """The application.

    Args:
        offered: Names of the connectors that are served, told at `/readyz`.
        is_ready: Whether requests can be served now.
        services: Health of each connector, told at `/health`.
        https: Whether clients reach the server over https.
        clock: The time of day.
    """
    hardened = json_headers(https=https)
    app = Quart("treenail_runtime", static_folder=None)

    @app.before_request
    async def bind() -> None:
        bind_request()

    @app.get("/healthz")
    async def healthz() -> ResponseReturnValue:
        """Whether the process lives."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> ResponseReturnValue:
        """Whether it should get requests."""
        if not await is_ready():
            return {"status": "not ready"}, 503
        return {"status": "ready", "connectors": list(offered())}

    @app.get("/health")
    async def health() -> ResponseReturnValue:
        """Whether it serves, and each of its connectors."""
        told = services() if await is_ready() else dict.fromkeys(offered(), "unhealthy")
        status = _together(told.values())
        body = {
            "status": status,
            "services": dict(told),
            "timestamp": clock().isoformat(timespec="seconds"),
        }
        return body, 503 if status == "unhealthy" else 200

    @app.errorhandler(HTTPException)
    async def refused(error: HTTPException) -> ResponseReturnValue:
        return {"error": error.name}, error.code or 500

    @app.errorhandler(Exception)
    async def crashed(error: Exception) -> ResponseReturnValue:
        log.error("page.crashed", exc_info=error)
        return {"error": "Internal Server Error"}, 500

    @app.after_request
    async def harden(response: Response) -> Response:
        for name, value in hardened.items():
            response.headers.setdefault(name, value)
        return response

    _ = bind, health, healthz, readyz, refused, crashed, harden
    return app


def _together(states: Iterable[str]) -> str:
    """The state of all: one that cannot be used does not make the others unusable."""
    found = set(states)
    if found <= {"healthy"}:
        return "healthy"
    return "unhealthy" if found == {"unhealthy"} else "degraded"
