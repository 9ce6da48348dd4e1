"""/api/v1/instances: the verbs of administration over HTTP."""

import re

from quart import Response, request

from treenail_runtime.administration import (
    PAGE,
    Change,
    Created,
    Made,
    Wanted,
    described,
    described_whole,
)
from treenail_runtime.auth.admins import Admin
from treenail_runtime.auth.instances import InstanceRecord, is_slug

from .bodies import (
    MERGE_PATCH,
    Credentials,
    Initiation,
    InstanceChange,
    NewInstance,
    read_body,
)
from .problems import ApiProblem, json_reply
from .services import AdminServices
from .sparing import ask_seldom, try_seldom

_CREATED = 201
_ANY = "*"
_TRIED = frozenset({"values", "client_id", "client_secret", "region"})
"""What is tried at the upstream, or at its provider, before it is changed."""

_LARGEST_PAGE = 1000
_NUMBER = re.compile(r"[0-9]{1,4}")
_VERSION = re.compile(r'"([0-9]{1,9})"')


async def list_instances(services: AdminServices, admin: Admin, _: str) -> Response:
    """Those that the administrator knows, a page at a time."""
    limit, after = _limit(), request.args.get("cursor", "")
    if after and not is_slug(after):
        raise ApiProblem(400, "malformed", "cursor: give back what was told as next_cursor")
    found = await services.administration.list(admin.sees, after=after, limit=limit + 1)
    page = found[:limit]
    told = [described(each, services.base_url) for each in page]
    return json_reply(
        {"instances": told, "next_cursor": page[-1].slug if len(found) > limit else None}
    )


async def create_instance(services: AdminServices, admin: Admin, _: str) -> Response:
    """Another one; its access key, where it has one, is told this once."""
    asked = await read_body(request, NewInstance)
    wanted = Wanted(
        slug=asked.slug,
        service=asked.service,
        owner=owner_of(asked, admin),
        title=asked.title,
        credentials=asked.credentials,
        client_id=asked.client_id,
        client_secret=asked.client_secret,
        server_url=asked.server_url,
        region=asked.region,
        limits=asked.limits,
    )
    created = await services.administration.create(wanted, admin.sees)
    await acted(services, admin.id, created.record, "create")
    place = {"Location": f"/api/v1/instances/{created.record.slug}"}
    return json_reply(_with_key(created, services), _CREATED, place)


async def show_instance(services: AdminServices, admin: Admin, slug: str) -> Response:
    """One."""
    return _whole(await services.administration.show(slug, admin.sees), services)


async def change_instance(services: AdminServices, admin: Admin, slug: str) -> Response:
    """Change what one has of its own; what it leaves out stays."""
    version = _expected_version()
    asked = await read_body(request, InstanceChange, MERGE_PATCH)
    _require_allowed(asked, admin)
    given = frozenset(asked.model_fields_set)
    if not given.isdisjoint(_TRIED):
        await try_seldom(services, admin)
    change = Change(
        given=given,
        title=asked.title,
        client_id=asked.client_id,
        client_secret=asked.client_secret,
        server_url=asked.server_url,
        region=asked.region,
        limits=asked.limits,
        values=asked.values,
    )
    made = await services.changes.apply(slug, change, admin.sees, version=version)
    await acted(services, admin.id, made.record, "settings")
    return _whole(made, services)


async def delete_instance(services: AdminServices, admin: Admin, slug: str) -> Response:
    """End one, with everything that was made through it."""
    deleted = await services.administration.delete(slug, admin.sees)
    await acted(services, admin.id, deleted.record, "delete")
    return json_reply(
        {
            "id": deleted.record.id,
            "slug": deleted.record.slug,
            "logins_ended": deleted.grants,
            "connections_erased": deleted.connections,
            "upstream_revocations": deleted.tokens,
            "calls_ended": deleted.calls,
        }
    )


async def disable_instance(services: AdminServices, admin: Admin, slug: str) -> Response:
    """Close one."""
    made = await services.administration.disable(slug, admin.sees)
    await acted(services, admin.id, made.record, "disable")
    return _whole(made, services)


async def enable_instance(services: AdminServices, admin: Admin, slug: str) -> Response:
    """Open one again."""
    made = await services.administration.enable(slug, admin.sees)
    await acted(services, admin.id, made.record, "enable")
    return _whole(made, services)


async def set_credentials(services: AdminServices, admin: Admin, slug: str) -> Response:
    """Give one login values of its own."""
    asked = await read_body(request, Credentials)
    await try_seldom(services, admin)
    made = await services.administration.set_credentials(slug, asked.values, admin.sees)
    await acted(services, admin.id, made.record, "credentials")
    return _whole(made, services)


async def rotate_access_key(services: AdminServices, admin: Admin, slug: str) -> Response:
    """Another access key."""
    created = await services.administration.rotate_access_key(slug, admin.sees)
    await acted(services, admin.id, created.record, "access-key")
    return json_reply(_with_key(created, services))


async def revoke_logins(services: AdminServices, admin: Admin, slug: str) -> Response:
    """End all logins at one."""
    record = await services.administration.record(slug, admin.sees)
    ended = await services.administration.revoke(slug, admin.sees)
    await acted(services, admin.id, record, "revoke")
    return json_reply({"logins_ended": ended})


async def refresh_tokens(services: AdminServices, admin: Admin, slug: str) -> Response:
    """Have one's tokens of the upstream replaced now."""
    stored = await services.administration.find(slug, admin.sees)
    # As at /<name>/refresh: the connection of an instance has its id.
    await ask_seldom(services, stored.record.id)
    made = await services.administration.refresh(slug, admin.sees)
    await acted(services, admin.id, made.record, "refresh")
    return _whole(made, services)


def owner_of(asked: NewInstance | Initiation, admin: Admin) -> str:
    """Whose the new instance is.

    Raises:
        ApiProblem: The administrator may not make it for them, or not at that server.
    """
    if admin.role == "admin":
        return asked.owner or admin.owner
    if asked.owner not in {None, admin.owner}:
        raise ApiProblem(403, "not-allowed", "only the role admin makes instances for others")
    _require_allowed(asked, admin)
    return admin.owner


def _require_allowed(asked: NewInstance | Initiation | InstanceChange, admin: Admin) -> None:
    """See that an owner does not choose what is the operator's to choose.

    Raises:
        ApiProblem: They do.
    """
    if admin.role == "admin":
        return
    removes = isinstance(asked, InstanceChange) and "server_url" in asked.model_fields_set
    if removes or asked.server_url is not None:
        # It may be an address that only this server can reach.
        raise ApiProblem(403, "not-allowed", "only the role admin chooses a server")
    if not isinstance(asked, Initiation) and (asked.limits is None or asked.limits):
        raise ApiProblem(403, "not-allowed", "only the role admin changes limits")


def _limit() -> int:
    """How many instances are asked for.

    Raises:
        ApiProblem: That is no number from 1 to 1000.
    """
    text = request.args.get("limit", str(PAGE))
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= _LARGEST_PAGE:
        raise ApiProblem(400, "malformed", f"limit: give a number from 1 to {_LARGEST_PAGE}")
    return int(text)


def _expected_version() -> int | None:
    """The version that the instance must have (RFC 9110 13.1.1); None for whichever.

    Raises:
        ApiProblem: Nothing was said of it (RFC 6585 3), or what is no version of ours.
    """
    said = request.headers.get("If-Match")
    if said is None:
        detail = 'say which version is to be changed: If-Match: "3", or * for whichever'
        raise ApiProblem(428, "precondition-required", detail)
    if said.strip() == _ANY:
        return None
    found = _VERSION.fullmatch(said.strip())
    if found is None:
        raise ApiProblem(412, "other-version", "the instance has no such version")
    return int(found[1])


async def acted(
    services: AdminServices, admin_id: str, record: InstanceRecord, change: str
) -> None:
    """Let the audit know who did what."""
    await services.oauth.audit.record(
        "admin.acted", "success", instance=record.id, admin=admin_id, change=change
    )


def _whole(made: Made, services: AdminServices) -> Response:
    etag = {"ETag": f'"{made.record.version}"'}
    return json_reply(described_whole(made, services.base_url), headers=etag)


def _with_key(created: Created, services: AdminServices) -> dict[str, object]:
    key = created.access_key
    return {
        **described(created.record, services.base_url),
        "access_key": None if key is None else key.get_secret_value(),
    }
