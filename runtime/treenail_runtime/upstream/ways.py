"""The ways in which a person can connect: by typing credentials, at the provider, or either."""

from collections.abc import Mapping

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
            for each in schemes:
                grant = needed_grant(each, given)
                if grant is not None or all(given.get(name) for name in typed_fields(each)):
                    return grant
            return None
        case ChainAuth(schemes):
            found = (needed_grant(each, given) for each in schemes)
            return next((grant for grant in found if grant), None)
        case _:
            return None


def _names(template: str) -> frozenset[str]:
    return frozenset(PLACEHOLDER.findall(template))
