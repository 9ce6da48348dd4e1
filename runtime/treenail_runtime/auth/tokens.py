"""Tokens as clients get them, how long they live, and what an exchange of them comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NewType, TypeAlias

from treenail_runtime.crypto.opaque import digest, new_token
from treenail_runtime.crypto.replay import open_replay, seal_replay

from .errors import OAuthError
from .records import Digest
from .scopes import write_scope

Millis = NewType("Millis", int)
"""A moment of the database's clock, in milliseconds since 1970-01-01 UTC."""

TokenKind: TypeAlias = Literal["access", "refresh"]

TokenState: TypeAlias = Literal["active", "rotated", "revoked"]
"""`rotated` is a refresh token that was used, `revoked` an access token that ended alone."""

_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """How long things live, in seconds, and how patient a refresh is.

    Attributes:
        code_s: Of an authorization code; at most 600 (RFC 6749 4.1.2).
        code_retry_s: A client that repeats the exchange of its code within this time is refused
            without harm to the tokens it got.
        access_s: Of an access token; at least 60.
        refresh_idle_s: A refresh token that nobody uses for so long is dead.
        refresh_absolute_s: After so long a person has to log in again.
        grace_s: A refresh token that was used is answered again with the same successors for so
            long; 0 answers never, so that any second use ends the grant. At most 120.
        most_replays: How often it is answered again; clients refresh in parallel by the dozen.
        revoke_previous_access: Whether a refresh ends the access tokens before it.
    """

    code_s: int = 60
    code_retry_s: int = 5
    access_s: int = 3600
    refresh_idle_s: int = 30 * _DAY_S
    refresh_absolute_s: int = 90 * _DAY_S
    grace_s: int = 60
    most_replays: int = 100
    revoke_previous_access: bool = False

    def __post_init__(self) -> None:
        bounds = {
            "code_s": (1, 600),
            "code_retry_s": (0, 60),
            "access_s": (60, 7 * _DAY_S),
            "refresh_idle_s": (60, 10 * 365 * _DAY_S),
            "refresh_absolute_s": (60, 10 * 365 * _DAY_S),
            "grace_s": (0, 120),
            "most_replays": (0, 1000),
        }
        for name, (least, most) in bounds.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be {least} to {most}")


def after(moment: Millis, seconds: int) -> Millis:
    """The moment `seconds` later."""
    return Millis(moment + seconds * 1000)


def seconds_between(start: Millis, end: Millis) -> int:
    """Whole seconds from `start` to `end`; 0 when `end` is past."""
    return max(0, end - start) // 1000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TokenPair:
    """What a client presents; never stored, never logged.

    Attributes:
        refresh: None for a client that does not refresh.
    """

    access: str
    refresh: str | None

    def digests(self) -> "PairDigests":
        """The form in which it is stored."""
        return PairDigests(
            access=Digest(digest(self.access)),
            refresh=None if self.refresh is None else Digest(digest(self.refresh)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDigests:
    """A pair as it is stored."""

    access: Digest
    refresh: Digest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Successors:
    """What may follow a refresh token, made before anybody knows whether it will.

    Attributes:
        replay: The pair, sealed so that only who presents the old token opens it.
    """

    access: Digest
    refresh: Digest
    replay: bytes


def new_pair(prefix: str, *, refreshes: bool) -> TokenPair:
    """A fresh pair; `prefix` is the instance's."""
    refresh = new_token(prefix, "rtk") if refreshes else None
    return TokenPair(access=new_token(prefix, "atk"), refresh=refresh)


def new_successors(presented: str, prefix: str) -> tuple[TokenPair, Successors]:
    """A pair to follow `presented`, and what is stored of it."""
    access, refresh = new_token(prefix, "atk"), new_token(prefix, "rtk")
    stored = Successors(
        access=Digest(digest(access)),
        refresh=Digest(digest(refresh)),
        replay=seal_replay(presented, f"{access} {refresh}".encode()),
    )
    return TokenPair(access=access, refresh=refresh), stored


def open_pair(presented: str, replay: bytes) -> TokenPair:
    """The pair that followed `presented`.

    Raises:
        BrokenSealError: `replay` was not sealed for `presented`.
    """
    access, refresh = open_replay(presented, replay).decode().split(" ")
    return TokenPair(access=access, refresh=refresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Tokens were given out.

    Attributes:
        scopes: Of the access token.
        expires_in_s: What is left of the access token's life.
        replay: The pair that was given out before, sealed; None when the new one counts.
    """

    grant_id: str
    scopes: frozenset[str]
    expires_in_s: int
    replay: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """No tokens were given out.

    Attributes:
        ended_grant: The grant that ended with this, because something was used twice.
        used_up: Whether a code that was good until now is none any more.
    """

    error: OAuthError
    ended_grant: str | None = None
    used_up: bool = False


Exchanged: TypeAlias = Granted | Denied


def token_response(pair: TokenPair, granted: Granted) -> Mapping[str, object]:
    """What a client is told (RFC 6749 5.1); the scope always, as it may be less than asked."""
    told: dict[str, object] = {
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": granted.expires_in_s,
        "scope": write_scope(granted.scopes),
    }
    return told if pair.refresh is None else {**told, "refresh_token": pair.refresh}


def invalid_grant(reason: str) -> OAuthError:
    """The one refusal of codes and refresh tokens; only the log knows why."""
    return OAuthError(
        "invalid_grant", "the code or token is not valid, has expired, or was revoked", reason
    )
