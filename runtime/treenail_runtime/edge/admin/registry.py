"""/api/v1/auth-registry: which services there are, and how an instance gets an account of one."""

from pydantic import SecretStr
from quart import Response, request

from treenail_runtime.administration import Candidate, Wanted, described
from treenail_runtime.auth.admins import Admin
from treenail_runtime.auth.instances import PENDING_S
from treenail_runtime.contract import Connector
from treenail_runtime.providers import ProviderClient
from treenail_runtime.upstream.ways import code_grant, declared_grant

from .bodies import Initiation, Validation, read_body
from .instances import acted, owner_of
from .problems import ApiProblem, json_reply
from .services import AdminServices
from .sparing import try_seldom


async def list_services(services: AdminServices, admin: Admin, _: str) -> Response:
    """The connectors, also those that cannot be loaded, with what is known of their health.

    The reasons name files and servers of this installation, and are for those who administer it.
    """
    connectors = services.oauth.connectors
    told = [
        {
            "name": each.name,
            "title": each.title,
            **_offered(connectors.get(each.name)),
            "status": each.status,
            "reason": each.reason if admin.role == "admin" else None,
        }
        for each in services.health()
    ]
    return json_reply({"services": told})


async def initiate(services: AdminServices, admin: Admin, service: str) -> Response:
    """Where to log in at the provider, so that an instance has an account."""
    asked = await read_body(request, Initiation)
    wanted = Wanted(
        slug=asked.instance,
        service=service,
        owner=owner_of(asked, admin),
        title=asked.title,
        credentials="instance",
        client_id=asked.client_id,
        client_secret=asked.client_secret,
        server_url=asked.server_url,
        region=asked.region,
        values=asked.values,
    )
    begun = await services.setups.begin(wanted, admin)
    await acted(services, admin.id, begun.record, "initiate-oauth")
    return json_reply(
        {
            "instance": described(begun.record, services.base_url),
            "authorization_url": begun.url,
            "state": begun.ticket,
            "expires_in": PENDING_S,
            "access_key": _shown(begun.access_key),
        }
    )


async def validate(services: AdminServices, admin: Admin, service: str) -> Response:
    """Whether an account or a client would work; nothing of it is kept."""
    asked = await read_body(request, Validation)
    if asked.client_secret is not None and asked.client_id is None:
        faults = {"client_secret": "needs a client_id"}
        raise ApiProblem(422, "invalid", "some fields cannot be taken", faults=faults)
    await try_seldom(services, admin)
    client = None
    if asked.client_id:
        client = ProviderClient(asked.client_id, asked.client_secret)
    candidate = Candidate(service=service, client=client, values=asked.values, slug=asked.instance)
    verdict = await services.validator.validate(candidate, admin.sees)
    checks = [
        {"name": each.name, "result": each.result, "detail": each.detail} for each in verdict.checks
    ]
    return json_reply({"valid": verdict.valid, "checks": checks})


def _offered(connector: Connector | None) -> dict[str, object]:
    """What can be had of a connector; nothing of one that was never loaded."""
    if connector is None:
        nothing = dict.fromkeys(("regions", "scopes", "fields"), ())
        return {"tools": 0, "login_at_provider": False, **nothing}
    grant = declared_grant(connector.auth)
    return {
        "tools": len(connector.tools),
        "regions": sorted(connector.servers),
        "login_at_provider": code_grant(connector.auth) is not None,
        "scopes": [] if grant is None else list(grant.scopes),
        "fields": [
            {
                "name": each.name,
                "label": each.label,
                "secret": each.secret,
                "required": each.required,
                "options": dict(each.options),
            }
            for each in connector.login
        ],
    }


def _shown(key: SecretStr | None) -> str | None:
    return None if key is None else key.get_secret_value()
