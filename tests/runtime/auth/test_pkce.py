import pytest

from tests.support.authorizing import CHALLENGE, VERIFIER
from treenail_runtime.auth.pkce import is_challenge, is_verifier, proves


@pytest.mark.requirement("S1-17", "AS-05", "AS-06")
def test_the_example_of_the_rfc_is_proven() -> None:
    assert is_verifier(VERIFIER)
    assert is_challenge(CHALLENGE)
    assert proves(VERIFIER, CHALLENGE)


@pytest.mark.requirement("T-009", "AS-05")
@pytest.mark.parametrize(
    "verifier",
    [None, "", VERIFIER[:-1], VERIFIER + "x", f"{VERIFIER}\n", CHALLENGE, "é" * 43, "x" * 10_240],
)
def test_nothing_else_proves_it(verifier: str | None) -> None:
    assert not proves(verifier, CHALLENGE)


@pytest.mark.requirement("AS-06")
def test_a_challenge_does_not_prove_itself_as_the_plain_method_would_have_it() -> None:
    assert not proves(VERIFIER, VERIFIER)


@pytest.mark.requirement("T-007")
@pytest.mark.parametrize(
    "challenge",
    ["", "x" * 42, "x" * 44, "x" * 129, "x" * 42 + "=", "x" * 42 + "+", "x" * 43 + "\n", "ä" * 43],
)
def test_a_challenge_is_43_characters_of_base64url(challenge: str) -> None:
    assert not is_challenge(challenge)


@pytest.mark.parametrize(("length", "fits"), [(42, False), (43, True), (128, True), (129, False)])
def test_a_verifier_has_43_to_128_characters(length: int, *, fits: bool) -> None:
    assert is_verifier("a~." + "x" * (length - 3)) is fits
