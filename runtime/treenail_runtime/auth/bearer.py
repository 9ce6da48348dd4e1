"""Whether an access token proves a principal (RFC 6750 3.1, RFC 8707 2, MCP token handling)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from .records import ConnectionConfig, GrantStatus, Instance, Principal
from .tokens import Millis, TokenKind, TokenState

FingerprintFits: TypeAlias = Callable[[str, ConnectionConfig], bool]
"""Whether a fingerprint was made of that configuration."""

NOTED_MS: Final = 60_000
"""How long the use of a grant is not noted again."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PrincipalFacts:
    """What is known of a token, its grant and its connection.

    Attributes:
        resource: What the token is for.
        fingerprint: Of the configuration that the grant was made for.
        config: Sealed.
        writes: How often something was written through the connection.
        last_used_at: Of the grant; up to a minute old.
    """

    now: Millis
    kind: TokenKind
    state: TokenState
    expires_at: Millis
    scopes: frozenset[str]
    resource: str
    grant_id: str
    status: GrantStatus
    grant_expires_at: Millis
    last_used_at: Millis
    client_id: str
    instance_id: str
    subject: str
    fingerprint: str
    connection_id: str
    connected: bool
    config: str
    writes: int

    @property
    def is_use_due(self) -> bool:
        """Whether the use of the grant should be noted again."""
        return self.now - self.last_used_at >= NOTED_MS


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a token proves nothing; for the log, as clients are told nothing."""

    reason: str


def decide_principal(facts: PrincipalFacts | None, instance: Instance) -> PrincipalFacts | Refusal:
    """The facts, when they prove a caller of `instance`; None for an unknown token.

    The connection's configuration has still to be opened and compared: `principal_of`.
    """
    if facts is None:
        return Refusal("unknown token")
    reason = _fault(facts, instance)
    return facts if reason is None else Refusal(reason)


def principal_of(
    facts: PrincipalFacts, config: ConnectionConfig, fits: FingerprintFits
) -> Principal | Refusal:
    """The caller, unless the credentials changed since the grant was made."""
    if not fits(facts.fingerprint, config):
        return Refusal("credentials changed")
    return Principal(
        grant_id=facts.grant_id,
        client_id=facts.client_id,
        subject=facts.subject,
        instance_id=facts.instance_id,
        connection_id=facts.connection_id,
        fingerprint=facts.fingerprint,
        scopes=facts.scopes,
        config=config,
        writes=facts.writes,
    )


def may_be_same(fingerprint: str, other: str) -> bool:
    """Whether two fingerprints, `<kid>.<MAC>`, can be of one configuration.

    Under different keys nothing can be said without the configuration, and the answer is yes:
    tools see it at the next call, when `principal_of` compares for good.
    """
    return fingerprint == other or fingerprint.partition(".")[0] != other.partition(".")[0]


def _fault(facts: PrincipalFacts, instance: Instance) -> str | None:
    if facts.kind != "access":
        return "not an access token"
    if facts.instance_id != instance.id or facts.resource != instance.resource:
        return "token of another instance"
    if facts.status != "active":
        return f"grant {facts.status}"
    if facts.state != "active":
        return f"token {facts.state}"
    if min(facts.expires_at, facts.grant_expires_at) <= facts.now:
        return "token expired"
    return None if facts.connected else "connection ended"
