"""What it means to give a token back (RFC 7009 2.1)."""

from dataclasses import dataclass

from .tokens import TokenKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """Something ended.

    Attributes:
        kind: With a refresh token the whole grant ended, whichever of its refresh tokens it was.
            An access token ended alone: clients drop one of several without logging out.
    """

    grant_id: str
    kind: TokenKind
