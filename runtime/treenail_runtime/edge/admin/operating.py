"""/api/v1/caches and /api/v1/connectors: what an operator has a running server do."""

from dataclasses import asdict

from quart import Response

from treenail_runtime.auth.admins import Admin

from .housekeeping import Cleared
from .problems import ApiProblem, json_reply
from .services import AdminServices


async def show_caches(services: AdminServices, admin: Admin, _: str) -> Response:
    """How the caches of the process that answers are doing."""
    _require_operator(admin)
    keeping = services.housekeeping
    told = [asdict(each) for each in keeping.figures()]
    return json_reply({"worker": keeping.worker, "caches": told})


async def clear_caches(services: AdminServices, admin: Admin, _: str) -> Response:
    """Have all workers read everything again."""
    _require_operator(admin)
    return await _cleared(services, admin, await services.housekeeping.clear())


async def clear_instance(services: AdminServices, admin: Admin, slug: str) -> Response:
    """Have all workers read an instance and its tokens again."""
    if admin.sees is None and slug in {services.places.default.id, *services.oauth.connectors}:
        instance_id = slug
    else:
        found = await services.administration.find(slug, admin.sees)
        instance_id = found.record.id
    cleared = await services.housekeeping.clear_instance(instance_id)
    return await _cleared(services, admin, cleared, instance_id)


async def clear_service(services: AdminServices, admin: Admin, service: str) -> Response:
    """Have all workers read the instances of a connector again."""
    _require_operator(admin)
    _require_known(services, service)
    return await _cleared(services, admin, await services.housekeeping.clear_service(service))


async def reload_connectors(services: AdminServices, admin: Admin, _: str) -> Response:
    """Have all workers load the connectors that have changed."""
    return await _reloaded(services, admin, None)


async def reload_connector(services: AdminServices, admin: Admin, service: str) -> Response:
    """Have all workers load one connector, whether it has changed or not."""
    return await _reloaded(services, admin, service)


async def _reloaded(services: AdminServices, admin: Admin, service: str | None) -> Response:
    _require_operator(admin)
    if service is not None:
        _require_known(services, service)
    done = await services.housekeeping.reload(service)
    await services.oauth.audit.record(
        "admin.acted", "success", admin=admin.id, change="reload-connectors"
    )
    states = [
        {"name": each.name, "status": each.status, "reason": each.reason}
        for each in services.health()
        if service in {None, each.name}
    ]
    return json_reply({"loaded": list(done.loaded), "services": states, "told": done.told})


async def _cleared(
    services: AdminServices, admin: Admin, cleared: Cleared, instance_id: str | None = None
) -> Response:
    await services.oauth.audit.record(
        "admin.acted", "success", instance=instance_id, admin=admin.id, change="clear-caches"
    )
    return json_reply({"entries": cleared.entries, "told": cleared.told})


def _require_operator(admin: Admin) -> None:
    """See that the caches and connectors of all owners are this administrator's affair.

    Raises:
        ApiProblem: They are not.
    """
    if admin.role != "admin":
        raise ApiProblem(403, "not-allowed", "only the role admin does that")


def _require_known(services: AdminServices, service: str) -> None:
    if not services.housekeeping.knows(service):
        raise ApiProblem(404, "unknown-service", "there is no such service")
