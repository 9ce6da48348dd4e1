"""The places at which connectors are served."""

from typing import Protocol

from treenail_runtime.auth.records import Instance


class Places(Protocol):
    """Knows every instance; there may be thousands, which come and go while the server runs."""

    @property
    def default(self) -> Instance:
        """The one without a name in its paths."""
        ...

    async def find(self, name: str) -> Instance | None:
        """The one of that name in paths; None when there is none.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        ...
