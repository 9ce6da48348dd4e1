"""POST /token: codes and refresh tokens for access tokens (RFC 6749 3.2)."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from quart import Response, request

from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.records import Client, Digest, Instance
from treenail_runtime.auth.redeeming import CodeRequest, decide_code
from treenail_runtime.auth.refreshing import RefreshRequest, decide_refresh
from treenail_runtime.auth.scopes import parse_scope
from treenail_runtime.auth.tokens import (
    Denied,
    invalid_grant,
    new_pair,
    new_successors,
    open_pair,
    token_response,
)
from treenail_runtime.contract import Connector
from treenail_runtime.crypto.opaque import digest, is_well_formed
from treenail_runtime.edge.limiting import first_refusal, too_many
from treenail_runtime.limits import Bucket
from treenail_runtime.providers import identity_of
from treenail_runtime.storage.audit import EventType
from treenail_runtime.upstream.ways import code_grant

from .answers import json_answer
from .client_authentication import authenticated_client
from .forms import Parameters, read_form
from .services import OAuth

_GIVEN: Final = frozenset({"code.redeemed", "token.refreshed", "token.replayed"})


async def token(services: OAuth, instance: Instance) -> Response:
    """Answer with tokens.

    Raises:
        OAuthError: In the words of RFC 6749 5.2 and RFC 8707 2.
    """
    address = services.caller(request)
    # Before the secret is looked at: to judge one that a person chose takes 50 ms.
    refusal = await first_refusal(services.limiter.at(instance), ("token_ip", address))
    if refusal is not None:
        return too_many(refusal)
    form = await read_form(request)
    client = await authenticated_client(services, instance, form)
    refusal = await first_refusal(services.limiter.at(instance), *_limits(client, address))
    if refusal is not None:
        return too_many(refusal)
    match form.get("grant_type"):
        case "authorization_code":
            return await _redeem(services, instance, _allowed(client, "authorization_code"), form)
        case "refresh_token":
            return await _refresh(services, instance, _allowed(client, "refresh_token"), form)
        case None:
            raise OAuthError("invalid_request", "grant_type is missing")
        case _:
            raise OAuthError("unsupported_grant_type", "the grant_type is not supported")


def _limits(client: Client, address: str) -> Sequence[tuple[Bucket, str]]:
    """What a known client is counted for.

    Everybody can name a public client, so only one with a secret is counted across addresses.
    """
    here: tuple[Bucket, str] = ("token_client", f"{client.client_id} {address}")
    return (here,) if client.is_public else (here, ("token", client.client_id))


async def _redeem(
    services: OAuth, instance: Instance, client: Client, form: Parameters
) -> Response:
    code = _presented(form, "code")
    if not is_well_formed(code, "cod"):
        raise invalid_grant("malformed code")
    asked = CodeRequest(
        client_id=client.client_id,
        instance_id=instance.id,
        redirect_uri=form.get("redirect_uri"),
        verifier=form.get("code_verifier"),
        resource=form.get("resource"),
        refreshes="refresh_token" in client.grant_types,
    )
    pair = new_pair(instance.token_prefix, refreshes=asked.refreshes)
    decide = partial(decide_code, request=asked, policy=services.tokens)
    done = await services.grants.redeem(Digest(digest(code)), pair.digests(), decide)
    if isinstance(done, Denied):
        if done.ended_grant is not None:
            await _record(services, instance, client, "code.replayed", done.ended_grant)
        elif done.used_up:
            await _record(services, instance, client, "code.refused", None)
        raise done.error
    await _record(services, instance, client, "code.redeemed", done.grant_id)
    return json_answer(token_response(pair, done))


async def _refresh(
    services: OAuth, instance: Instance, client: Client, form: Parameters
) -> Response:
    presented = _presented(form, "refresh_token")
    if not is_well_formed(presented, "rtk"):
        raise invalid_grant("malformed refresh token")
    scope = form.get("scope")
    asked = RefreshRequest(
        client_id=client.client_id,
        instance_id=instance.id,
        scopes=None if scope is None else parse_scope(scope),
        resource=form.get("resource"),
        upstream_issuer=_upstream_issuer(services.connectors.get(instance.connector)),
    )
    pair, successors = new_successors(presented, instance.token_prefix)
    decide = partial(decide_refresh, request=asked, policy=services.tokens)
    done = await services.grants.refresh(Digest(digest(presented)), successors, decide)
    if isinstance(done, Denied):
        if done.ended_grant is not None:
            await _record(services, instance, client, "token.reused", done.ended_grant)
        raise done.error
    if done.replay is not None:
        pair = open_pair(presented, done.replay)
    event: EventType = "token.refreshed" if done.replay is None else "token.replayed"
    await _record(services, instance, client, event, done.grant_id)
    return json_answer(token_response(pair, done))


def _upstream_issuer(connector: Connector | None) -> str | None:
    grant = None if connector is None else code_grant(connector.auth)
    return None if grant is None else identity_of(grant.provider)


def _presented(form: Parameters, name: str) -> str:
    value = form.get(name)
    if value is None:
        raise OAuthError("invalid_request", f"{name} is missing")
    return value


def _allowed(client: Client, grant_type: str) -> Client:
    if grant_type not in client.grant_types:
        raise OAuthError("unauthorized_client", f"the client may not use {grant_type}")
    return client


async def _record(
    services: OAuth, instance: Instance, client: Client, event: EventType, grant_id: str | None
) -> None:
    await services.audit.record(
        event,
        "granted" if event in _GIVEN else "ended",
        instance=instance.id,
        client_id=client.client_id,
        grant_id=grant_id,
        ip=services.caller(request),
    )
