"""Opaque tokens: their form, their checksum, and that nothing else passes for one."""

import hashlib
import re
import string
import time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.crypto.opaque import TokenKind, digest, is_well_formed, new_token

KINDS: tuple[TokenKind, ...] = get_args(TokenKind)
ALPHABET = string.ascii_letters + string.digits + "_-"
prefixes = st.from_regex(r"[a-z][a-z0-9]{0,15}", fullmatch=True)
kinds = st.sampled_from(KINDS)


@given(prefixes, kinds)
def test_a_new_token_has_its_form_and_is_of_one_kind_only(prefix: str, kind: TokenKind) -> None:
    token = new_token(prefix, kind)

    assert re.fullmatch(rf"{prefix}_{kind}_[A-Za-z0-9_-]{{43}}[A-Za-z0-9]{{6}}", token)
    assert [each for each in KINDS if is_well_formed(token, each)] == [kind]


def test_tokens_do_not_repeat() -> None:
    assert len({new_token("phmcp", "atk") for _ in range(10_000)}) == 10_000


def test_the_checksum_is_crc_32_of_what_stands_before_it() -> None:
    """Tokens outlive releases, and secret scanners know the form: this must never change."""
    body = "phmcp_atk_" + "A" * 43

    assert is_well_formed(body + "16Ewis", "atk")


@given(prefixes, kinds, st.data())
def test_the_checksum_catches_every_changed_character(
    prefix: str, kind: TokenKind, data: st.DataObject
) -> None:
    token = new_token(prefix, kind)
    place = data.draw(st.integers(0, len(token) - 1))

    changed = [
        token[:place] + other + token[place + 1 :] for other in ALPHABET if other != token[place]
    ]

    assert not [text for text in changed if is_well_formed(text, kind)]


@given(kinds, st.data())
def test_swapped_dropped_and_doubled_characters_are_caught(
    kind: TokenKind, data: st.DataObject
) -> None:
    token = new_token("tn", kind)
    at = data.draw(st.integers(0, len(token) - 2))
    swapped = token[:at] + token[at + 1] + token[at] + token[at + 2 :]

    assert swapped == token or not is_well_formed(swapped, kind)
    assert not is_well_formed(token[:at] + token[at + 1 :], kind)
    assert not is_well_formed(token[:at] + token[at] + token[at:], kind)


@given(
    st.one_of(st.text(max_size=120), st.text(alphabet=ALPHABET, min_size=50, max_size=80)), kinds
)
def test_garbage_is_refused(text: str, kind: TokenKind) -> None:
    assert not is_well_formed(text, kind)


def test_near_misses_are_refused() -> None:
    token = new_token("tn", "rtk")
    misses = [
        *(token + more for more in ("\n", " ", "\0", "A", "=")),
        *(less + token for less in (" ", "\ufeff", "tn_", "_")),
        *(token.replace("tn_", other) for other in ("", "_", "Tn_", "t-n_", "\uff54\uff4e_")),
        token.replace("tn_", "a" * 17 + "_"),
        token.upper(),
        "",
    ]

    assert is_well_formed(token, "rtk")
    assert not [text for text in misses if is_well_formed(text, "rtk")]


@pytest.mark.requirement("V-29")
def test_endless_text_is_refused_in_no_time() -> None:
    hostile = ["a" * 100_000, "a" * 16 + "_atk_" + "A" * 100_000, "a_atk_" * 16_000, "_" * 100_000]
    before = time.perf_counter()

    for _ in range(1_000):
        assert not any(is_well_formed(text, "atk") for text in hostile)

    assert time.perf_counter() - before < 1


def test_a_digest_is_sha_256_of_the_whole_token() -> None:
    token = new_token("tn", "cod")

    assert digest(token) == hashlib.sha256(token.encode()).digest()
    assert digest(token) != digest(token[:-1])
    assert len(digest("\ud800")) == 32


@pytest.mark.parametrize("prefix", ["", "Tn", "1a", "a" * 17, "a_b", "a-b", "ä", "a\n"])
def test_a_prefix_that_would_blur_the_form_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="no such token prefix"):
        new_token(prefix, "atk")
