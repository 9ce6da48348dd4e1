"""/authorize (RFC 6749 3.1): prove the client, then ask the person."""

from quart import Response, request

from treenail_runtime.auth.authorization import (
    Asked,
    LocalRefusal,
    RedirectRefusal,
    decide_authorization,
    named_client,
)
from treenail_runtime.auth.records import AuthorizationRequest, Client, Digest, Instance, Mac
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.edge.limiting import first_refusal

from .asking import Question, ask, login_form
from .browser import browser_of, is_opened, new_browser, set_browser
from .client_lookup import find_client
from .forms import read_form, read_query
from .page import as_page, redirected
from .problems import CLOSED, NOT_OPENED, TOO_MANY_WAITING, PageError, local, too_fast
from .services import OAuth


async def authorize(services: OAuth, instance: Instance) -> Response:
    """GET, or POST with the parameters in the body; the same request is answered each time."""
    return await as_page(services, instance, lambda: _authorize(services, instance))


async def _authorize(services: OAuth, instance: Instance) -> Response:
    if not is_opened(request):
        # Before the limits: another site's images must not use up those of its visitor.
        raise PageError(NOT_OPENED, "not opened as a page")
    address = services.caller(request)
    refusal = await first_refusal(services.limiter.at(instance), ("authorize", address))
    if refusal is not None:
        raise too_fast(refusal)
    asked = await _asked()
    client_id = named_client(asked)
    if isinstance(client_id, LocalRefusal):
        raise local(client_id.reason)
    client = await find_client(services, instance, client_id)
    if client is None:
        raise local("unknown client")
    match decide_authorization(asked, client, instance):
        case LocalRefusal(reason):
            raise local(reason)
        case RedirectRefusal() as refused:
            return _refused(services, instance, refused)
        case AuthorizationRequest() as accepted:
            return await _ask(services, instance, client, accepted, address)


async def _asked() -> Asked:
    if request.method == "POST":
        return Asked(parameters=await read_form(request))
    # Repeated ones told rather than refused: the client hears of it when it is proven.
    found, repeated = read_query(request)
    return Asked(parameters=found, repeated=repeated)


def _refused(services: OAuth, instance: Instance, refusal: RedirectRefusal) -> Response:
    answer = (
        ("error", refusal.error),
        ("error_description", refusal.description),
        ("state", refusal.state),
    )
    return redirected(services, instance, refusal.redirect_uri, answer)


async def _ask(
    services: OAuth,
    instance: Instance,
    client: Client,
    accepted: AuthorizationRequest,
    address: str,
) -> Response:
    https, lifetime_s = services.policy.https, services.policy.login_s
    browser = browser_of(request, https=https) or new_browser()
    txn, csrf = new_token(instance.token_prefix, "txn"), new_token(instance.token_prefix, "csr")
    form = login_form(services, instance)
    if not instance.is_open or form.lacks_client:
        raise PageError(CLOSED, "not in service")
    question = Question(template="consent.html", fields=form.typed)
    page = ask(services, instance, client, accepted, question, txn=txn, csrf=csrf)
    if request.method == "HEAD":
        # Safe (RFC 9110 9.2.1): nobody gets a form, so that nothing has to wait for one.
        return page
    added = await services.pending.add(
        Digest(digest(txn)),
        browser=Digest(digest(browser)),
        csrf=Digest(digest(csrf)),
        request=accepted,
        address=Mac(services.macs.ip(address)),
        lifetime_s=lifetime_s,
    )
    if not added:
        raise PageError(
            TOO_MANY_WAITING, "too many pending logins", {"Retry-After": str(lifetime_s)}
        )
    set_browser(page, browser, https=https, lifetime_s=lifetime_s)
    return page
