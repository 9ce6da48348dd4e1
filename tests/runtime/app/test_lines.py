"""Words between workers and their parent, one of which does not read."""

import multiprocessing
import os

import pytest

from treenail_runtime.app.lines import MOST_WAITING, RELOAD, HungUp, Line, Word

MANY = 400
"""Words that no pipe takes unread, and that are fewer than are kept."""


def pair() -> tuple[Line, Line]:
    here, there = multiprocessing.Pipe()
    return Line(here), Line(there)


def heard(line: Line, speaker: Line) -> list[object]:
    """All that is said until the speaker hangs up."""
    words: list[object] = []
    while True:
        try:
            words.append(line.hear())
        except HungUp:
            return words
        if not speaker.catch_up():
            speaker.hang_up()


@pytest.mark.requirement("S2-26")
def test_who_does_not_read_holds_up_nobody_and_hears_all_of_it_later() -> None:
    parent, worker = pair()
    words = [Word(f"instance-{number:0230}") for number in range(MANY)]

    must_catch_up = [parent.say(each) for each in words]

    assert sum(must_catch_up) == 1
    assert parent.catch_up()
    assert heard(worker, parent) == words


@pytest.mark.requirement("S2-26")
def test_what_is_too_much_to_keep_becomes_a_word_for_everything() -> None:
    parent, worker = pair()
    for number in range(MOST_WAITING + MANY):
        parent.say(Word(f"instance-{number:0230}"))

    words = heard(worker, parent)

    assert words.index(Word("*")) < words.index(RELOAD)
    # Those that the pipe took, the two, and those that came behind them.
    assert len(words) == MANY + 1


@pytest.mark.requirement("S2-26")
def test_the_order_to_stop_reaches_those_that_have_not_read_the_rest() -> None:
    parent, worker = pair()
    for number in range(MANY):
        parent.say(Word(str(number)))

    parent.hang_up()
    parent.say(RELOAD)

    assert Word("0") in heard(worker, parent)
    assert not worker.say(Word("goes on"))
    assert parent.hear() == Word("goes on")


@pytest.mark.requirement("S2-26")
def test_a_line_that_is_silent_after_all_has_not_ended() -> None:
    parent, worker = pair()
    # As uvloop has it, once it looks for words.
    os.set_blocking(worker.pipe.fileno(), False)

    assert worker.hear() is None
    parent.say(RELOAD)
    assert worker.hear() == RELOAD
