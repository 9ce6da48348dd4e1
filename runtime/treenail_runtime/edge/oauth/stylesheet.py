"""The one file that pages load; its URL changes with its text."""

import hashlib
from importlib.resources import files
from typing import Final

from quart import Response, request

from treenail_runtime.edge.limiting import first_refusal, too_many

from .services import OAuth

STYLESHEET_PATH: Final = "/static/treenail.css"

_TEXT: Final = files(__name__.rpartition(".")[0]).joinpath("pages", "style.css").read_bytes()
_YEAR: Final = "public, max-age=31536000, immutable"

STYLESHEET_URL: Final = f"{STYLESHEET_PATH}?v={hashlib.sha256(_TEXT).hexdigest()[:12]}"


async def stylesheet(services: OAuth) -> Response:
    """GET /static/treenail.css."""
    refusal = await first_refusal(services.limiter, ("static", services.caller(request)))
    if refusal is not None:
        return too_many(refusal)
    headers = {"Cache-Control": _YEAR, "X-Content-Type-Options": "nosniff"}
    return Response(_TEXT, headers=headers, content_type="text/css; charset=utf-8")
