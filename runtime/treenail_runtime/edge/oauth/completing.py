"""The last step: connection and code are made together, and the browser takes the code back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from quart import Response, request

from treenail_runtime.auth.instances import InstanceChangedError, ObtainedTokens
from treenail_runtime.auth.records import ConnectionConfig, Digest, Instance, PendingLogin
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.upstream.ways import chosen_schemes

from .page import redirected
from .problems import ALTERED, GONE, MALFORMED, PageError
from .services import OAuth

_Kept = TypeVar("_Kept")


async def complete(
    services: OAuth,
    instance: Instance,
    pending: PendingLogin,
    config: ConnectionConfig,
    tokens: ObtainedTokens | None = None,
) -> Response:
    """Connect as `config`, which the upstream has accepted, and answer the client.

    `tokens` are those of the upstream's provider, where there is one.

    Raises:
        PageError: The pending login ended meanwhile, the instance leads elsewhere, or there is
            nothing to show the upstream; nothing was made.
    """
    auth = services.connectors[instance.connector].auth
    if chosen_schemes(auth, config.given, has_tokens=tokens is not None) is None:
        raise PageError(MALFORMED, "no complete credentials")
    code = new_token(instance.token_prefix, "cod")

    async def connected(version: int) -> str | None:
        return await services.logins.complete(
            pending.id,
            request=pending.request,
            config=config,
            code=Digest(digest(code)),
            code_s=services.tokens.code_s,
            version=version,
            tokens=tokens,
        )

    if await as_tried(services, instance, connected) is None:
        raise PageError(GONE, "ended meanwhile")
    return await _answered(services, instance, pending, code)


async def join(services: OAuth, instance: Instance, pending: PendingLogin) -> Response:
    """Connect to the instance's own account, and answer the client.

    Raises:
        PageError: The pending login ended meanwhile, the instance leads elsewhere or has another
            access key, or it is not in use.
    """
    code = new_token(instance.token_prefix, "cod")

    async def joined(version: int) -> bool:
        return await services.logins.join(
            pending.id,
            request=pending.request,
            code=Digest(digest(code)),
            code_s=services.tokens.code_s,
            version=version,
        )

    if not await as_tried(services, instance, joined):
        raise PageError(GONE, "ended meanwhile, or not in use")
    return await _answered(services, instance, pending, code)


async def as_tried(
    services: OAuth, instance: Instance, keep: Callable[[int], Awaitable[_Kept]]
) -> _Kept:
    """Keep what was tried at `instance`, which may be a few seconds old, and another by now.

    Args:
        services: The authorization server.
        instance: Where it was tried.
        keep: Keeps it, if the instance is in that version.

    Raises:
        PageError: What was tried at one place is not kept for another.
    """
    try:
        return await keep(instance.version)
    except InstanceChangedError:
        now = await services.renewed(instance.id)
    if now is None or _tried(now) != _tried(instance):
        raise PageError(ALTERED, "the instance leads elsewhere")
    try:
        return await keep(now.version)
    except InstanceChangedError:
        raise PageError(ALTERED, "the instance was changed again") from None


def _tried(instance: Instance) -> tuple[object, ...]:
    """What a trial went by."""
    return replace(instance.own, limits={}), instance.access_key


async def _answered(
    services: OAuth, instance: Instance, pending: PendingLogin, code: str
) -> Response:
    asked = pending.request
    await services.audit.record(
        "login.succeeded",
        "connected",
        instance=instance.id,
        client_id=asked.client_id,
        ip=services.caller(request),
    )
    answer = (("code", code), ("state", asked.state))
    return redirected(services, instance, asked.redirect_uri, answer)
