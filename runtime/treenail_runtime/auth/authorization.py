"""Requests at /authorize (RFC 6749 4.1.1): an ordered list of checks, and what they come to.

Until the client and its redirect URI are proven, a refusal stays on our own page: anything else
would send people wherever a stranger says (RFC 9700 4.11).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from .errors import OAuthError
from .pkce import METHOD, is_challenge
from .records import AuthorizationRequest, Client, Instance
from .redirect_uris import UnsafeRedirectError, build_redirect, matches
from .resources import choose_resource
from .scopes import choose_scopes

LARGEST_STATE: Final = 2048
"""Bytes of a `state` in UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came.

    Attributes:
        parameters: Without empty ones; of repeated ones the first.
        repeated: Names that came more than once.
    """

    parameters: Mapping[str, str]
    repeated: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """The value of a parameter; None when there is none."""
        return self.parameters.get(name)

    @property
    def state(self) -> str | None:
        """What has to be returned with any answer; None when it cannot be."""
        state = self.get("state")
        return None if state is None or "state" in self.repeated or _is_long(state) else state


LocalReason = Literal[
    "no client", "repeated client", "unknown client", "no redirect", "repeated redirect", "redirect"
]


@dataclass(frozen=True, slots=True)
class LocalRefusal:
    """For the person only: the redirect URI cannot be trusted."""

    reason: LocalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectRefusal:
    """For the client, by way of its redirect URI (RFC 6749 4.1.2.1)."""

    redirect_uri: str
    state: str | None
    error: str
    description: str


def named_client(asked: Asked) -> str | LocalRefusal:
    """The id of the client to look up."""
    if "client_id" in asked.repeated:
        return LocalRefusal("repeated client")
    return asked.get("client_id") or LocalRefusal("no client")


def decide_authorization(
    asked: Asked, client: Client, instance: Instance
) -> AuthorizationRequest | RedirectRefusal | LocalRefusal:
    """Whether a person may be asked.

    Args:
        asked: What came.
        client: Whom `named_client` names.
        instance: Where it came.
    """
    if not is_known(client, instance):
        return LocalRefusal("unknown client")
    redirect_uri = _proven_redirect(asked, client)
    if isinstance(redirect_uri, LocalRefusal):
        return redirect_uri
    try:
        for check in _CHECKS:
            check(asked, client)
        return _request(asked, client, instance, redirect_uri)
    except OAuthError as error:
        return RedirectRefusal(
            redirect_uri=redirect_uri,
            state=asked.state,
            error=error.error,
            description=error.description,
        )


def is_known(client: Client, instance: Instance) -> bool:
    """Whether `client` may be used at `instance` now."""
    return not client.disabled and client.instance_id in {None, instance.id}


def still_holds(request: AuthorizationRequest, client: Client, instance: Instance) -> bool:
    """Whether what was proven of `request` is true while its person has been busy with the form."""
    known = any(matches(request.redirect_uri, each) for each in client.redirect_uris)
    return known and is_known(client, instance)


def _proven_redirect(asked: Asked, client: Client) -> str | LocalRefusal:
    if "redirect_uri" in asked.repeated:
        return LocalRefusal("repeated redirect")
    sent = asked.get("redirect_uri")
    if sent is None:
        # RFC 6749 3.1.2.3: it may be left out only when there is no choice.
        only = client.redirect_uris
        if len(only) != 1:
            return LocalRefusal("no redirect")
        sent = only[0]
    known = any(matches(sent, registered) for registered in client.redirect_uris)
    return sent if known and _leads_somewhere(sent) else LocalRefusal("redirect")


def _leads_somewhere(uri: str) -> bool:
    """Not so when a stored URI was tampered with: better known before anybody logs in."""
    try:
        build_redirect(uri, ())
    except UnsafeRedirectError:
        return False
    return True


def _request(
    asked: Asked, client: Client, instance: Instance, redirect_uri: str
) -> AuthorizationRequest:
    return AuthorizationRequest(
        instance_id=instance.id,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        redirect_explicit=asked.get("redirect_uri") is not None,
        state=asked.state,
        code_challenge=asked.parameters["code_challenge"],
        scopes=choose_scopes(asked.get("scope"), instance, client.scopes),
        resource=choose_resource(asked.get("resource"), instance.resource),
    )


Check: TypeAlias = Callable[[Asked, Client], None]
"""Raises `OAuthError`; its code and description go to the client."""


def _nothing_repeated(asked: Asked, _: Client) -> None:
    # RFC 6749 3.1. RFC 8707 2 allows several resources; here, there is one to ask for.
    if asked.repeated:
        raise OAuthError("invalid_request", "a parameter is repeated")


def _state_is_short(asked: Asked, _: Client) -> None:
    if _is_long(asked.get("state") or ""):
        raise OAuthError("invalid_request", f"state is longer than {LARGEST_STATE} bytes")


def _asks_for_a_code(asked: Asked, _: Client) -> None:
    response_type = asked.get("response_type")
    if response_type is None:
        raise OAuthError("invalid_request", "response_type is missing")
    if response_type != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")


def _answers_in_the_query(asked: Asked, _: Client) -> None:
    if asked.get("response_mode") not in {None, "query"}:
        raise OAuthError("invalid_request", "response_mode must be query")


def _client_may(_: Asked, client: Client) -> None:
    if "authorization_code" not in client.grant_types:
        raise OAuthError("unauthorized_client", "the client may not use authorization_code")


def _has_a_challenge(asked: Asked, _: Client) -> None:
    # Of every client: without it, a stolen code is as good as the client (RFC 9700 2.1.1).
    challenge = asked.get("code_challenge")
    if challenge is None:
        raise OAuthError("invalid_request", "code_challenge is missing")
    # Absent means `plain` (RFC 7636 4.3).
    if asked.get("code_challenge_method") != METHOD:
        raise OAuthError("invalid_request", f"code_challenge_method must be {METHOD}")
    if not is_challenge(challenge):
        raise OAuthError("invalid_request", "code_challenge is malformed")


_CHECKS: Final[Sequence[Check]] = (
    _nothing_repeated,
    _state_is_short,
    _asks_for_a_code,
    _answers_in_the_query,
    _client_may,
    _has_a_challenge,
)


def _is_long(state: str) -> bool:
    return len(state.encode()) > LARGEST_STATE
