"""What administration needs of the server around it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.records import Instance, UpstreamTrip
from treenail_runtime.contract import OAuthClientAuth
from treenail_runtime.providers import Departure, ProviderClient


class KnownInstances(Protocol):
    """The instances as they are served."""

    async def by_id(self, instance_id: str) -> Instance | None:
        """The instance of an id; None when there is none, or it is not served here."""
        ...

    def forget(self, instance_id: str) -> None:
        """Read an instance again when it is needed next."""
        ...


class UpstreamClients(Protocol):
    """Talks to the providers of the upstreams."""

    def knows(self, instance: Instance) -> bool:
        """Whether the instance has a client at its provider."""
        ...

    async def depart(self, instance: Instance, *, redirect_uri: str, state: str) -> Departure:
        """Where to send a browser, and what to keep until it returns.

        Raises:
            ProviderError: There is nowhere to send it now.
        """
        ...

    async def arrive(
        self, instance: Instance, trip: UpstreamTrip, answer: Mapping[str, Sequence[str]]
    ) -> ObtainedTokens:
        """The tokens for what a browser brought back.

        Raises:
            ProviderError: There are none.
        """
        ...

    async def granted(
        self, instance: Instance, auth: OAuthClientAuth, client: ProviderClient | None
    ) -> ObtainedTokens:
        """A token for the client itself.

        Raises:
            UpkeepError: There is none.
        """
        ...

    async def prove(self, service: str, client: ProviderClient | None) -> ObtainedTokens | None:
        """See whether the provider of a connector takes a client.

        Args:
            service: The connector's name.
            client: None for the client that the environment tells.

        Returns:
            What it gives to the client itself; None where nothing is given without a person.

        Raises:
            ProviderError: It does not take the client, or does not answer.
        """
        ...
