"""What may be done with instances: one way for the admin API, the pages and the command line."""

from .changes import Change, Changes
from .departures import Asking, Departures
from .describing import described, described_tokens, described_whole
from .errors import AdministrationError, Kind
from .instances import PAGE, Administration, Created, Deleted, Made, Parts
from .ports import KnownInstances, UpstreamClients
from .setup import Begun, Setups
from .validation import Candidate, Check, Validator, Verdict
from .wanted import Wanted

__all__ = [
    "PAGE",
    "Administration",
    "AdministrationError",
    "Asking",
    "Begun",
    "Candidate",
    "Change",
    "Changes",
    "Check",
    "Created",
    "Deleted",
    "Departures",
    "Kind",
    "KnownInstances",
    "Made",
    "Parts",
    "Setups",
    "UpstreamClients",
    "Validator",
    "Verdict",
    "Wanted",
    "described",
    "described_tokens",
    "described_whole",
]
