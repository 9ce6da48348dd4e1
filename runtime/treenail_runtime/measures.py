"""What a server counts: told where it happens, kept by whoever wants to know."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Refreshed: TypeAlias = Literal["refreshed", "failed", "reauth"]
Circuit: TypeAlias = Literal["provider", "instance"]
Cache: TypeAlias = Literal["tokens", "client_tokens", "instances", "responses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFigures:
    """How a cache of this process is doing.

    Attributes:
        entries: That it holds now.
        most: That it ever holds.
        hits: Looks since the process began that found what could be used.
        misses: Those that did not.
    """

    name: Cache
    entries: int
    most: int
    hits: int
    misses: int


class Measures:
    """Is told what happens, and forgets it. Nothing here may wait or fail."""

    def called(self, connector: str, tool: str, outcome: str, seconds: float) -> None:
        """A tool was called; `outcome` is `answered` or the kind of failure."""

    def asked(self, connector: str, status: int | None, seconds: float) -> None:
        """A request went to an upstream; `status` is None when there was no answer."""

    def opened(self, connector: str) -> None:
        """A circuit breaker towards an upstream opened."""

    def provider_left_alone(self, connector: str, circuit: Circuit) -> None:
        """A circuit breaker towards a connector's provider opened, for all or for one instance."""

    def refreshed(self, outcome: Refreshed) -> None:
        """A provider was asked for new tokens."""

    def looked_up(self, cache: Cache, *, hit: bool) -> None:
        """Something was looked for where it may be at hand."""

    def holds(self, cache: Cache, entries: int, size: int) -> None:
        """A cache now holds so many entries, of `size` bytes together."""

    def listening(self, streams: int) -> None:
        """So many clients now keep a stream open."""

    def served(self, place: str) -> None:
        """A request of a proven caller came to an instance."""


UNMEASURED: Final = Measures()
