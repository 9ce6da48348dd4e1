"""What a person is told before they allow: who asks, from where, for what."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from .records import AuthorizationRequest, Client, ClientKind, Instance
from .redirect_uris import is_loopback_redirect, redirect_place
from .scopes import OFFLINE

LONGEST_NAME: Final = 80

_CUT: Final = "\N{HORIZONTAL ELLIPSIS}"
_UNNAMED: Final = "An unnamed application"
_OFFLINE_WORDS: Final = "Stay connected after you close it, until you disconnect it"

Standing = Literal["approved", "verified", "unverified"]

_STANDING: Final[Mapping[ClientKind, Standing]] = {
    "preregistered": "approved",
    "document": "verified",
    "dynamic": "unverified",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """An application as a person sees it.

    Attributes:
        name: On one line, without characters that change direction or cannot be seen.
        standing: The operator approved it; its host vouches for it; or nobody does.
        host: The host whose document describes it, with a port of its own; None unless `verified`.
        returns_to: Host with a port of its own, or scheme with its colon, to which the browser goes
            afterwards.
        is_local: It runs on the person's own computer, where any program could pose as it.
        abilities: What it will be able to do, in words.
    """

    name: str
    standing: Standing
    host: str | None
    returns_to: str
    is_local: bool
    abilities: Sequence[str]


def introduce(client: Client, request: AuthorizationRequest, instance: Instance) -> Introduction:
    """Introduce `client` (MCP 2026-07-28, Client ID Metadata Documents: hostname and warning)."""
    return Introduction(
        name=shown_name(client.name) or _UNNAMED,
        standing=_STANDING[client.kind],
        host=redirect_place(client.client_id) if client.kind == "document" else None,
        returns_to=redirect_place(request.redirect_uri),
        is_local=is_loopback_redirect(request.redirect_uri),
        abilities=abilities(request.scopes, instance),
    )


def abilities(scopes: frozenset[str], instance: Instance) -> Sequence[str]:
    """The scopes in words, in the instance's order."""
    words = [text for scope, text in instance.scopes.items() if scope in scopes]
    return [*words, _OFFLINE_WORDS] if OFFLINE in scopes else words


def shown_name(name: str) -> str:
    """`name` as it may stand in a sentence of ours; empty when nothing of it can be seen."""
    spaced = "".join(" " if char.isspace() else char for char in name)
    seen = "".join(char for char in spaced if unicodedata.category(char)[0] != "C")
    line = " ".join(seen.split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1].rstrip()}{_CUT}"
