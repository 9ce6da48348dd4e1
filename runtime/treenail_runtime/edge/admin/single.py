"""/<name>/health, /<name>/status and /<name>/refresh: one instance, for its people and probes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from quart import Response, request

from treenail_runtime.administration import AdministrationError, described_tokens
from treenail_runtime.auth.bearer import Refusal
from treenail_runtime.auth.instances import InstanceRecord
from treenail_runtime.auth.records import Digest, Instance, Principal
from treenail_runtime.clock import Clock, utc_now
from treenail_runtime.crypto.opaque import digest, is_well_formed
from treenail_runtime.edge.limiting import first_refusal

from .authenticating import count_admin, known_admin, refused, shown_token
from .instances import acted
from .problems import ApiProblem, json_reply, too_fast
from .services import AdminServices
from .sparing import ask_seldom

_HEALTH: Final[Mapping[str, str]] = {"active": "healthy", "reauth": "degraded"}
_UNHEALTHY: Final = 503
_WITHDRAWN: Final = "withdrawn"
"""The state of whatever its connector's module is gone for."""


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Who looks.

    Attributes:
        connection_id: The connection whose tokens they may see and refresh: their own, or that of
            the instance.
        record: The row of an instance that was made while the server runs, for its administrator.
        admin_id: Their admin token; None for people who are logged in.
        is_operator: They administer the whole server.
    """

    connection_id: str
    record: InstanceRecord | None = None
    admin_id: str | None = None
    is_operator: bool = False


async def health(services: AdminServices, name: str, clock: Clock = utc_now) -> Response:
    """Whether an instance can be used; nothing else, as everybody may ask."""
    instance = await _found(services, name)
    # Nothing is looked up for strangers: what is known of it here is a few seconds old.
    is_withdrawn = instance.connector in services.administration.parts.withdrawn
    word = _word(_WITHDRAWN if is_withdrawn else instance.state, services.trouble(instance))
    body = {"status": word, "timestamp": clock().isoformat(timespec="seconds")}
    return json_reply(body, _UNHEALTHY if word == "unhealthy" else 200)


async def status(services: AdminServices, name: str, clock: Clock = utc_now) -> Response:
    """How an instance, and the visitor's connection there, are doing."""
    instance = await _found(services, name)
    return await _told(services, instance, await _visitor(services, instance), clock)


async def _told(
    services: AdminServices, instance: Instance, visitor: _Visitor, clock: Clock
) -> Response:
    tokens = await services.administration.parts.credentials.get(visitor.connection_id)
    state = await _status(services, instance)
    record = visitor.record
    trouble = services.trouble(instance)
    body: dict[str, object] = {
        "instance": instance.base_path[1:],
        "service": instance.connector,
        "status": _word(state, trouble),
        "state": state,
        "credentials": instance.credentials,
        "tokens": None if tokens is None else described_tokens(tokens),
        "timestamp": clock().isoformat(timespec="seconds"),
    }
    if visitor.admin_id is not None:
        body |= {
            # A server of all is the operator's affair, as is where it is.
            "trouble": trouble if visitor.is_operator or instance.own.server_url else None,
            "last_error": None if record is None else record.last_error,
            "calls_running": services.calls.running(instance.id),
            "calls_served": services.calls.total(instance.id),
            "worker": services.housekeeping.worker,
        }
    return json_reply(body)


def _word(state: str, trouble: str | None) -> str:
    word = _HEALTH.get(state, "unhealthy")
    return "degraded" if word == "healthy" and trouble is not None else word


async def refresh(services: AdminServices, name: str, clock: Clock = utc_now) -> Response:
    """Have the visitor's tokens of the upstream replaced now."""
    instance = await _found(services, name)
    visitor = await _visitor(services, instance)
    if not instance.is_open:
        raise AdministrationError("wrong-state", "the instance is not in service")
    await ask_seldom(services, visitor.connection_id)
    await services.administration.refresh_connection(visitor.connection_id)
    if visitor.record is not None and visitor.admin_id is not None:
        await acted(services, visitor.admin_id, visitor.record, "refresh")
    return await _told(services, await _found(services, name), visitor, clock)


async def _found(services: AdminServices, name: str) -> Instance:
    instance = await services.places.find(name)
    if instance is None:
        raise _absent()
    return instance


async def _status(services: AdminServices, instance: Instance) -> str:
    if instance.connector in services.administration.parts.withdrawn:
        return _WITHDRAWN
    stored = await services.administration.parts.store.show(instance.id)
    return "active" if stored is None else stored.record.status


async def _visitor(services: AdminServices, instance: Instance) -> _Visitor:
    """Whoever shows a token of the instance, or of one who administers it; it is counted.

    Raises:
        ApiProblem: Neither, or too often; 404 for administrators of other instances, who do not know this one.
    """
    token = shown_token(request)
    admin = await known_admin(services, token)
    if admin is not None:
        await count_admin(services, admin)
        stored = await services.administration.parts.store.show(instance.id, owner=admin.sees)
        if stored is None and admin.sees is not None:
            raise _absent()
        record = None if stored is None else stored.record
        return _Visitor(instance.id, record, admin.id, is_operator=admin.sees is None)
    if is_well_formed(token, "atk"):
        facts = await services.principals.find(Digest(digest(token)))
        principal = services.recogniser.principal(facts, instance)
        if not isinstance(principal, Refusal):
            await _count_grant(services, instance, principal)
            return _Visitor(principal.connection_id)
        if facts is not None and facts.instance_id != instance.id:
            raise _absent()
    raise await refused(services, request)


async def _count_grant(services: AdminServices, instance: Instance, principal: Principal) -> None:
    """Count it as a request for the MCP endpoint."""
    limits = services.oauth.limiter.at(instance)
    refusal = await first_refusal(limits, ("mcp_grant", principal.grant_id))
    if refusal is not None:
        raise too_fast(refusal)


def _absent() -> ApiProblem:
    return ApiProblem(404, "unknown-instance", "there is no such instance")
