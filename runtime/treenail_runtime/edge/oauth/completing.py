"""The last step: connection and code are made together, and the browser takes the code back."""

from quart import Response, request

from treenail_runtime.auth.records import ConnectionConfig, Digest, Instance, PendingLogin
from treenail_runtime.crypto.opaque import digest, new_token

from .page import redirected
from .problems import GONE, PageError
from .services import OAuth


async def complete(
    services: OAuth, instance: Instance, pending: PendingLogin, config: ConnectionConfig
) -> Response:
    """Connect as `config`, which the upstream has accepted, and answer the client.

    Raises:
        PageError: The pending login ended meanwhile; nothing was made.
    """
    asked = pending.request
    code = new_token(instance.token_prefix, "cod")
    connection_id = await services.logins.complete(
        pending.id,
        request=asked,
        config=config,
        code=Digest(digest(code)),
        code_s=services.tokens.code_s,
    )
    if connection_id is None:
        raise PageError(GONE, "ended meanwhile")
    await services.audit.record(
        "login.succeeded",
        "connected",
        instance=instance.id,
        client_id=asked.client_id,
        ip=services.caller(request),
    )
    answer = (("code", code), ("state", asked.state))
    return redirected(services, instance, asked.redirect_uri, answer)
