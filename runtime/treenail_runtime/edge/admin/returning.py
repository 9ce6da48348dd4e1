"""GET .../auth/callback/{service}: somebody comes back from the provider, for an instance."""

from collections.abc import Mapping
from typing import Final

from quart import Response, request

from treenail_runtime.administration import AdministrationError, Kind
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.records import Digest
from treenail_runtime.crypto.opaque import digest
from treenail_runtime.edge.limiting import first_refusal
from treenail_runtime.edge.oauth.browser import browser_of
from treenail_runtime.edge.oauth.forms import all_of_each
from treenail_runtime.edge.oauth.page import as_page, done_page, retry_after
from treenail_runtime.edge.oauth.problems import (
    ACCOUNT_REFUSED,
    ACCOUNT_UNCHECKED,
    DECLINED,
    GONE,
    MALFORMED,
    NOT_PROVEN,
    PROVIDER_FAILED,
    UNFINISHED,
    PageError,
    Problem,
    too_fast,
)

from .services import AdminServices

_PROBLEMS: Final[Mapping[Kind, Problem]] = {
    "unknown-instance": GONE,
    "unknown-service": GONE,
    "changed-meanwhile": GONE,
    "not-allowed": NOT_PROVEN,
    "credentials-refused": ACCOUNT_REFUSED,
    "credentials-unclear": ACCOUNT_UNCHECKED,
    "declined": DECLINED,
    "upstream-unavailable": ACCOUNT_UNCHECKED,
}


async def returned(services: AdminServices, service: str) -> Response:
    """Connect the instance, and tell the person."""
    place = services.places.default
    page = as_page(services.oauth, place, lambda: _returned(services, service))
    return await services.oauth.finishing.finish(page)


async def _returned(services: AdminServices, service: str) -> Response:
    refusal = await first_refusal(
        services.oauth.limiter, ("authorize", services.oauth.caller(request))
    )
    if refusal is not None:
        raise too_fast(refusal)
    answer = all_of_each(request)
    states = answer.get("state", ())
    if len(states) != 1:
        raise PageError(MALFORMED, "no state of ours")
    browser = browser_of(request, https=services.oauth.policy.https)
    known = None if browser is None else Digest(digest(browser))
    try:
        record = await services.setups.finish(service, states[0], answer, known)
    except AdministrationError as error:
        problem = _PROBLEMS.get(error.kind, PROVIDER_FAILED)
        raise PageError(problem, error.kind, retry_after(error.retry_after_s)) from None
    except StoreUnavailableError as error:
        # The state is spent: to load this page again would help nobody.
        raise PageError(UNFINISHED, str(error), retry_after(error.retry_after_s)) from None
    return done_page(services.oauth, services.places.default, record.title)
