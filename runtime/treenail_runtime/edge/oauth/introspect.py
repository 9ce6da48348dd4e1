"""POST /introspect: a client asks whether a token is good (RFC 7662)."""

from collections.abc import Mapping

from quart import Response, request

from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.introspecting import INACTIVE, describe_token
from treenail_runtime.auth.records import Client, Digest, Instance
from treenail_runtime.crypto.opaque import digest, is_well_formed
from treenail_runtime.edge.limiting import first_refusal, too_many

from .answers import json_answer
from .client_authentication import authenticated_client
from .forms import read_form
from .services import OAuth


async def introspect(services: OAuth, instance: Instance) -> Response:
    """Answer a client that has proven itself with a secret (RFC 7662 2.1).

    Raises:
        OAuthError: The client is not proven or keeps no secret, or `token` is missing.
    """
    refusal = await first_refusal(services.limiter, ("introspect", services.caller(request)))
    if refusal is not None:
        return too_many(refusal)
    form = await read_form(request)
    client = await authenticated_client(services, instance, form)
    if client.is_public:
        raise OAuthError(
            "invalid_client", "only a client with a secret may ask", "public client", basic=True
        )
    token = form.get("token")
    if token is None:
        raise OAuthError("invalid_request", "token is missing")
    return json_answer(await _described(services, instance, client, token))


async def _described(
    services: OAuth, instance: Instance, client: Client, token: str
) -> Mapping[str, object]:
    if not (is_well_formed(token, "atk") or is_well_formed(token, "rtk")):
        return INACTIVE
    facts = await services.grants.introspect(Digest(digest(token)))
    return describe_token(facts, client, instance)
