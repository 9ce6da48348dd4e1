"""The Fergus connector, its provider and its upstream, with a listener on every wire between them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.support.mock_upstream import ROOT, MockUpstream
from tests.support.ports import free_port
from tests.support.serving_oauth import Served, serving_oauth
from tests.support.wiretap import Wiretap, tapped
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider

TOOLS: Final = 39
_FILES: Final = (ROOT / "connectors" / "fergus.yaml", ROOT / "specs" / "fergus.yaml")
_CLIENT: Final = FakeClient("treenail", "secret-of-the-server-at-its-provider")


@dataclass(frozen=True)
class Fergus:
    """All of it.

    Attributes:
        served: Our server.
        fake: The upstream's provider.
        front: Between the server and its clients, browsers included.
        back: Between the server and the upstream.
        side: Between the server, and browsers, and the provider.
    """

    served: Served
    fake: FakeProvider
    front: Wiretap
    back: Wiretap
    side: Wiretap

    @property
    def url(self) -> str:
        """The MCP endpoint, as clients are told it."""
        return f"{self.front.url}/mcp"

    async def expire(self, client_id: str) -> None:
        """Let all access tokens be over: the client's, and that of the upstream."""
        await self.served.expire_access(client_id)
        self.fake.ledger.expire_access()

    def check_that_no_token_went_through(self) -> None:
        """PX-06, on the wires at both ends; both sides have refreshed once."""
        ours = self.front.told("access_token") | self.front.told("refresh_token")
        theirs = self.side.told("access_token") | self.side.told("refresh_token")

        # Four: access and refresh token, twice. Cognito gives no second refresh token.
        assert (len(ours), len(theirs)) == (4, 3)
        assert self.front.told("access_token") == self.front.shown()
        assert self.side.told("access_token") == self.back.shown()
        for token in ours:
            assert token not in self.back.heard + self.side.heard
        for token in theirs | {(_CLIENT.secret or "").encode()}:
            assert token not in self.front.heard
        # What was packed would not have been found.
        assert b"content-encoding" not in (self.front.heard + self.side.heard).lower()
        assert len(self.fake.journal.of("token", grant_type="authorization_code")) == 1
        assert len(self.fake.journal.of("token", grant_type="refresh_token")) == 1


@asynccontextmanager
async def fergus(folder: Path) -> AsyncGenerator[Fergus]:
    """`treenail serve fergus` before an upstream that takes only living tokens of its provider."""
    port = free_port()
    async with serving_provider("cognito", clients=[_CLIENT]) as fake:
        provider_port = urlsplit(fake.base_url).port or 0
        with MockUpstream(*_FILES, userinfo_url=fake.url("userinfo")) as mock:
            async with (
                tapped(port) as front,
                tapped(urlsplit(mock.url).port or 0) as back,
                tapped(provider_port) as side,
            ):
                with serving_oauth(
                    folder,
                    "fergus",
                    port=port,
                    upstream_url=back.url,
                    variables={
                        "FERGUS_OAUTH_CLIENT_ID": _CLIENT.client_id,
                        "FERGUS_OAUTH_CLIENT_SECRET": _CLIENT.secret or "",
                    },
                    base_url=front.url,
                    provider_url=side.url,
                ) as served:
                    yield Fergus(served, fake, front, back, side)
