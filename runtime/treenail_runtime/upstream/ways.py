"""The ways in which a person can connect: by typing credentials, at the provider, or either."""

from collections.abc import Mapping, Sequence

from treenail_runtime.contract import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    ChainAuth,
    NoAuth,
    OAuthClientAuth,
    OAuthCodeAuth,
)
from treenail_runtime.contract.auth import PLACEHOLDER


def code_grant(auth: Auth) -> OAuthCodeAuth | None:
    """The scheme for which a person goes to the provider; None when there is none."""
    match auth:
        case OAuthCodeAuth():
            return auth
        case ChainAuth(schemes):
            return next((found for each in schemes if (found := code_grant(each))), None)
        case _:
            return None


def is_optional(auth: Auth) -> bool:
    """Whether a connection can do without the provider, by what a person types instead."""
    match auth:
        case OAuthCodeAuth():
            return False
        case ChainAuth(schemes, "first"):
            return any(is_optional(each) for each in schemes)
        case ChainAuth(schemes):
            return all(is_optional(each) for each in schemes)
        case _:
            return True


def typed_fields(auth: Auth) -> frozenset[str]:
    """The login fields that the schemes themselves take."""
    match auth:
        case BasicAuth(username, password):
            return _names(username + password)
        case BearerAuth(template) | ApiKeyAuth(_, _, template):
            return _names(template)
        case OAuthClientAuth(client_id=client_id, client_secret=client_secret):
            return _names(client_id + client_secret)
        case ChainAuth(schemes):
            return frozenset[str]().union(*map(typed_fields, schemes))
        case NoAuth() | OAuthCodeAuth():
            return frozenset()


def fields_instead(auth: Auth) -> frozenset[str]:
    """The login fields that nobody needs who goes to the provider."""
    match auth:
        case ChainAuth(_, "all"):
            return frozenset()
        case _:
            return typed_fields(auth)


def needed_grant(auth: Auth, given: Mapping[str, object]) -> OAuthCodeAuth | OAuthClientAuth | None:
    """The scheme whose token goes with each request of a connection; None when none does.

    Args:
        auth: What the connector declares.
        given: The connection's login values by field.
    """
    match auth:
        case OAuthCodeAuth() | OAuthClientAuth():
            return auth
        case ChainAuth(schemes, "first"):
            return _first_grant(schemes, given)
        case ChainAuth(schemes):
            found = (needed_grant(each, given) for each in schemes)
            return next((grant for grant in found if grant), None)
        case _:
            return None


def chosen_schemes(
    auth: Auth, given: Mapping[str, object], *, has_tokens: bool
) -> Sequence[Auth] | None:
    """The schemes that go with each request of a connection; None when it has not what they take.

    Args:
        auth: What the connector declares.
        given: The connection's login values by field.
        has_tokens: Whether a person has granted it tokens at the provider.
    """
    match auth:
        case ChainAuth(schemes, use):
            found = [chosen_schemes(each, given, has_tokens=has_tokens) for each in schemes]
            complete = [each for each in found if each is not None]
            if not complete or (use == "all" and len(complete) < len(found)):
                return None
            return complete[0] if use == "first" else [leaf for part in complete for leaf in part]
        case OAuthCodeAuth():
            return (auth,) if has_tokens else None
        case _:
            return (auth,) if _is_typed(auth, given) else None


def is_ready(auth: Auth, given: Mapping[str, object]) -> bool:
    """Whether a connection can do with these login values, without the provider."""
    return chosen_schemes(auth, given, has_tokens=False) is not None


def missing_fields(auth: Auth, given: Mapping[str, object]) -> frozenset[str]:
    """Login fields of which some are needed by a connection that is not `is_ready`.

    Those of the schemes that were begun, if any were.
    """
    schemes = auth.schemes if isinstance(auth, ChainAuth) else (auth,)
    begun = [each for each in schemes if any(given.get(name) for name in typed_fields(each))]
    wanted = frozenset[str]().union(*map(typed_fields, begun or schemes))
    return frozenset(name for name in wanted if not given.get(name))


def needs_client(auth: Auth) -> bool:
    """Whether nobody can connect before the operator has a client at the provider."""
    match auth:
        case OAuthCodeAuth():
            return True
        case OAuthClientAuth(client_id=client_id):
            return not client_id
        case ChainAuth(schemes, "first"):
            return all(needs_client(each) for each in schemes)
        case ChainAuth(schemes):
            return any(needs_client(each) for each in schemes)
        case _:
            return False


def _first_grant(
    schemes: Sequence[Auth], given: Mapping[str, object]
) -> OAuthCodeAuth | OAuthClientAuth | None:
    # Who goes to the provider leaves the fields of the other schemes empty.
    is_typed = any(_is_typed(each, given) for each in schemes if typed_fields(each))
    for each in schemes:
        if _is_typed(each, given) and not (is_typed and isinstance(each, OAuthCodeAuth)):
            return needed_grant(each, given)
    found = (needed_grant(each, given) for each in schemes)
    return next((grant for grant in found if grant), None)


def _is_typed(auth: Auth, given: Mapping[str, object]) -> bool:
    return all(given.get(name) for name in typed_fields(auth))


def _names(template: str) -> frozenset[str]:
    return frozenset(PLACEHOLDER.findall(template))
