"""POST /revoke: a client gives tokens back (RFC 7009)."""

from quart import Response, request

from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.records import Client, Digest, Instance
from treenail_runtime.auth.revoking import Revoked
from treenail_runtime.crypto.opaque import digest, is_well_formed
from treenail_runtime.edge.limiting import first_refusal, too_many

from .answers import json_answer
from .client_authentication import authenticated_client
from .forms import read_form
from .services import OAuth


async def revoke(services: OAuth, instance: Instance) -> Response:
    """Answer 200 whether there was something to revoke or not (RFC 7009 2.2).

    A refresh token ends its whole grant, an access token ends alone. `token_type_hint` is not
    needed: the token says itself which it is.

    Raises:
        OAuthError: The client is not proven, or `token` is missing.
    """
    address = services.caller(request)
    refusal = await first_refusal(services.limiter, ("revoke", address))
    if refusal is not None:
        return too_many(refusal)
    form = await read_form(request)
    client = await authenticated_client(services, instance, form)
    token = form.get("token")
    if token is None:
        raise OAuthError("invalid_request", "token is missing")
    revoked = await _revoke(services, instance, client, token)
    if revoked is not None:
        await services.audit.record(
            "grant.revoked",
            "ended",
            instance=instance.id,
            client_id=client.client_id,
            grant_id=revoked.grant_id,
            ip=address,
            kind=revoked.kind,
        )
    return json_answer({})


async def _revoke(
    services: OAuth, instance: Instance, client: Client, token: str
) -> Revoked | None:
    if not (is_well_formed(token, "rtk") or is_well_formed(token, "atk")):
        return None
    return await services.grants.revoke_by_token(
        Digest(digest(token)), client_id=client.client_id, instance_id=instance.id
    )
