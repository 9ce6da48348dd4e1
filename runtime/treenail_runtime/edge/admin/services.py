"""What the admin API works with; put together once, at the start."""

from dataclasses import dataclass

from treenail_runtime.administration import Administration, Setups, Validator
from treenail_runtime.edge.gates import Principals
from treenail_runtime.edge.oauth.services import OAuth
from treenail_runtime.edge.places import Places
from treenail_runtime.edge.running import RunningCalls
from treenail_runtime.storage.admins import AdminStore
from treenail_runtime.storage.services import ServiceStore


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminServices:
    """Its parts.

    Attributes:
        oauth: Limits, audit, and who is calling, as for the OAuth endpoints.
        principals: Where access tokens are looked up, for the pages of single instances.
        base_url: Of the server.
    """

    administration: Administration
    setups: Setups
    validator: Validator
    admins: AdminStore
    services: ServiceStore
    places: Places
    principals: Principals
    calls: RunningCalls
    oauth: OAuth
    base_url: str
