"""How the authorization server answers: JSON, errors in the words of OAuth, and nothing by accident."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from quart import Response

from treenail_runtime.auth.errors import OAuthError, StoreUnavailableError
from treenail_runtime.dispatch.strict_json import write_json
from treenail_runtime.telemetry import request_id

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_NOTHING: Final[Mapping[str, str]] = {}


def json_answer(
    value: object, status: int = 200, headers: Mapping[str, str] = _NOTHING
) -> Response:
    """`value` as JSON; not to be stored (RFC 6749 5.1), unless `headers` say otherwise."""
    return Response(
        write_json(value),
        status,
        headers={**_NO_STORE, **headers},
        content_type="application/json",
    )


def error_answer(error: OAuthError) -> Response:
    """The refusal as RFC 6749 5.2 writes it."""
    headers: dict[str, str] = {}
    if error.basic and error.status == 401:  # noqa: PLR2004  # Unauthorized
        headers["WWW-Authenticate"] = 'Basic realm="oauth", charset="UTF-8"'
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    body = {"error": error.error, "error_description": error.description}
    return json_answer(body, error.status, headers)


async def answered(handler: Callable[[], Awaitable[Response]], name: str) -> Response:
    """What `handler` answers, or the error that it raised, told without its reason."""
    try:
        return await handler()
    except OAuthError as error:
        log.info(
            "oauth.refused",
            endpoint=name,
            error=error.error,
            reason=error.reason or error.description,
        )
        return error_answer(error)
    except StoreUnavailableError as error:
        log.warning("oauth.unavailable", endpoint=name, reason=str(error))
        return error_answer(unavailable(error.retry_after_s))
    except Exception:
        # The boundary: no stack trace reaches a client.
        reference = request_id()
        log.exception("oauth.crashed", endpoint=name, reference=reference)
        return error_answer(
            OAuthError("server_error", f"the server failed unexpectedly; reference {reference}")
        )


def unavailable(retry_after_s: int) -> OAuthError:
    """A fault that will pass; never `invalid_grant`, on which clients throw their tokens away."""
    return OAuthError(
        "temporarily_unavailable",
        "the server cannot answer now; try again",
        retry_after_s=retry_after_s,
    )
