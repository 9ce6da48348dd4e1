import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.families import instance
from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.scopes import (
    CALL,
    MOST_SCOPES,
    OFFLINE,
    READ,
    allows,
    choose_scopes,
    covers,
    narrow_scopes,
    parse_scope,
    write_scope,
)

NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'))


@given(st.frozensets(NAMES.filter(lambda name: 0 < len(name) <= 128), min_size=1, max_size=32))
def test_scopes_survive_being_written_and_read(scopes: frozenset[str]) -> None:
    assert parse_scope(write_scope(scopes)) == scopes


@pytest.mark.requirement("T-011")
@pytest.mark.parametrize(
    "text",
    [
        "",
        " a",
        "a ",
        "a  b",
        "a\tb",
        "a\n",
        'a"b',
        "a\\b",
        "ä",
        "a\x00",
        "a b a",
        " ".join(f"s{number}" for number in range(200)),
        "x" * 129,
    ],
)
def test_what_is_no_list_of_scopes_is_refused_and_not_echoed(text: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_scope(text)

    assert refusal.value.error == "invalid_scope"
    assert text.strip() == "" or text not in f"{refusal.value} {refusal.value.description}"


def test_a_bounded_number_of_scopes_is_read() -> None:
    assert len(parse_scope(" ".join(f"s{number}" for number in range(MOST_SCOPES)))) == MOST_SCOPES


@pytest.mark.requirement("AS-38")
def test_whoever_may_call_may_read_but_not_the_other_way_round() -> None:
    assert allows({CALL}, READ)
    assert not allows({READ}, CALL)
    assert covers({CALL, "x"}, {READ, CALL})
    assert not covers({CALL}, {READ, "x"})
    assert covers(set(), set())


@pytest.mark.requirement("AS-39", "AS-38")
def test_a_refresh_never_gets_more_than_was_granted() -> None:
    assert narrow_scopes(None, frozenset({CALL})) == {CALL}
    assert narrow_scopes(frozenset({READ}), frozenset({CALL})) == {READ}
    assert narrow_scopes(frozenset({CALL}), frozenset({READ})) is None


@pytest.mark.requirement("S1-17", "S1-33", "AS-28")
@pytest.mark.parametrize(
    ("asked", "allowed", "chosen"),
    [
        (None, None, {CALL}),
        (READ, None, {READ}),
        (OFFLINE, None, {CALL, OFFLINE}),
        (f"{READ} {OFFLINE}", None, {READ, OFFLINE}),
        (READ, frozenset({CALL}), {READ}),
        (None, frozenset({CALL}), {CALL}),
    ],
)
def test_an_authorization_is_about_the_scopes_that_were_asked_for_or_the_defaults(
    asked: str | None, allowed: frozenset[str] | None, chosen: set[str]
) -> None:
    assert choose_scopes(asked, instance(), allowed) == chosen


@pytest.mark.requirement("T-011")
@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("admin", None),
        (f"{READ} admin", None),
        (CALL, frozenset({READ})),
        (None, frozenset({READ})),
    ],
)
def test_unknown_scopes_and_those_of_other_clients_are_refused(
    asked: str | None, allowed: frozenset[str] | None
) -> None:
    with pytest.raises(OAuthError) as refusal:
        choose_scopes(asked, instance(), allowed)

    assert refusal.value.error == "invalid_scope"
