"""POST /authorize/decision: deny, or allow where nobody has to log in."""

from quart import Response, request

from treenail_runtime.auth.login import Accepted, Unavailable
from treenail_runtime.auth.records import ConnectionConfig, Instance, PendingLogin
from treenail_runtime.edge.limiting import first_refusal
from treenail_runtime.upstream.ways import needs_client

from .asking import login_form
from .completing import complete
from .forms import read_form
from .page import as_page, redirected, retry_after
from .problems import GONE, MALFORMED, SERVER_REFUSED, SERVER_UNCHECKED, PageError, too_fast
from .proving import known_client, proven_login
from .services import OAuth


async def decision(services: OAuth, instance: Instance) -> Response:
    """The answer of a person who need not, or will not, log in."""
    return await as_page(services, instance, lambda: _decision(services, instance))


async def _decision(services: OAuth, instance: Instance) -> Response:
    address = services.caller(request)
    refusal = await first_refusal(services.limiter.at(instance), ("authorize", address))
    if refusal is not None:
        raise too_fast(refusal)
    form = await read_form(request)
    pending = await proven_login(services, instance, request, form)
    await known_client(services, instance, pending)
    match form.get("decision"):
        case "deny":
            return await _deny(services, instance, pending)
        case "allow" if login_form(services, instance).is_empty:
            return await _allow(services, instance, pending)
        case _:
            raise PageError(MALFORMED, "no such decision")


async def _allow(services: OAuth, instance: Instance, pending: PendingLogin) -> Response:
    """Connect without any login, once the server's own client has been tried where there is one."""
    config = ConnectionConfig(connector=instance.connector, values={}, secrets={})
    if needs_client(services.connectors[instance.connector].auth):
        match await services.checker.check(instance, config):
            case Accepted():
                pass
            case Unavailable(retry_after_s):
                raise PageError(SERVER_UNCHECKED, "not checked", retry_after(retry_after_s))
            case _:
                raise PageError(SERVER_REFUSED, "the server's client is refused")
    return await complete(services, instance, pending, config)


async def _deny(services: OAuth, instance: Instance, pending: PendingLogin) -> Response:
    if not await services.pending.delete(pending.id):
        raise PageError(GONE, "ended meanwhile")
    asked = pending.request
    await services.audit.record(
        "authorization.denied",
        "denied",
        instance=instance.id,
        client_id=asked.client_id,
        ip=services.caller(request),
    )
    answer = (
        ("error", "access_denied"),
        ("error_description", "the person did not allow it"),
        ("state", asked.state),
    )
    return redirected(services, instance, asked.redirect_uri, answer)
