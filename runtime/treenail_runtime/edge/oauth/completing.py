"""The last step: connection and code are made together, and the browser takes the code back."""

from quart import Response, request

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.records import ConnectionConfig, Digest, Instance, PendingLogin
from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.upstream.ways import chosen_schemes

from .page import redirected
from .problems import GONE, MALFORMED, PageError
from .services import OAuth


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
        PageError: The pending login ended meanwhile, or there is nothing to show the upstream;
            nothing was made.
    """
    auth = services.connectors[instance.connector].auth
    if chosen_schemes(auth, config.given, has_tokens=tokens is not None) is None:
        raise PageError(MALFORMED, "no complete credentials")
    code = new_token(instance.token_prefix, "cod")
    connection_id = await services.logins.complete(
        pending.id,
        request=pending.request,
        config=config,
        code=Digest(digest(code)),
        code_s=services.tokens.code_s,
        tokens=tokens,
    )
    if connection_id is None:
        raise PageError(GONE, "ended meanwhile")
    return await _answered(services, instance, pending, code)


async def join(services: OAuth, instance: Instance, pending: PendingLogin) -> Response:
    """Connect to the instance's own account, and answer the client.

    Raises:
        PageError: The pending login ended meanwhile, or the instance is not in use.
    """
    code = new_token(instance.token_prefix, "cod")
    joined = await services.logins.join(
        pending.id,
        request=pending.request,
        code=Digest(digest(code)),
        code_s=services.tokens.code_s,
    )
    if not joined:
        raise PageError(GONE, "ended meanwhile, or not in use")
    return await _answered(services, instance, pending, code)


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
