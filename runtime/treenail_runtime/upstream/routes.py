"""Where the requests of one connection go, and which circuit breaker watches over each place."""

from collections.abc import MutableMapping
from urllib.parse import urlsplit

from treenail_runtime.contract import Endpoint

from .breaker import CircuitBreaker


class Routes:
    """The server of each endpoint, for one connection.

    Args:
        server_url: Of the connection, without a slash at the end.
        breakers: By server URL; shared by all connections, and added to.
        is_override: Whether `server_url` takes the place of every server, also of those that
            endpoints name.
    """

    def __init__(
        self,
        server_url: str,
        breakers: MutableMapping[str, CircuitBreaker],
        *,
        is_override: bool = False,
    ) -> None:
        self._server_url = server_url
        self._breakers = breakers
        self._is_override = is_override

    def url(self, endpoint: Endpoint) -> str:
        """The URL of the endpoint's server, without a slash at the end.

        A server that is a path stands at the origin of the connection's server.
        """
        server = endpoint.server
        if not server or self._is_override:
            return self._server_url
        if not server.startswith("/"):
            return server
        parts = urlsplit(self._server_url)
        return f"{parts.scheme}://{parts.netloc}{server}".rstrip("/")

    def breaker(self, endpoint: Endpoint) -> CircuitBreaker:
        """The breaker of the endpoint's server."""
        return self._breakers.setdefault(self.url(endpoint), CircuitBreaker())
