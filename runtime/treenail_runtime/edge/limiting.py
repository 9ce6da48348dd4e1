"""How the edge answers whoever asks too often: 429, and when to come back.

Source: RFC 6585 section 4; the `RateLimit-*` fields as in draft-ietf-httpapi-ratelimit-headers-06.
"""

import asyncio
from typing import Final

from quart import Response

from treenail_runtime.dispatch.envelope import Reply, error_reply
from treenail_runtime.dispatch.strict_json import write_json
from treenail_runtime.limits import Bucket, Limits, Verdict

from .asgi import Header

TOO_MANY: Final = 429
RATE_LIMITED: Final = -32_000
"""JSON-RPC leaves -32000 to -32099 to servers; MCP gives this number no meaning."""

HELD_SECONDS: Final = 0.25
"""How long a refusal is held back: whoever calls on without a pause then costs those beside him
next to nothing."""

_DESCRIPTION: Final = "Too many requests; see Retry-After"


def limit_headers(verdict: Verdict) -> dict[str, str]:
    """`RateLimit-*`, and `Retry-After` for whoever has to wait; nothing where there is no limit."""
    if verdict.limit is None:
        return {}
    headers = {
        "RateLimit-Limit": str(verdict.limit),
        "RateLimit-Remaining": str(verdict.remaining),
        "RateLimit-Reset": str(verdict.reset_s),
    }
    if verdict.retry_after_s is not None:
        headers["Retry-After"] = str(verdict.retry_after_s)
    return headers


async def first_refusal(limits: Limits, *hits: tuple[Bucket, str]) -> Verdict | None:
    """Count each `(bucket, key)` in turn; the first refusal ends it, a little later, None admits."""
    for bucket, key in hits:
        verdict = await limits.hit(bucket, key)
        if not verdict.allowed:
            await asyncio.sleep(HELD_SECONDS)
            return verdict
    return None


def too_many(verdict: Verdict) -> Response:
    """The answer of an OAuth endpoint: `slow_down` of RFC 8628 3.5, the only word that fits."""
    return Response(
        write_json({"error": "slow_down", "error_description": _DESCRIPTION}),
        TOO_MANY,
        headers={**limit_headers(verdict), "Cache-Control": "no-store"},
        content_type="application/json",
    )


def too_many_calls(verdict: Verdict) -> tuple[Reply, list[Header]]:
    """The answer of an MCP endpoint: a JSON-RPC error without an id, and its header fields."""
    data = None if verdict.retry_after_s is None else {"retryAfterSeconds": verdict.retry_after_s}
    reply = error_reply(None, RATE_LIMITED, _DESCRIPTION, data, status=TOO_MANY)
    headers = limit_headers(verdict).items()
    return reply, [(name.lower().encode(), value.encode()) for name, value in headers]
