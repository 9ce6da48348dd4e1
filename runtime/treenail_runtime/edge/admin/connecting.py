""".../auth/connect/{service}: a page on which somebody agrees to give an instance their account."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Final

from quart import Response, request

from treenail_runtime.administration import AdministrationError, Asking, Kind
from treenail_runtime.auth.consent import shown_name
from treenail_runtime.auth.records import Digest
from treenail_runtime.auth.redirect_uris import redirect_host
from treenail_runtime.crypto.opaque import digest
from treenail_runtime.edge.headers import page_headers
from treenail_runtime.edge.limiting import first_refusal
from treenail_runtime.edge.oauth.browser import (
    browser_of,
    is_opened,
    new_browser,
    set_browser,
)
from treenail_runtime.edge.oauth.forms import Parameters, read_form, read_query
from treenail_runtime.edge.oauth.page import as_page, form_page, retry_after
from treenail_runtime.edge.oauth.problems import (
    DECLINED,
    GONE,
    MALFORMED,
    NOT_OPENED,
    NOT_PROVEN,
    PROVIDER_AWAY,
    PageError,
    Problem,
    too_fast,
)
from treenail_runtime.edge.oauth.views import SetupView
from treenail_runtime.providers import login_places

from .services import AdminServices

_PROBLEMS: Final[Mapping[Kind, Problem]] = {"upstream-unavailable": PROVIDER_AWAY}
_SEE_OTHER: Final = 303


async def invited(services: AdminServices, service: str) -> Response:
    """GET: what the account is for. Nothing is used up by looking."""
    place = services.places.default
    return await as_page(services.oauth, place, lambda: _invited(services, service))


async def agreed(services: AdminServices, service: str) -> Response:
    """POST: to the provider, or not."""
    place = services.places.default
    return await as_page(services.oauth, place, lambda: _agreed(services, service))


async def _invited(services: AdminServices, service: str) -> Response:
    if not is_opened(request):
        raise PageError(NOT_OPENED, "not opened as a page")
    await _count(services)
    query, _ = read_query(request)
    ticket = query.get("txn", "")
    try:
        asking = await services.departures.asking(service, ticket)
    except AdministrationError as error:
        raise _problem(error) from None
    https = services.oauth.policy.https
    browser = browser_of(request, https=https) or new_browser()
    view = _view(services, asking, ticket, services.oauth.macs.form(browser, ticket))
    page = form_page(services.oauth, view, "setup.html", targets=login_places(asking.provider))
    set_browser(page, browser, https=https)
    return page


async def _agreed(services: AdminServices, service: str) -> Response:
    await _count(services)
    form = await read_form(request)
    ticket = form.get("txn", "")
    browser = _proven(services, form, ticket)
    try:
        match form.get("decision"):
            case "allow":
                url = await services.departures.leave(service, ticket, Digest(digest(browser)))
            case "deny":
                await services.departures.decline(service, ticket)
                raise PageError(DECLINED, "declined")
            case _:
                raise PageError(MALFORMED, "no such decision")
    except AdministrationError as error:
        raise _problem(error) from None
    headers = {**page_headers(https=services.oauth.policy.https), "Location": url}
    return Response("", _SEE_OTHER, headers=headers, content_type="text/plain; charset=utf-8")


async def _count(services: AdminServices) -> None:
    caller = services.oauth.caller(request)
    refusal = await first_refusal(services.oauth.limiter, ("authorize", caller))
    if refusal is not None:
        raise too_fast(refusal)


def _proven(services: AdminServices, form: Parameters, ticket: str) -> str:
    """The browser that was shown this form.

    Raises:
        PageError: It was shown to another one, or is not ours.
    """
    browser = browser_of(request, https=services.oauth.policy.https)
    if browser is None:
        raise PageError(NOT_PROVEN, "other browser")
    expected = services.oauth.macs.form(browser, ticket)
    if not compare_digest(form.get("csrf", "").encode(), expected.encode()):
        raise PageError(NOT_PROVEN, "form token")
    return browser


def _view(services: AdminServices, asking: Asking, ticket: str, csrf: str) -> SetupView:
    record = asking.record
    return SetupView(
        host=redirect_host(services.places.default.issuer),
        upstream=asking.connector.title,
        instance=shown_name(record.title) or record.slug,
        slug=record.slug,
        owner=shown_name(record.owner) or "somebody without a name",
        upstream_scopes=asking.scopes,
        action=record.service,
        txn=ticket,
        csrf=csrf,
    )


def _problem(error: AdministrationError) -> PageError:
    problem = _PROBLEMS.get(error.kind, GONE)
    return PageError(problem, error.kind, retry_after(error.retry_after_s))
