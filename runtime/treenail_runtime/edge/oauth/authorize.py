"""/authorize (RFC 6749 3.1): prove the client, then ask the person."""

from quart import Response, request

from treenail_runtime.auth.authorization import (
    Asked,
    LocalRefusal,
    RedirectRefusal,
    decide_authorization,
    named_client,
)
from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.records import AuthorizationRequest, Client, Digest, Instance, Mac
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.edge.limiting import first_refusal

from .asking import Question, ask, login_form
from .browser import browser_of, new_browser, set_browser
from .client_lookup import find_client
from .forms import parameters, read_form, read_query
from .page import as_page, redirected
from .problems import TOO_MANY_WAITING, PageError, local, too_fast
from .services import OAuth


async def authorize(services: OAuth, instance: Instance) -> Response:
    """GET, or POST with the parameters in the body; the same request is answered each time."""
    return await as_page(services, instance, lambda: _authorize(services, instance))


async def _authorize(services: OAuth, instance: Instance) -> Response:
    address = services.caller(request)
    refusal = await first_refusal(services.limiter, ("authorize", address))
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
    try:
        return Asked(parameters=read_query(request))
    except OAuthError as error:
        return _first_of_each(request.query_string, error)


def _first_of_each(query: bytes, error: OAuthError) -> Asked:
    """Repeated parameters told rather than refused: the client hears of it when it is proven."""
    found: dict[str, str] = {}
    repeated: set[str] = set()
    for pair in query.split(b"&"):
        for name, value in parameters(pair).items():
            if found.setdefault(name, value) is not value:
                repeated.add(name)
    if not repeated:
        raise error
    return Asked(parameters=found, repeated=frozenset(repeated))


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
    fields = login_form(services, instance).typed
    question = Question(template="consent.html", fields=fields)
    page = ask(services, instance, client, accepted, question, txn=txn, csrf=csrf)
    set_browser(page, browser, https=https, lifetime_s=lifetime_s)
    return page
