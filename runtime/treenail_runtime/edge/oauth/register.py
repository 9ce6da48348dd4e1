"""/register: dynamic client registration (RFC 7591 section 3)."""

import uuid
from typing import Final, cast

from quart import Response, request

from treenail_runtime.auth.client_metadata import refused
from treenail_runtime.auth.records import Client, Instance
from treenail_runtime.auth.registration import (
    Registration,
    decide_registration,
    register_client,
    registration_answer,
    too_many_clients,
)
from treenail_runtime.clock import utc_now
from treenail_runtime.dispatch.strict_json import read_json
from treenail_runtime.edge.limiting import first_refusal, too_many
from treenail_runtime.storage.clients import RegistryFullError

from .answers import json_answer
from .services import OAuth

_CREATED: Final = 201
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404


async def register(services: OAuth, instance: Instance) -> Response:
    """Register the client that the body describes."""
    address = services.caller(request)
    refusal = await first_refusal(
        services.limiter, ("register", address), ("register_hour", address)
    )
    if refusal is not None:
        return too_many(refusal)
    match decide_registration(services.policy, request.headers.get("Authorization")):
        case "absent":
            return json_answer({"error": "not_found"}, _NOT_FOUND)
        case "unauthorized":
            return _unauthorized()
        case "open":
            pass
    registration = register_client(
        await _body(), client_id=uuid.uuid4().hex, instance=instance, policy=services.policy
    )
    await _keep(services, registration)
    await _record(services, instance, registration.client, address)
    answer = registration_answer(registration, int(utc_now().timestamp()))
    return json_answer(answer, _CREATED)


async def _body() -> object:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise refused("send application/json", "another content type")
    try:
        return cast("object", read_json(cast("bytes", await request.get_data())))
    except ValueError as error:
        raise refused("the body is no JSON", str(error)) from None


def _unauthorized() -> Response:
    body = {"error": "invalid_token", "error_description": "an initial access token is required"}
    return json_answer(body, _UNAUTHORIZED, {"WWW-Authenticate": 'Bearer realm="register"'})


async def _keep(services: OAuth, registration: Registration) -> None:
    try:
        await services.clients.add(registration.client, most=services.policy.most_clients)
    except RegistryFullError:
        raise too_many_clients() from None


async def _record(services: OAuth, instance: Instance, client: Client, address: str) -> None:
    await services.audit.record(
        "client.registered",
        "granted",
        instance=instance.id,
        client_id=client.client_id,
        ip=address,
        method=client.auth_method,
        kind=client.kind,
    )
