"""The authorization servers of the upstreams, as the login needs them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.records import Instance, UpstreamTrip
from treenail_runtime.providers import Departure


class Providers(Protocol):
    """Talks to the provider of an instance, as the client that the provider knows it by."""

    def knows(self, instance: Instance) -> bool:
        """Whether the instance has a client at its provider, so that people can go there."""
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

        Args:
            instance: Whose.
            trip: What was kept.
            answer: The parameters of the authorization response, each with all its values.

        Raises:
            ProviderError: There are none.
        """
        ...
