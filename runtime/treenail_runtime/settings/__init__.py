"""What the operator decides: read once, from environment variables and the command line."""

from .errors import ConfigurationError
from .groups import LegacySessions
from .settings import PLAIN_NAMES, PREFIX, Settings, environment, read_settings
from .values import NEVER_SCHEMES, BaseUrl, UpstreamUrl, host_of, is_loopback

__all__ = [
    "NEVER_SCHEMES",
    "PLAIN_NAMES",
    "PREFIX",
    "BaseUrl",
    "ConfigurationError",
    "LegacySessions",
    "Settings",
    "UpstreamUrl",
    "environment",
    "host_of",
    "is_loopback",
    "read_settings",
]
