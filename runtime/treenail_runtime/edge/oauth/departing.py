"""To the upstream's provider: only after the consent, and with a state that ties the way back.

MCP, security best practices, "Confused deputy": a person who has a session at the provider would
otherwise connect a stranger's client by following one link.
"""

from collections.abc import Mapping
from math import ceil
from typing import Final

from pydantic import SecretStr
from quart import Response

from treenail_runtime.auth.metadata import endpoint_url
from treenail_runtime.auth.records import Digest, Instance, PendingLogin, UpstreamTrip
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.edge.headers import page_headers
from treenail_runtime.providers import ProviderError, ProviderUnavailable

from .page import retry_after
from .problems import GONE, PROVIDER_AWAY, PageError
from .services import OAuth

CALLBACK: Final = "callback"
"""The endpoint to which the provider sends people back."""

_SEE_OTHER: Final = 303
_PAUSE_S: Final = 15


def callback_url(services: OAuth, instance: Instance) -> str:
    """Our redirect URI; each instance has its own, so that a state is good at one place only."""
    return endpoint_url(instance, services.prefix, CALLBACK)


async def depart(
    services: OAuth,
    instance: Instance,
    pending: PendingLogin,
    draft: Mapping[str, SecretStr],
) -> Response:
    """Send a person who has consented to the provider; `draft` is what they typed before.

    Raises:
        PageError: The provider cannot be reached, or the pending login has ended.
    """
    back = callback_url(services, instance)
    state = new_token(instance.token_prefix, "ups")
    try:
        departure = await services.providers.depart(instance, redirect_uri=back, state=state)
    except ProviderError as error:
        told_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
        later = retry_after(ceil(told_s or _PAUSE_S))
        raise PageError(PROVIDER_AWAY, f"no departure: {error}", later) from None
    attempt = departure.attempt
    trip = UpstreamTrip(
        verifier=attempt.verifier,
        nonce=attempt.nonce,
        issuer=attempt.issuer,
        redirect_uri=attempt.redirect_uri,
    )
    if not await services.pending.send_upstream(pending.id, Digest(digest(state)), trip, draft):
        raise PageError(GONE, "ended meanwhile")
    headers = {**page_headers(https=services.policy.https), "Location": departure.url}
    return Response("", _SEE_OTHER, headers=headers, content_type="text/plain; charset=utf-8")
