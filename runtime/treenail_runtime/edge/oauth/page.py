"""Pages for people: templates with their headers, and problems told as pages."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from quart import Response

from treenail_runtime.auth.errors import OAuthError, StoreUnavailableError
from treenail_runtime.auth.login import LARGEST_VALUE
from treenail_runtime.auth.records import Instance
from treenail_runtime.auth.redirect_uris import build_redirect, redirect_host
from treenail_runtime.edge.headers import page_headers
from treenail_runtime.telemetry import request_id

from .problems import BROKEN, BUSY, MALFORMED, TOO_FAST, PageError, Problem
from .services import OAuth
from .stylesheet import STYLESHEET_URL
from .views import FormView, SetupView

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_SEE_OTHER: Final = 303
_NOTHING: Final[Mapping[str, str]] = {}

_templates: Final = Environment(
    loader=PackageLoader(__name__.rpartition(".")[0], "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def form_page(
    services: OAuth,
    view: FormView | SetupView,
    template: str,
    *,
    targets: Iterable[str],
    status: int = 200,
    headers: Mapping[str, str] = _NOTHING,
) -> Response:
    """A page with a form whose answer may lead to `targets`."""
    text = _written(template, view=view, longest=LARGEST_VALUE)
    return _page(services, text, status, headers, form_targets=targets)


def problem_page(
    services: OAuth, instance: Instance, problem: Problem, headers: Mapping[str, str] = _NOTHING
) -> Response:
    """A page that ends the attempt."""
    host = redirect_host(instance.issuer)
    text = _written("problem.html", problem=problem, reference=request_id(), host=host)
    return _page(services, text, problem.status, headers)


def done_page(services: OAuth, instance: Instance, title: str) -> Response:
    """A page for somebody who has connected an instance, and need not come back."""
    text = _written("done.html", title=title, host=redirect_host(instance.issuer))
    return _page(services, text, 200, _NOTHING)


def redirected(
    services: OAuth, instance: Instance, uri: str, answer: Iterable[tuple[str, str | None]]
) -> Response:
    """Back to the client, with `iss` (RFC 9207 2); 303, as a form may have been posted here.

    RFC 9700 4.12: with 307, the browser would post the credentials to the client.
    """
    params = [(name, value) for name, value in answer if value is not None]
    target = build_redirect(uri, [*params, ("iss", instance.issuer)])
    headers = {**page_headers(https=services.policy.https), "Location": target}
    return Response("", _SEE_OTHER, headers=headers, content_type="text/plain; charset=utf-8")


async def as_page(
    services: OAuth, instance: Instance, handler: Callable[[], Awaitable[Response]]
) -> Response:
    """What `handler` answers; whatever it raises becomes a page for the person."""
    try:
        return await handler()
    except PageError as error:
        log.info("page.refused", reason=error.reason, instance=instance.id)
        return problem_page(services, instance, error.problem, error.headers)
    except OAuthError as error:
        log.info("page.refused", reason=str(error), instance=instance.id)
        return problem_page(services, instance, _problem(error), retry_after(error.retry_after_s))
    except StoreUnavailableError as error:
        log.warning("page.unavailable", instance=instance.id)
        return problem_page(services, instance, BUSY, retry_after(error.retry_after_s))
    except Exception:
        # The boundary: no stack trace reaches a person.
        log.exception("page.crashed", instance=instance.id)
        return problem_page(services, instance, BROKEN)


def retry_after(seconds: int | None) -> Mapping[str, str]:
    """When to try again, as a header field; nothing for None."""
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _problem(error: OAuthError) -> Problem:
    match error.error:
        case "slow_down":
            return TOO_FAST
        case "temporarily_unavailable":
            return BUSY
        case _:
            return MALFORMED


def _written(template: str, **values: object) -> str:
    return _templates.get_template(template).render(stylesheet=STYLESHEET_URL, **values)


def _page(
    services: OAuth,
    text: str,
    status: int,
    headers: Mapping[str, str],
    *,
    form_targets: Iterable[str] = (),
) -> Response:
    return Response(
        text,
        status,
        headers={**page_headers(form_targets, https=services.policy.https), **headers},
        content_type="text/html; charset=utf-8",
    )
