"""Who calls the admin API: whoever shows an admin token in `Authorization` (RFC 6750 2.1)."""

from typing import Final

from quart import Request

from treenail_runtime.auth.admins import Admin
from treenail_runtime.auth.records import Digest
from treenail_runtime.crypto.opaque import digest, is_well_formed
from treenail_runtime.edge.limiting import first_refusal

from .problems import ApiProblem, too_fast
from .services import AdminServices

_SCHEME: Final = "bearer "
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="treenail admin"'}


def shown_token(request: Request) -> str:
    """The bearer token of a request; empty when there is none."""
    shown = request.headers.get("Authorization", "")
    return shown[len(_SCHEME) :] if shown[: len(_SCHEME)].lower() == _SCHEME else ""


async def authenticated(services: AdminServices, request: Request) -> Admin:
    """The administrator.

    Raises:
        ApiProblem: Nobody is known, or they ask too often.
        StoreUnavailableError: The database does not answer.
    """
    admin = await known_admin(services, shown_token(request))
    if admin is None:
        raise await refused(services, request)
    await count_admin(services, admin)
    return admin


async def count_admin(services: AdminServices, admin: Admin) -> None:
    """Count a request of an administrator.

    Raises:
        ApiProblem: They ask too often.
    """
    refusal = await first_refusal(services.oauth.limiter, ("admin", admin.id))
    if refusal is not None:
        raise too_fast(refusal)


async def known_admin(services: AdminServices, token: str) -> Admin | None:
    """Whose token it is; None when it is nobody's."""
    if not is_well_formed(token, "adm"):
        return None
    return await services.admins.find(Digest(digest(token)))


async def refused(services: AdminServices, request: Request) -> ApiProblem:
    """What is told to somebody who is not known."""
    address = services.oauth.caller(request)
    refusal = await first_refusal(services.oauth.limiter, ("admin_ip", address))
    if refusal is not None:
        return too_fast(refusal)
    await services.oauth.audit.record("admin.refused", "refused", ip=address)
    return ApiProblem(401, "unauthorized", "an admin token is required", headers=_CHALLENGE)
