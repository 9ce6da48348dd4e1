"""The decision about a code, at the edges of its times."""

from dataclasses import replace

import pytest

from tests.support.authorizing import CHALLENGE, VERIFIER
from treenail_runtime.auth.redeeming import (
    Burn,
    CodeFacts,
    CodeRequest,
    Issue,
    Keep,
    RevokeMade,
    decide_code,
)
from treenail_runtime.auth.tokens import Millis, TokenPolicy

FACTS = CodeFacts(
    now=Millis(1_000_000),
    client_id="client",
    instance_id="default",
    redirect_uri="https://client.example/callback",
    redirect_explicit=True,
    code_challenge=CHALLENGE,
    scopes=frozenset({"mcp.tools.call"}),
    resource="https://mcp.example/mcp",
    expires_at=Millis(1_000_001),
    consumed_at=None,
    grant_id=None,
    connected=True,
)
REQUEST = CodeRequest(
    client_id="client",
    instance_id="default",
    redirect_uri=FACTS.redirect_uri,
    verifier=VERIFIER,
    resource=None,
    refreshes=True,
)
POLICY = TokenPolicy()
USED = replace(FACTS, consumed_at=Millis(995_000), grant_id="grant")


def test_a_code_lives_until_the_millisecond_of_its_end() -> None:
    assert isinstance(decide_code(FACTS, REQUEST, POLICY), Issue)
    assert isinstance(decide_code(replace(FACTS, expires_at=FACTS.now), REQUEST, POLICY), Keep)


def test_no_token_outlives_its_grant() -> None:
    short = replace(POLICY, refresh_absolute_s=600, access_s=3600)

    issue = decide_code(FACTS, REQUEST, short)

    assert issue == Issue(
        access_expires_at=Millis(1_600_000),
        refresh_expires_at=Millis(1_600_000),
        grant_expires_at=Millis(1_600_000),
    )


@pytest.mark.requirement("AS-34", "T-045")
def test_a_second_use_is_forgiven_for_five_seconds_to_whom_has_the_verifier() -> None:
    late = replace(USED, consumed_at=Millis(994_999))
    thief = replace(REQUEST, verifier="w" * 43)

    assert isinstance(decide_code(USED, REQUEST, POLICY), Keep)
    assert isinstance(decide_code(late, REQUEST, POLICY), RevokeMade)
    assert isinstance(decide_code(USED, thief, POLICY), RevokeMade)


def test_a_burnt_code_has_nothing_to_revoke() -> None:
    assert isinstance(decide_code(replace(USED, grant_id=None), REQUEST, POLICY), Keep)


@pytest.mark.requirement("T-009")
def test_only_a_well_formed_verifier_burns_the_code() -> None:
    def decided(verifier: str | None) -> object:
        return decide_code(FACTS, replace(REQUEST, verifier=verifier), POLICY)

    assert isinstance(decided("w" * 43), Burn)
    assert isinstance(decided("w" * 42), Keep)
    assert isinstance(decided(None), Keep)


@pytest.mark.requirement("S1-38")
def test_what_a_client_presents_is_not_in_the_text_of_a_request() -> None:
    assert VERIFIER not in repr(REQUEST)


@pytest.mark.parametrize(
    "numbers",
    [{"code_s": 601}, {"code_s": 0}, {"access_s": 59}, {"grace_s": 121}, {"grace_s": -1}],
)
def test_numbers_that_no_standard_allows_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(numbers))):
        replace(POLICY, **numbers)
