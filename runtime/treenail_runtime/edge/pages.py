"""The Quart application for everything that is not MCP: health here, OAuth beside it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from quart import Quart, Response
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from treenail_runtime.telemetry import bind_request

from .headers import json_headers
from .routing import Route

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

HEALTH_ROUTES: Final = {
    path: Route(methods=("GET", "HEAD"), any_host=True) for path in ("/healthz", "/readyz")
}


def make_pages(
    connectors: Sequence[str], is_ready: Callable[[], Awaitable[bool]], *, https: bool
) -> Quart:
    """The application.

    Args:
        connectors: Told at `/readyz`.
        is_ready: Whether requests can be served now.
        https: Whether clients reach the server over https.
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
        return {"status": "ready", "connectors": list(connectors)}

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

    _ = bind, healthz, readyz, refused, crashed, harden
    return app
