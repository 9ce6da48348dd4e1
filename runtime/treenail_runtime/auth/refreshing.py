"""What a refresh token gives: rotation, with the same answer again for clients that ask twice.

Clients refresh in parallel and lose answers. A token that was just rotated therefore gives the
same successors for a short time. A thief who uses it gets the tokens of its owner, so that both
collide at the next rotation, and the grant ends (RFC 9700 4.14.2).
"""

from dataclasses import dataclass
from typing import TypeAlias

from .errors import OAuthError
from .records import GrantStatus
from .resources import foreign_resource, is_resource
from .scopes import narrow_scopes
from .tokens import Millis, TokenPolicy, after, invalid_grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What followed a refresh token that was used.

    Attributes:
        is_newest: Its successor was not used yet.
        scopes: Of the access token that was given out.
        access_expires_at: Of that one; the past when it was revoked.
        count: How often the answer was repeated.
        is_kept: The answer can still be repeated.
    """

    at: Millis
    is_newest: bool
    scopes: frozenset[str]
    access_expires_at: Millis
    count: int
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshFacts:
    """What is known of a refresh token and its grant, read under the grant's lock.

    Attributes:
        scopes: What the person agreed to.
        connected: The connection behind the grant is in use, with the credentials of then.
        rotation: None while the token was not used.
        upstream_issuer: The provider whose tokens the connection has; None when it has none.
    """

    now: Millis
    client_id: str
    instance_id: str
    status: GrantStatus
    grant_expires_at: Millis
    expires_at: Millis
    scopes: frozenset[str]
    resource: str
    connected: bool
    rotation: Rotation | None
    upstream_issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRequest:
    """What a client asks with a refresh token; it has proven to be `client_id`.

    Attributes:
        scopes: None for all that were granted.
        upstream_issuer: The provider that the connector names here; None when it names none.
    """

    client_id: str
    instance_id: str
    scopes: frozenset[str] | None = None
    resource: str | None = None
    upstream_issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotate:
    """Mark the token as used and give its successors.

    Attributes:
        scopes: Of the new access token; the refresh token keeps what was granted (RFC 6749 6).
        keeps_answer: Whether the answer may be asked for again.
        ends_previous: Whether earlier access tokens end now.
    """

    scopes: frozenset[str]
    access_expires_at: Millis
    refresh_expires_at: Millis
    keeps_answer: bool
    ends_previous: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Give the same successors again."""

    scopes: frozenset[str]
    access_expires_at: Millis


@dataclass(frozen=True, slots=True)
class Refuse:
    """Give nothing, change nothing."""

    error: OAuthError


@dataclass(frozen=True, slots=True)
class Compromise:
    """Give nothing, and end the grant: somebody else has the token."""

    error: OAuthError


RefreshDecision: TypeAlias = Rotate | Replay | Refuse | Compromise


def decide_refresh(
    facts: RefreshFacts, request: RefreshRequest, policy: TokenPolicy
) -> RefreshDecision:
    """What to do with a refresh token that is presented."""
    error = _fault(facts, request)
    if error is not None:
        return Refuse(error)
    scopes = narrow_scopes(request.scopes, facts.scopes)
    if scopes is None:
        return Refuse(OAuthError("invalid_scope", "the scope goes beyond what was granted"))
    if facts.rotation is None:
        return _rotate(facts, scopes, policy)
    if not _is_repeatable(facts.now, facts.rotation, policy):
        return Compromise(invalid_grant("refresh token used twice"))
    if scopes != facts.rotation.scopes:
        return Refuse(OAuthError("invalid_scope", "ask again for the scope of the first time"))
    return Replay(scopes=facts.rotation.scopes, access_expires_at=facts.rotation.access_expires_at)


def _fault(facts: RefreshFacts, request: RefreshRequest) -> OAuthError | None:
    if facts.client_id != request.client_id:
        return invalid_grant("refresh token of another client")
    if facts.instance_id != request.instance_id:
        return invalid_grant("refresh token of another instance")
    if facts.status != "active":
        return invalid_grant(f"grant {facts.status}")
    if min(facts.grant_expires_at, facts.expires_at) <= facts.now:
        return invalid_grant("refresh token expired")
    if not facts.connected:
        return invalid_grant("connection ended")
    if request.upstream_issuer and facts.upstream_issuer not in {None, request.upstream_issuer}:
        # Calls with the new tokens would be refused all the same, and nobody asked to connect again.
        return invalid_grant("the connector has another provider by now")
    if request.resource is not None and not is_resource(request.resource, facts.resource):
        return foreign_resource()
    return None


def _is_repeatable(now: Millis, rotation: Rotation, policy: TokenPolicy) -> bool:
    return (
        policy.grace_s > 0
        and rotation.is_kept
        and rotation.is_newest
        and rotation.count < policy.most_replays
        and now <= after(rotation.at, policy.grace_s)
    )


def _rotate(facts: RefreshFacts, scopes: frozenset[str], policy: TokenPolicy) -> Rotate:
    end = facts.grant_expires_at
    return Rotate(
        scopes=scopes,
        access_expires_at=min(after(facts.now, policy.access_s), end),
        refresh_expires_at=min(after(facts.now, policy.refresh_idle_s), end),
        keeps_answer=policy.grace_s > 0,
        ends_previous=policy.revoke_previous_access,
    )
