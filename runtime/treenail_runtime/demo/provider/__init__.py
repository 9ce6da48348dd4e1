"""A small authorization server that stands in for an upstream's: for tests and the demo, on loopback.

It follows the rules when nobody asks otherwise; `Switches` make it sick in the ways that real ones
are, and its journal tells what it was asked.
"""

from .app import make_app
from .journal import Asked, Journal
from .ledger import FakeClient, Ledger
from .likeness import mode_like
from .modes import MODES, Mode
from .provider import FakeProvider
from .serving import serving_provider
from .switches import Switches

__all__ = [
    "MODES",
    "Asked",
    "FakeClient",
    "FakeProvider",
    "Journal",
    "Ledger",
    "Mode",
    "Switches",
    "make_app",
    "mode_like",
    "serving_provider",
]
