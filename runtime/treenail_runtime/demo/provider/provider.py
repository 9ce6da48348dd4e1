"""The provider itself: its parts, its clock, its name."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from treenail_runtime.clock import Clock, utc_now
from treenail_runtime.contract import OAuthProvider
from treenail_runtime.providers.presets import PRESETS

from .journal import Journal
from .ledger import FakeClient, Ledger
from .modes import MODES, Mode, ModeName
from .signing import Signer
from .switches import Switches


class FakeProvider:
    """One authorization server.

    Args:
        base_url: Where it is, without a slash at the end.
        mode: The product that it is like, by its name or with ways of its own.
        clients: Registered with it.
        clock: The time of day.
    """

    def __init__(
        self,
        base_url: str,
        mode: ModeName | Mode = "oidc",
        *,
        clients: Iterable[FakeClient] = (),
        clock: Clock = utc_now,
    ) -> None:
        self.base_url = base_url
        self.mode = mode if isinstance(mode, Mode) else MODES[mode]
        self.switches = Switches()
        self.journal = Journal()
        self.ledger = Ledger({client.client_id: client for client in clients})
        self.signer = Signer()
        self._clock = clock

    @property
    def issuer(self) -> str:
        """Its name; GitHub's has none, but this one answers with it all the same."""
        return self.base_url + self.mode.issuer

    @property
    def now(self) -> float:
        """Seconds since 1970, by its own clock."""
        return self._clock().timestamp() + self.switches.skew_s

    def url(self, endpoint: str) -> str:
        """The URL of an endpoint by its name."""
        return self.base_url + self.mode.paths[endpoint]

    def declared(self) -> OAuthProvider:
        """How a connector declares it."""
        if self.mode.name == "github":
            return OAuthProvider(
                preset="github",
                authorize_url=self.url("authorize"),
                token_url=self.url("token"),
                revoke_url=self.base_url + urlsplit(PRESETS["github"].revoke_url).path,
            )
        return OAuthProvider(preset=self.mode.name, issuer=self.issuer)

    def is_live(self, access_token: str) -> bool:
        """Whether an upstream that trusts this provider takes the token."""
        return self.ledger.granted(access_token, self.now) is not None

    def named_issuer(self, place: str) -> str:
        """The issuer as it is named in `document`, `id_token` or `answer`."""
        if self.switches.wrong_issuer_in == place:
            host = urlsplit(self.base_url).netloc
            return f"https://other.example.test/{host}"
        return self.issuer
