"""Whether an authorization code gives tokens (RFC 6749 4.1.3, OAuth 2.1 4.1.3, RFC 7636 4.6)."""

from dataclasses import dataclass
from typing import TypeAlias

from .errors import OAuthError
from .pkce import is_verifier, proves
from .resources import foreign_resource, is_resource
from .tokens import Millis, TokenPolicy, after, invalid_grant


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFacts:
    """What is known of a code.

    Attributes:
        redirect_explicit: The client named the redirect URI at /authorize.
        consumed_at: When it was used; None while it was not.
        grant_id: What was made of it; None when nothing was.
        connected: The connection behind it is in use.
    """

    now: Millis
    client_id: str
    instance_id: str
    redirect_uri: str
    redirect_explicit: bool
    code_challenge: str
    scopes: frozenset[str]
    resource: str
    expires_at: Millis
    consumed_at: Millis | None
    grant_id: str | None
    connected: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CodeRequest:
    """What a client presents with a code; it has proven to be `client_id`.

    Attributes:
        refreshes: Whether the client may have a refresh token.
    """

    client_id: str
    instance_id: str
    redirect_uri: str | None
    verifier: str | None
    resource: str | None
    refreshes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Use the code up and give tokens.

    Attributes:
        refresh_expires_at: None for no refresh token.
        grant_expires_at: Nobody gets anything of this grant afterwards.
    """

    access_expires_at: Millis
    refresh_expires_at: Millis | None
    grant_expires_at: Millis


@dataclass(frozen=True, slots=True)
class Burn:
    """Use the code up and give nothing."""

    error: OAuthError


@dataclass(frozen=True, slots=True)
class Keep:
    """Give nothing; whatever was, stays as it was."""

    error: OAuthError


@dataclass(frozen=True, slots=True)
class RevokeMade:
    """Give nothing, and end the grant that was made of the code."""

    grant_id: str
    error: OAuthError


CodeDecision: TypeAlias = Issue | Burn | Keep | RevokeMade


def decide_code(facts: CodeFacts, request: CodeRequest, policy: TokenPolicy) -> CodeDecision:
    """What to do with a code that is presented.

    A request that is merely malformed, or names another redirect URI or resource, leaves the code
    to its client. A well-formed verifier that is wrong uses it up: whoever has a code without its
    verifier stole it, and gets one guess. Another client never changes anything.
    """
    if facts.client_id != request.client_id:
        return Keep(invalid_grant("code of another client"))
    if facts.instance_id != request.instance_id:
        return Keep(invalid_grant("code of another instance"))
    if facts.consumed_at is not None:
        return _decide_reuse(facts, facts.consumed_at, request, policy)
    error = _fault(facts, request)
    if error is not None:
        return Keep(error)
    if not proves(request.verifier, facts.code_challenge):
        return Burn(invalid_grant("wrong code_verifier"))
    return _issue(facts, request, policy)


def _decide_reuse(
    facts: CodeFacts, consumed_at: Millis, request: CodeRequest, policy: TokenPolicy
) -> CodeDecision:
    error = invalid_grant("code used twice")
    # A client whose connection broke asks again at once, with everything right. A thief does not.
    is_retry = facts.now <= after(consumed_at, policy.code_retry_s)
    if facts.grant_id is None or (is_retry and proves(request.verifier, facts.code_challenge)):
        return Keep(error)
    return RevokeMade(facts.grant_id, error)


def _fault(facts: CodeFacts, request: CodeRequest) -> OAuthError | None:
    if facts.expires_at <= facts.now:
        return invalid_grant("code expired")
    if not facts.connected:
        return invalid_grant("connection ended")
    if request.redirect_uri is None and facts.redirect_explicit:
        return invalid_grant("redirect_uri missing")
    if request.redirect_uri is not None and request.redirect_uri != facts.redirect_uri:
        return invalid_grant("other redirect_uri")
    if request.resource is not None and not is_resource(request.resource, facts.resource):
        return foreign_resource()
    if request.verifier is None:
        return OAuthError("invalid_request", "code_verifier is missing")
    if not is_verifier(request.verifier):
        return OAuthError("invalid_request", "code_verifier is malformed")
    return None


def _issue(facts: CodeFacts, request: CodeRequest, policy: TokenPolicy) -> Issue:
    access = after(facts.now, policy.access_s)
    if not request.refreshes:
        return Issue(access_expires_at=access, refresh_expires_at=None, grant_expires_at=access)
    end = after(facts.now, policy.refresh_absolute_s)
    return Issue(
        access_expires_at=min(access, end),
        refresh_expires_at=min(after(facts.now, policy.refresh_idle_s), end),
        grant_expires_at=end,
    )
