"""What an operator may write about limits."""

import pytest

from treenail_runtime.limits import DEFAULTS, LimitRule, LimitRules, LimitRulesError


@pytest.mark.requirement("S0-30", "S0-31", "S0-32", "S1-36", "S3-28", "X-12")
def test_the_defaults_are_those_of_the_seeds() -> None:
    assert LimitRules.parsed("").rules == {
        "login": LimitRule(5, 15 * 60),
        "login_account": LimitRule(10, 3600),
        "authorize": LimitRule(100, 15 * 60),
        "mcp": LimitRule(100, 15 * 60),
        "mcp_grant": LimitRule(600, 60),
        "token_ip": LimitRule(300, 60),
        "token_client": LimitRule(30, 60),
        "token": LimitRule(100, 5),
        "register": LimitRule(10, 60),
        "register_hour": LimitRule(50, 3600),
        "introspect": LimitRule(100, 5 * 60),
        "revoke": LimitRule(30, 60),
        "documents": LimitRule(10, 60),
        "static": LimitRule(250, 10 * 60),
        "admin": LimitRule(300, 60),
        "admin_ip": LimitRule(30, 5 * 60),
        "refresh_upstream": LimitRule(10, 60),
    }


@pytest.mark.requirement("X-12")
def test_each_limit_can_be_changed_or_switched_off() -> None:
    rules = LimitRules.parsed(" login=7/20m, token=off ,mcp_grant=1000/s,register=2/1d,")

    assert rules.of("login") == LimitRule(7, 1200)
    assert rules.of("token") is None
    assert rules.of("mcp_grant") == LimitRule(1000, 1)
    assert rules.of("register") == LimitRule(2, 86_400)
    assert rules.of("revoke") == DEFAULTS["revoke"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("logn=5/15m", "'logn' is no limit; the nearest is login"),
        ("5/15m", "'5/15m' is no limit"),
        ("login", "login: write a number"),
        ("login=", "login: write a number"),
        ("login=0/15m", "login: write a number"),
        ("login=-1/15m", "login: write a number"),
        ("login=5/0m", "login: write a number"),
        ("login=5/8d", "login: write a number"),
        ("login=5/15", "login: write a number"),
        ("login=5 / 15m", "login: write a number"),
        ("login=OFF", "login: write a number"),
        ("login=\u0665/15m", "login: write a number"),
        ("login=5/15m,login=6/15m", "login is there twice"),
    ],
)
def test_a_text_that_says_nothing_is_told_by_name(text: str, problem: str) -> None:
    with pytest.raises(LimitRulesError) as refused:
        LimitRules.parsed(text)

    assert problem in refused.value.problems[0]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(LimitRulesError) as refused:
        LimitRules.parsed("a=1/s,login=x,mcp=off,revoke=1")

    assert len(refused.value.problems) == 3
