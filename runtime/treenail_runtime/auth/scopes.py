"""Scopes: how they are written, which implies which, and what a client may get."""

import re
from collections.abc import Mapping, Set
from typing import Final

from .errors import OAuthError
from .records import Instance

READ: Final = "mcp.tools.read"
CALL: Final = "mcp.tools.call"
OFFLINE: Final = "offline_access"
"""Taken for the sake of clients that ask for it; refresh tokens do not depend on it."""

MOST_SCOPES: Final = 32

_IMPLIED: Final[Mapping[str, frozenset[str]]] = {CALL: frozenset({READ})}
_NAME: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,128}")


def parse_scope(text: str) -> frozenset[str]:
    """The scopes of a `scope` parameter (RFC 6749 3.3).

    Raises:
        OAuthError: `invalid_scope`: other characters, a repeated scope, or too many.
    """
    names = text.split(" ")
    found = frozenset(names)
    if len(names) > MOST_SCOPES:
        raise _invalid("too many scopes", f"{len(names)} scopes")
    if not all(_NAME.fullmatch(name) for name in names):
        raise _invalid("the scope is malformed", "malformed scope")
    if len(found) != len(names):
        raise _invalid("a scope is repeated", "repeated scope")
    return found


def write_scope(scopes: Set[str]) -> str:
    """`scopes` as one parameter, in a fixed order."""
    return " ".join(sorted(scopes))


def covers(granted: Set[str], needed: Set[str]) -> bool:
    """Whether `granted` suffices for all of `needed`, counting what a scope implies."""
    return needed <= _with_implied(granted)


def allows(granted: Set[str], needed: str) -> bool:
    """Whether `granted` suffices for `needed`."""
    return covers(granted, {needed})


def choose_scopes(
    asked: str | None, instance: Instance, allowed: frozenset[str] | None
) -> frozenset[str]:
    """What an authorization is about (RFC 6749 3.3).

    Args:
        asked: The `scope` parameter; None, or nothing but `offline_access`, gives the defaults.
        instance: Which scopes there are.
        allowed: What the client may ask for; None for all of them.

    Raises:
        OAuthError: `invalid_scope`: malformed, unknown, not this client's, or nothing is left.
    """
    wanted = frozenset[str]() if asked is None else parse_scope(asked)
    named = wanted - {OFFLINE}
    if not named <= instance.scopes.keys():
        raise _invalid("the scope is unknown", "unknown scope")
    if allowed is not None and not covers(allowed, named):
        raise _invalid("the client may not ask for this scope", "scope not allowed to client")
    chosen = named or _defaults(instance, allowed)
    if not chosen:
        raise _invalid("no scope is left for this client", "no default scope allowed to client")
    return chosen | (wanted & {OFFLINE})


def narrow_scopes(asked: frozenset[str] | None, granted: frozenset[str]) -> frozenset[str] | None:
    """What a refreshed access token may do (RFC 6749 6); None when `asked` goes beyond `granted`.

    Args:
        asked: None for the same as granted.
        granted: What the person agreed to.
    """
    if asked is None:
        return granted
    return asked if covers(granted, asked) else None


def _defaults(instance: Instance, allowed: frozenset[str] | None) -> frozenset[str]:
    if allowed is None:
        return instance.default_scopes
    return frozenset(name for name in instance.default_scopes if covers(allowed, {name}))


def _with_implied(scopes: Set[str]) -> frozenset[str]:
    return frozenset(scopes).union(*(_IMPLIED.get(name, frozenset()) for name in scopes))


def _invalid(description: str, reason: str) -> OAuthError:
    return OAuthError("invalid_scope", description, reason)
