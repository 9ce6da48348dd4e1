"""The Quart application for everything that is not MCP: health now, login and consent later."""

from collections.abc import Callable, Sequence
from typing import Final

import structlog
from quart import Quart, Response
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from .guard import Route

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

HEALTH_ROUTES: Final = {
    path: Route(methods=("GET", "HEAD"), any_host=True) for path in ("/healthz", "/readyz")
}

_SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_pages(connectors: Sequence[str], is_ready: Callable[[], bool]) -> Quart:
    """The application; `is_ready` tells whether requests can be served now."""
    app = Quart("treenail_runtime", static_folder=None)

    @app.get("/healthz")
    async def healthz() -> ResponseReturnValue:
        """Whether the process lives."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> ResponseReturnValue:
        """Whether it should get requests."""
        if not is_ready():
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
        response.headers.update(_SECURITY_HEADERS)
        return response

    _ = healthz, readyz, refused, crashed, harden
    return app
