"""Kept answers open with the token they were sealed under, and with nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.crypto.opaque import new_token
from treenail_runtime.crypto.replay import open_replay, seal_replay
from treenail_runtime.crypto.sealing import BrokenSealError

OLD = new_token("tn", "rtk")


@given(st.binary(max_size=4_000))
def test_what_was_sealed_opens_again_and_never_looks_the_same(plain: bytes) -> None:
    blob = seal_replay(OLD, plain)

    assert open_replay(OLD, blob) == plain
    assert seal_replay(OLD, plain) != blob


def test_another_token_opens_nothing() -> None:
    blob = seal_replay(OLD, b"answer")

    for other in (new_token("tn", "rtk"), OLD[:-1], OLD + "0", ""):
        with pytest.raises(BrokenSealError):
            open_replay(other, blob)


@pytest.mark.requirement("T-128")
def test_every_changed_bit_and_every_cut_is_noticed() -> None:
    blob = seal_replay(OLD, b"answer")
    flipped = [
        blob[:at] + bytes([blob[at] ^ 1 << bit]) + blob[at + 1 :]
        for at in range(len(blob))
        for bit in range(8)
    ]
    cut = [blob[:length] for length in range(len(blob))]

    for broken in [*flipped, *cut, blob + b"\0"]:
        with pytest.raises(BrokenSealError):
            open_replay(OLD, broken)
