"""How the provider is sick; changed while it runs."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import JsonValue

Outage: TypeAlias = Literal["error", "fault", "hang", "cut"]
"""Status 503; status 500; no answer until it is well again; an answer that ends too early."""


@dataclass(kw_only=True)
class Switches:
    """All off at first.

    Attributes:
        outage: What happens at the endpoints of `outage_at`; None when it is well.
        outage_at: Names of endpoints; empty for all of them.
        retry_after: `Retry-After` of its 503 answers; empty for none.
        wrong_issuer_in: Where it names another issuer than it should.
        names_itself: Whether its authorization responses carry `iss` (RFC 9207).
        skew_s: How far its clock is ahead of the others'.
        rotates: Whether each refresh token is good once, and followed by another one.
        renews_refresh: Whether its refresh answers carry a refresh token.
        gives_refresh: Whether its answers to codes do.
        access_life_s: How long its access tokens are good.
        refuses_refresh: Whether each refresh is answered with `invalid_grant`.
        document: Members that go before those of its document.
        token_answer: Members of its token answers instead of the true ones; None leaves one out.
        id_claims: The same for its ID tokens.
        id_algorithm: How it signs them.
        ends_all: Whether a token that is given back ends all that its person granted to the client.
        remembers: Whether somebody who is logged in, and agreed before, sees no page again.
    """

    outage: Outage | None = None
    outage_at: frozenset[str] = frozenset()
    retry_after: str = ""
    wrong_issuer_in: Literal["document", "id_token", "answer"] | None = None
    names_itself: bool = True
    skew_s: int = 0
    rotates: bool = True
    renews_refresh: bool = True
    gives_refresh: bool = True
    access_life_s: int = 3600
    refuses_refresh: bool = False
    document: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    token_answer: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    id_claims: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    id_algorithm: Literal["RS256", "ES256", "HS256", "none"] = "RS256"
    ends_all: bool = False
    remembers: bool = True
    well: asyncio.Event = field(default_factory=asyncio.Event)

    def fall_ill(self, outage: Outage, *endpoints: str, retry_after: str = "") -> None:
        """Begin an outage at `endpoints`, or at all of them."""
        self.well.clear()
        self.outage, self.outage_at, self.retry_after = outage, frozenset(endpoints), retry_after

    def recover(self) -> None:
        """End the outage; what hangs is answered now."""
        self.outage = None
        self.well.set()

    def is_out(self, endpoint: str) -> bool:
        """Whether the outage is at that endpoint."""
        return self.outage is not None and (not self.outage_at or endpoint in self.outage_at)
