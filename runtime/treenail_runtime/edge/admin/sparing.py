"""Keeps those who administer from having providers and upstreams asked again and again."""

from treenail_runtime.auth.admins import Admin
from treenail_runtime.edge.limiting import first_refusal

from .problems import too_fast
from .services import AdminServices


async def try_seldom(services: AdminServices, admin: Admin) -> None:
    """Count a trial of an account, or of a client, at an upstream or provider.

    Raises:
        ApiProblem: Those of this owner tried too often.
    """
    await ask_seldom(services, f"validate {admin.owner}")


async def ask_seldom(services: AdminServices, key: str) -> None:
    """Count a question to a provider or upstream that somebody wants asked now.

    Args:
        services: With the limits.
        key: Whose question: a connection's, or a person's.

    Raises:
        ApiProblem: It was asked too often.
    """
    refusal = await first_refusal(services.oauth.limiter, ("refresh_upstream", key))
    if refusal is not None:
        raise too_fast(refusal)
