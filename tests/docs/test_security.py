"""The security model names proofs that exist, and its tables are those of the code."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.requirements import REQUIREMENTS
from treenail_runtime.auth.records import GrantStatus
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

_NOW = Millis(1_000_000)
_ALL = frozenset({"mcp.tools.read", "mcp.tools.call"})


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs/security.md").read_text(encoding="utf-8")


@pytest.mark.requirement("S0-48", "S1-39")
def test_every_proof_that_is_named_can_be_found(text: str) -> None:
    """In the manifest, which `test_requirements.py` compares with the tests."""
    named = [
        name
        for line in re.findall(r"^\*Tests:\* ((?:.+\n)+)", text, re.MULTILINE)
        for name in re.findall(r"\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+\b|\bH\d+\b", line)
    ]

    assert len(named) > 60  # about as many as there are
    assert not [name for name in named if name not in REQUIREMENTS]
    assert not [name for name in named if REQUIREMENTS[name].reason]


def rows(text: str) -> list[list[str]]:
    table = text.partition("| the presented refresh token |")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def facts(
    *, seconds_ago: int | None = None, successor_used: bool = False, status: GrantStatus = "active"
) -> RefreshFacts:
    later = Millis(_NOW + 1_000_000)
    rotation = None
    if seconds_ago is not None:
        rotation = Rotation(
            at=Millis(_NOW - seconds_ago * 1000),
            is_newest=not successor_used,
            scopes=_ALL,
            access_expires_at=later,
            count=0,
            is_kept=True,
        )
    return RefreshFacts(
        now=_NOW,
        client_id="app",
        instance_id="default",
        status=status,
        grant_expires_at=later,
        expires_at=later,
        scopes=_ALL,
        resource="https://mcp.example.com/mcp",
        connected=True,
        rotation=rotation,
    )


@pytest.mark.requirement("S1-24")
def test_the_table_of_refresh_tokens_is_what_is_decided(text: str) -> None:
    owner = RefreshRequest(client_id="app", instance_id="default")
    narrower = RefreshRequest(
        client_id="app", instance_id="default", scopes=frozenset({"mcp.tools.read"})
    )
    stranger = RefreshRequest(client_id="other", instance_id="default")
    cases = [
        (facts(), owner, Rotate, "new pair"),
        (facts(seconds_ago=59), owner, Replay, "the same pair again"),
        (facts(seconds_ago=1, successor_used=True), owner, Compromise, "`invalid_grant`"),
        (facts(seconds_ago=61), owner, Compromise, "`invalid_grant`"),
        (facts(seconds_ago=1), narrower, Refuse, "`invalid_scope`"),
        (facts(seconds_ago=1), stranger, Refuse, "`invalid_grant`"),
        (facts(status="revoked"), owner, Refuse, "`invalid_grant`"),
    ]
    told = rows(text)

    assert [row[2] for row in told] == [answer for *_, answer in cases]
    for given, request, decision, answer in cases:
        decided = decide_refresh(given, request, TokenPolicy())
        assert isinstance(decided, decision)
        if isinstance(decided, Refuse | Compromise):
            assert f"`{decided.error.error}`" == answer


def test_the_residual_risks_are_numbered_in_order(text: str) -> None:
    """Others refer to them by number."""
    section = text.partition("## What is not protected")[2].partition("\n## ")[0]
    numbers = [int(found) for found in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]

    assert numbers[0] == 1
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
