"""The decision about a refresh token, at the edges of its times and counts."""

from dataclasses import replace

import pytest

from treenail_runtime.auth.refreshing import (
    Compromise,
    RefreshFacts,
    RefreshRequest,
    Refuse,
    Replay,
    Rotate,
    Rotation,
    decide_refresh,
)
from treenail_runtime.auth.tokens import Millis, TokenPolicy

SCOPES = frozenset({"mcp.tools.call"})
NOW = Millis(10_000_000_000)
FACTS = RefreshFacts(
    now=NOW,
    client_id="client",
    instance_id="default",
    status="active",
    grant_expires_at=Millis(NOW + 90 * 86_400_000),
    expires_at=Millis(NOW + 1),
    scopes=SCOPES,
    resource="https://mcp.example/mcp",
    connected=True,
    rotation=None,
)
ROTATION = Rotation(
    at=Millis(NOW - 60_000),
    is_newest=True,
    scopes=SCOPES,
    access_expires_at=Millis(NOW + 1000),
    count=99,
    is_kept=True,
)
ROTATED = replace(FACTS, rotation=ROTATION)
REQUEST = RefreshRequest(client_id="client", instance_id="default")
POLICY = TokenPolicy()


def rotated(**changes: object) -> object:
    return decide_refresh(replace(FACTS, rotation=replace(ROTATION, **changes)), REQUEST, POLICY)


@pytest.mark.requirement("S0-24", "S1-23")
def test_an_unused_token_is_rotated_within_the_life_of_its_grant() -> None:
    ending = replace(FACTS, grant_expires_at=Millis(NOW + 5000))

    assert decide_refresh(ending, REQUEST, POLICY) == Rotate(
        scopes=SCOPES,
        access_expires_at=Millis(NOW + 5000),
        refresh_expires_at=Millis(NOW + 5000),
        keeps_answer=True,
        ends_previous=False,
    )


@pytest.mark.requirement("T-051", "T-052", "T-053")
def test_a_used_token_is_answered_again_only_while_everything_allows_it() -> None:
    assert rotated() == Replay(scopes=SCOPES, access_expires_at=ROTATION.access_expires_at)
    assert isinstance(rotated(at=Millis(NOW - 60_001)), Compromise)
    assert isinstance(rotated(is_newest=False), Compromise)
    assert isinstance(rotated(count=100), Compromise)
    assert isinstance(rotated(is_kept=False), Compromise)
    assert isinstance(decide_refresh(ROTATED, REQUEST, replace(POLICY, grace_s=0)), Compromise)


@pytest.mark.requirement("T-044", "T-056", "T-075")
@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"instance_id": "other"},
        {"status": "revoked"},
        {"status": "compromised"},
        {"status": "expired"},
        {"grant_expires_at": NOW},
        {"expires_at": NOW},
        {"connected": False},
    ],
)
@pytest.mark.parametrize("facts", [FACTS, ROTATED])
def test_what_is_not_the_clients_or_dead_is_refused_without_consequence(
    facts: RefreshFacts, change: dict[str, object]
) -> None:
    decided = decide_refresh(replace(facts, **change), REQUEST, POLICY)

    assert isinstance(decided, Refuse)
    assert decided.error.error == "invalid_grant"


def test_strict_mode_keeps_no_answer() -> None:
    decided = decide_refresh(FACTS, REQUEST, replace(POLICY, grace_s=0))

    assert isinstance(decided, Rotate)
    assert not decided.keeps_answer
