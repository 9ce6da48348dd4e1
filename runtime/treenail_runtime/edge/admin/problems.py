"""Refusals as problem details (RFC 9457)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from quart import Response

from treenail_runtime.administration import AdministrationError, Kind
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.dispatch.strict_json import write_json
from treenail_runtime.edge.limiting import TOO_MANY, limit_headers
from treenail_runtime.limits import Verdict
from treenail_runtime.telemetry import request_id

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_TITLES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    412: "Precondition Failed",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

_STATUS: Final[Mapping[Kind, int]] = {
    "unknown-instance": 404,
    "unknown-service": 404,
    "slug-malformed": 422,
    "slug-reserved": 422,
    "slug-taken": 409,
    "too-many-instances": 409,
    "invalid": 422,
    "not-allowed": 403,
    "wrong-state": 409,
    "no-client": 409,
    "changed-meanwhile": 409,
    "other-version": 412,
    "credentials-refused": 422,
    "credentials-unclear": 422,
    "declined": 403,
    "upstream-unavailable": 503,
}


class ApiProblem(Exception):  # noqa: N818  # RFC 9457's word
    """The request is not served.

    Attributes:
        kind: A stable word.
        detail: For people.
        faults: Of single fields, by their names.
        headers: Further header fields.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        faults: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.faults = faults or {}
        self.headers = headers or {}


def told(error: AdministrationError) -> ApiProblem:
    """What is told of something that cannot be done."""
    wait = error.retry_after_s
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return ApiProblem(
        _STATUS[error.kind], error.kind, error.detail, faults=error.faults, headers=headers
    )


def too_fast(verdict: Verdict) -> ApiProblem:
    """Somebody asks too often."""
    return ApiProblem(
        TOO_MANY, "too-many-requests", "too many requests", headers=limit_headers(verdict)
    )


def json_reply(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """`value` as JSON, not to be stored."""
    fields = {"Cache-Control": "no-store", **(headers or {})}
    return Response(write_json(value), status, headers=fields, content_type="application/json")


async def answered(handler: Callable[[], Awaitable[Response]], name: str) -> Response:
    """What `handler` answers, or the problem that it raised."""
    try:
        return await handler()
    except ApiProblem as problem:
        log.info("admin.refused", endpoint=name, kind=problem.kind, status=problem.status)
        return _reply(problem)
    except AdministrationError as error:
        log.info("admin.refused", endpoint=name, kind=error.kind)
        return _reply(told(error))
    except StoreUnavailableError as error:
        log.warning("admin.unavailable", endpoint=name)
        headers = {"Retry-After": str(error.retry_after_s)}
        problem = ApiProblem(503, "unavailable", "the server cannot answer now", headers=headers)
        return _reply(problem)
    except Exception:
        # The boundary: no stack trace reaches a client.
        reference = request_id()
        log.exception("admin.crashed", endpoint=name, reference=reference)
        return _reply(ApiProblem(500, "crashed", f"the server failed; reference {reference}"))


def _reply(problem: ApiProblem) -> Response:
    body: dict[str, object] = {
        "type": f"urn:treenail:problem:{problem.kind}",
        "title": _TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.faults:
        body["errors"] = [
            {"field": name, "detail": detail} for name, detail in problem.faults.items()
        ]
    return Response(
        write_json(body),
        problem.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        content_type="application/problem+json",
    )
