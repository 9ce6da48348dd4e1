"""What a client is told of a token (RFC 7662 2.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .records import Client, GrantStatus, Instance
from .scopes import write_scope
from .tokens import Millis, TokenKind, TokenState

INACTIVE: Final[Mapping[str, object]] = {"active": False}
"""All there is to say of a token that is unknown, dead, or none of the client's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What is known of a token.

    Attributes:
        connected: The connection behind the grant is in use, with the credentials of then.
    """

    now: Millis
    kind: TokenKind
    state: TokenState
    scopes: frozenset[str]
    resource: str
    issued_at: Millis
    expires_at: Millis
    client_id: str
    instance_id: str
    subject: str
    status: GrantStatus
    grant_expires_at: Millis
    connected: bool


def describe_token(
    facts: TokenFacts | None, client: Client, instance: Instance
) -> Mapping[str, object]:
    """The answer to `client`, who asks about a token; None for one that nobody knows."""
    if facts is None or not _is_live(facts) or not _may_see(facts, client, instance):
        return INACTIVE
    return {
        "active": True,
        "client_id": facts.client_id,
        "scope": write_scope(facts.scopes),
        "exp": min(facts.expires_at, facts.grant_expires_at) // 1000,
        "iat": facts.issued_at // 1000,
        "sub": facts.subject,
        "iss": instance.issuer,
        "aud": facts.resource,
        "token_type": "Bearer" if facts.kind == "access" else "refresh_token",
    }


def _is_live(facts: TokenFacts) -> bool:
    return (
        facts.state == "active"
        and facts.status == "active"
        and facts.connected
        and facts.now < min(facts.expires_at, facts.grant_expires_at)
    )


def _may_see(facts: TokenFacts, client: Client, instance: Instance) -> bool:
    if facts.instance_id != instance.id:
        return False
    # A resource server that may ask about the tokens of all must not take a refresh token for one.
    return facts.client_id == client.client_id or (client.may_introspect and facts.kind == "access")
