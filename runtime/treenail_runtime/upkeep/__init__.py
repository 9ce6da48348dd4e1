"""Keeps the upstream's tokens fresh: one worker refreshes, the others wait or use the old ones."""

from .client_tokens import ClientTokens, ClientTokenSource
from .keeper import TokenKeeper
from .outcomes import CLIENT_REFUSED, ClientRefused, ProviderAway, ReauthNeeded, UpkeepError
from .ports import Refresher, TokenStore
from .revocations import Revocations
from .rounds import Rounds, refresh_due
from .rules import Waiting
from .seldom import Seldom
from .source import TokenSource

__all__ = [
    "CLIENT_REFUSED",
    "ClientRefused",
    "ClientTokenSource",
    "ClientTokens",
    "ProviderAway",
    "ReauthNeeded",
    "Refresher",
    "Revocations",
    "Rounds",
    "Seldom",
    "TokenKeeper",
    "TokenSource",
    "TokenStore",
    "UpkeepError",
    "Waiting",
    "refresh_due",
]
