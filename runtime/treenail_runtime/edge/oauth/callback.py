"""GET /callback: a person comes back from the upstream's provider (RFC 6749 4.1.2).

Whoever comes must bring the state that we made, once, in the browser that we sent away, to the
instance that sent it. Only then is anything of what they bring looked at.
"""

from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Final

from quart import Response, request

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.login import Accepted, Denied, Unavailable, make_config
from treenail_runtime.auth.records import Digest, Instance, PendingLogin
from treenail_runtime.crypto.opaque import digest, is_well_formed
from treenail_runtime.edge.limiting import first_refusal
from treenail_runtime.providers import ProviderError, ProviderRefused, ProviderUnavailable
from treenail_runtime.storage.audit import EventType

from .asking import login_form
from .browser import browser_of
from .completing import complete
from .departing import callback_url
from .forms import all_of_each
from .page import as_page, redirected, retry_after
from .problems import (
    ACCOUNT_REFUSED,
    ACCOUNT_UNCHECKED,
    GONE,
    MALFORMED,
    NOT_PROVEN,
    PROVIDER_AWAY,
    PROVIDER_FAILED,
    UNFINISHED,
    PageError,
    too_fast,
)
from .proving import known_client
from .services import OAuth

_STATE: Final = "ups"
_ACCESS_DENIED: Final = "access_denied"


async def callback(services: OAuth, instance: Instance) -> Response:
    """Exchange what the browser brings for tokens, and answer the client that waits."""
    page = as_page(services, instance, lambda: _callback(services, instance))
    # Tokens that the provider has given out meanwhile would live on, and nobody know of them.
    return await services.finishing.finish(page)


async def _callback(services: OAuth, instance: Instance) -> Response:
    refusal = await first_refusal(
        services.limiter.at(instance), ("authorize", services.caller(request))
    )
    if refusal is not None:
        raise too_fast(refusal)
    answer = all_of_each(request)
    pending = await _returned(services, instance, answer.get("state", ()))
    try:
        return await _finished(services, instance, pending, answer)
    except StoreUnavailableError as error:
        # The state is spent: to load this page again would help nobody.
        raise PageError(UNFINISHED, str(error), retry_after(error.retry_after_s)) from None


async def _finished(
    services: OAuth,
    instance: Instance,
    pending: PendingLogin,
    answer: Mapping[str, Sequence[str]],
) -> Response:
    await known_client(services, instance, pending)
    try:
        return await _connected(services, instance, pending, answer)
    except ProviderRefused as error:
        await services.pending.delete(pending.id)
        if error.error != _ACCESS_DENIED:
            await _record(services, instance, pending, "login.failed", "refused")
            raise PageError(PROVIDER_FAILED, f"{error}: {error.description}") from None
        await _record(services, instance, pending, "authorization.denied", "denied")
        return _denied(services, instance, pending)
    except ProviderUnavailable as error:
        # The code may be spent: what is certain is only a new beginning.
        await services.pending.delete(pending.id)
        await _record(services, instance, pending, "login.unavailable", "provider")
        headers = retry_after(None if error.retry_after_s is None else int(error.retry_after_s))
        raise PageError(PROVIDER_AWAY, str(error), headers) from None
    except ProviderError as error:
        await services.pending.delete(pending.id)
        await _record(services, instance, pending, "login.failed", "provider")
        raise PageError(PROVIDER_FAILED, str(error)) from None


async def _returned(services: OAuth, instance: Instance, states: Sequence[str]) -> PendingLogin:
    """The pending login that this return belongs to.

    Raises:
        PageError: There is none, it is over, or it is another browser's or another instance's.
    """
    if len(states) != 1 or not is_well_formed(states[0], _STATE):
        raise PageError(MALFORMED, "no state of ours")
    state = Digest(digest(states[0]))
    pending = await services.pending.take_returned(state)
    if pending is None or pending.upstream is None:
        raise PageError(GONE, "unknown state, or one that was used")
    browser = browser_of(request, https=services.policy.https)
    here = pending.upstream.redirect_uri == callback_url(services, instance)
    if browser is None or not compare_digest(pending.browser, digest(browser)) or not here:
        # Its state got about: whoever brings it, it is not safe to go on.
        await services.pending.delete(pending.id)
        reason = "other browser" if here else "other instance"
        await _record(services, instance, pending, "login.failed", reason)
        raise PageError(NOT_PROVEN, reason)
    return pending


async def _connected(
    services: OAuth,
    instance: Instance,
    pending: PendingLogin,
    answer: Mapping[str, Sequence[str]],
) -> Response:
    if pending.upstream is None:
        raise PageError(GONE, "never sent away")
    tokens = await services.providers.arrive(instance, pending.upstream, answer)
    try:
        return await _used(services, instance, pending, tokens)
    except BaseException:
        # Nobody will use them, also when the server ends.
        await services.revocations.forsake(instance, tokens)
        raise


async def _used(
    services: OAuth, instance: Instance, pending: PendingLogin, tokens: ObtainedTokens
) -> Response:
    """Connect with the tokens, once the upstream has accepted them."""
    fields = login_form(services, instance).before_provider
    config = make_config(instance.connector, fields, pending.draft)
    match await services.checker.check(instance, config, tokens.access):
        case Accepted():
            return await complete(services, instance, pending, config, tokens)
        case Denied():
            await _ended(services, instance, pending, "denied")
            raise PageError(ACCOUNT_REFUSED, "the upstream refused the account")
        case Unavailable(retry_after_s):
            await _ended(services, instance, pending, "unavailable")
            raise PageError(ACCOUNT_UNCHECKED, "not checked", retry_after(retry_after_s))
        case _:
            await _ended(services, instance, pending, "unjudged")
            raise PageError(ACCOUNT_UNCHECKED, "not checked")


async def _ended(services: OAuth, instance: Instance, pending: PendingLogin, outcome: str) -> None:
    await services.pending.delete(pending.id)
    await _record(services, instance, pending, "login.failed", outcome)


def _denied(services: OAuth, instance: Instance, pending: PendingLogin) -> Response:
    asked = pending.request
    answer = (
        ("error", _ACCESS_DENIED),
        ("error_description", "the person did not allow it at the upstream"),
        ("state", asked.state),
    )
    return redirected(services, instance, asked.redirect_uri, answer)


async def _record(
    services: OAuth, instance: Instance, pending: PendingLogin, event: EventType, outcome: str
) -> None:
    await services.audit.record(
        event,
        outcome,
        instance=instance.id,
        client_id=pending.request.client_id,
        ip=services.caller(request),
    )
