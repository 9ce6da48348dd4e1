import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.upkeep.rules import EARLY_S, SPREAD_S, URGENT_S, moment, pause_s

CHANCE = st.floats(0, 1)


@pytest.mark.requirement("S2-32")
@pytest.mark.parametrize(
    ("left_s", "wanted"),
    [(None, "later"), (3000.0, "later"), (EARLY_S, "soon"), (URGENT_S, "now"), (-5.0, "now")],
)
@given(chance=CHANCE)
def test_a_token_is_refreshed_before_its_end_and_never_sent_close_to_it(
    left_s: float | None, wanted: str, chance: float
) -> None:
    assert moment(left_s, 3600.0, chance) == wanted


@given(chance=CHANCE)
def test_a_token_with_a_short_life_is_used_for_most_of_it(chance: float) -> None:
    told = [moment(left_s, 60.0, chance) for left_s in (60.0, 16.0, 14.0, 2.9)]
    assert told == ["later", "later", "soon", "now"]


def test_tokens_that_were_given_together_are_refreshed_apart() -> None:
    left_s = EARLY_S + SPREAD_S / 2
    assert [moment(left_s, 3600.0, chance) for chance in (0.0, 1.0)] == ["later", "soon"]


@given(attempts=st.integers(1, 10_000), told_s=st.none() | st.floats(0, 1e9), chance=CHANCE)
def test_pauses_are_whole_seconds_between_one_and_five_minutes(
    attempts: int, told_s: float | None, chance: float
) -> None:
    pause = pause_s(attempts, told_s, chance)
    assert 1 <= pause <= 300
    assert pause >= min(told_s or 0, 300)


@pytest.mark.requirement("S2-45")
def test_pauses_double() -> None:
    assert [pause_s(attempts, None, 1.0) for attempts in (1, 2, 3, 4)] == [1, 2, 4, 8]
