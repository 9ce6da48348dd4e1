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
    """The login fields that nobody needs who goes to the provider.

    All but those of the schemes that go along with its token.
    """
    return typed_fields(auth) - _fields_beside(auth)


def needed_grant(
    auth: Auth, given: Mapping[str, object], *, has_tokens: bool
) -> OAuthCodeAuth | OAuthClientAuth | None:
    """The scheme whose token goes with each request of a connection; None when none does.

    Args:
        auth: What the connector declares.
        given: The connection's login values by field.
        has_tokens: Whether a person has granted it tokens at the provider.
    """
    schemes = chosen_schemes(auth, given, has_tokens=has_tokens) or ()
    return next(
        (each for each in schemes if isinstance(each, OAuthCodeAuth | OAuthClientAuth)), None
    )


def settled(auth: Auth, given: Mapping[str, object], *, has_tokens: bool) -> Auth:
    """`auth` without the ways that a connection does not go.

    As it is when the connection has what no way takes.
    """
    schemes = chosen_schemes(auth, given, has_tokens=has_tokens)
    if schemes is None:
        return auth
    return schemes[0] if len(schemes) == 1 else ChainAuth(tuple(schemes), "all")


def declared_grant(auth: Auth) -> OAuthCodeAuth | OAuthClientAuth | None:
    """The scheme of OAuth, whoever uses it; None when there is none."""
    match auth:
        case OAuthCodeAuth() | OAuthClientAuth():
            return auth
        case ChainAuth(schemes):
            return next((found for each in schemes if (found := declared_grant(each))), None)
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
    return _missing(wanted, given)


def missing_beside(auth: Auth, given: Mapping[str, object]) -> frozenset[str]:
    """Login fields that go along with the provider's token, and were not filled in."""
    return _missing(_fields_beside(auth), given)


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


def _fields_beside(auth: Auth) -> frozenset[str]:
    match auth:
        case ChainAuth(schemes, use):
            way = next((each for each in schemes if code_grant(each)), None)
            if way is None:
                return frozenset()
            others = [each for each in schemes if each is not way] if use == "all" else []
            return _fields_beside(way).union(*map(typed_fields, others))
        case _:
            return frozenset()


def _missing(wanted: frozenset[str], given: Mapping[str, object]) -> frozenset[str]:
    return frozenset(name for name in wanted if not given.get(name))


def _is_typed(auth: Auth, given: Mapping[str, object]) -> bool:
    return all(given.get(name) for name in typed_fields(auth))


def _names(template: str) -> frozenset[str]:
    return frozenset(PLACEHOLDER.findall(template))
