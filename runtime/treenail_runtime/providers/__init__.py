"""Authorization servers of upstreams: we are their client."""

from .authorization import Attempt, Departure
from .client import OAuthClient
from .environment import client_from_environment, client_variables
from .errors import ProviderBroken, ProviderError, ProviderRefused, ProviderUnavailable
from .leading import led_to, login_places
from .presets import PRESETS, Preset
from .provider import Provider, ProviderClient, client_of_values, identity_of
from .tokens import TokenSet

__all__ = [
    "PRESETS",
    "Attempt",
    "Departure",
    "OAuthClient",
    "Preset",
    "Provider",
    "ProviderBroken",
    "ProviderClient",
    "ProviderError",
    "ProviderRefused",
    "ProviderUnavailable",
    "TokenSet",
    "client_from_environment",
    "client_of_values",
    "client_variables",
    "identity_of",
    "led_to",
    "login_places",
]
