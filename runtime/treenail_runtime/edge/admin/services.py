"""What the admin API works with; put together once, at the start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from treenail_runtime.administration import (
    Administration,
    Changes,
    Departures,
    Setups,
    Validator,
)
from treenail_runtime.auth.instances import ServiceRecord
from treenail_runtime.auth.records import Instance
from treenail_runtime.edge.gates import Principals
from treenail_runtime.edge.oauth.services import OAuth
from treenail_runtime.edge.places import Places
from treenail_runtime.edge.recognising import Recogniser
from treenail_runtime.edge.running import RunningCalls
from treenail_runtime.storage.admins import AdminStore

from .housekeeping import Housekeeping

Trouble: TypeAlias = Callable[[Instance], str | None]
"""Tells what is wrong with an instance's upstream just now; None for nothing."""

Health: TypeAlias = Callable[[], Sequence[ServiceRecord]]
"""Tells of all connectors how they are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminServices:
    """Its parts.

    Attributes:
        health: Of the connectors that this process serves, and of those that it cannot load.
        trouble: With the upstreams of instances, as this process sees them.
        housekeeping: Of caches and connectors, in all processes.
        oauth: Limits, audit, what is finished in any case, and who is calling, as for the OAuth endpoints.
        principals: Where access tokens are looked up, for the pages of single instances.
        recogniser: Knows whose they are.
        base_url: Of the server.
    """

    administration: Administration
    changes: Changes
    setups: Setups
    departures: Departures
    validator: Validator
    admins: AdminStore
    health: Health
    trouble: Trouble
    housekeeping: Housekeeping
    places: Places
    principals: Principals
    recogniser: Recogniser
    calls: RunningCalls
    oauth: OAuth
    base_url: str
