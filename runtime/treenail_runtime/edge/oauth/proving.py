"""Whether a posted form is ours, from the browser that got it, for a client that still exists."""

from hmac import compare_digest

from quart import Request

from treenail_runtime.auth.authorization import still_holds
from treenail_runtime.auth.records import Client, Digest, Instance, PendingLogin
from treenail_runtime.crypto.opaque import digest, is_well_formed

from .browser import browser_of
from .client_lookup import find_client
from .forms import Parameters
from .problems import CHANGED, GONE, NOT_PROVEN, PageError
from .services import OAuth


async def proven_login(
    services: OAuth, instance: Instance, request: Request, form: Parameters
) -> PendingLogin:
    """The pending login that `form` is about.

    Raises:
        PageError: There is none, or it belongs to another browser, or the form is not ours.
    """
    pending = await _find(services, instance, form.get("txn", ""))
    browser = browser_of(request, https=services.policy.https)
    if browser is None or not compare_digest(pending.browser, digest(browser)):
        # Its name got about: whoever brings it, it is not safe to go on.
        await services.pending.delete(pending.id)
        raise await _refused(services, instance, request, pending, "other browser")
    csrf = digest(form.get("csrf", ""))
    if not any([compare_digest(csrf, known) for known in pending.csrf]):  # noqa: C419  # all of them, in constant time
        raise await _refused(services, instance, request, pending, "form token")
    return pending


async def known_client(services: OAuth, instance: Instance, pending: PendingLogin) -> Client:
    """The client, if it and its redirect URI are still registered.

    Raises:
        PageError: They are not; the pending login has ended.
    """
    client = await find_client(services, instance, pending.request.client_id)
    if client is None or not still_holds(pending.request, client, instance):
        await services.pending.delete(pending.id)
        raise PageError(CHANGED, "client changed")
    return client


async def _find(services: OAuth, instance: Instance, txn: str) -> PendingLogin:
    if not is_well_formed(txn, "txn"):
        raise PageError(GONE, "malformed transaction")
    pending = await services.pending.find(Digest(digest(txn)))
    if pending is None or pending.request.instance_id != instance.id:
        raise PageError(GONE, "no such transaction")
    return pending


async def _refused(
    services: OAuth, instance: Instance, request: Request, pending: PendingLogin, reason: str
) -> PageError:
    await services.audit.record(
        "login.failed",
        "refused",
        instance=instance.id,
        client_id=pending.request.client_id,
        ip=services.caller(request),
        reason=reason,
    )
    return PageError(NOT_PROVEN, reason)
