"""HTTP towards the wrapped API: credentials, retries, limits, and what the agent hears of failures."""

from .answer_cache import AnswerCache, Owner
from .breaker import CircuitBreaker
from .client import Refused, UpstreamClient
from .credentials import Credentials, CredentialSource, credentials_for
from .exchange import AnswerError, OutgoingRequest, WholeResponse
from .retrying import Timing
from .reuse import Reuse
from .routes import Routes
from .transport import AiohttpTransport

__all__ = [
    "AiohttpTransport",
    "AnswerCache",
    "AnswerError",
    "CircuitBreaker",
    "CredentialSource",
    "Credentials",
    "OutgoingRequest",
    "Owner",
    "Refused",
    "Reuse",
    "Routes",
    "Timing",
    "UpstreamClient",
    "WholeResponse",
    "credentials_for",
]
