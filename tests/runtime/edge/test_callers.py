"""Who is counted: the address behind our own proxies, and nothing that a client may write."""

import pytest

from treenail_runtime.edge.callers import UNKNOWN, CallerRule, ProxyListError
from treenail_runtime.limits import Limiter

PROXIES = ("10.0.0.0/8", "fd00::/8", "loopback")


def scope(peer: str | None, *headers: tuple[str, str]) -> dict[str, object]:
    return {
        "type": "http",
        "client": None if peer is None else (peer, 50_000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }


def forwarded_for(*values: str, peer: str | None = "10.0.0.1") -> str:
    lines = [("X-Forwarded-For", value) for value in values]
    return CallerRule(PROXIES).address(scope(peer, *lines))


@pytest.mark.requirement("T-069")
@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP"])
def test_a_stranger_is_counted_by_where_he_comes_from(name: str) -> None:
    told = (name, "for=198.51.100.1" if name == "Forwarded" else "198.51.100.1")

    assert CallerRule(PROXIES).address(scope("203.0.113.9", told)) == "203.0.113.9"
    assert CallerRule().address(scope("127.0.0.1", told)) == "127.0.0.1"


@pytest.mark.requirement("T-069")
@pytest.mark.parametrize(
    ("values", "address"),
    [
        (("198.51.100.1",), "198.51.100.1"),
        (("1.2.3.4, 198.51.100.1",), "198.51.100.1"),
        (("1.2.3.4", "198.51.100.1"), "198.51.100.1"),
        (("1.2.3.4, 198.51.100.1, 10.9.9.9",), "198.51.100.1"),
        (("198.51.100.1", "10.9.9.9, 10.8.8.8"), "198.51.100.1"),
        (("198.51.100.1:4711",), "198.51.100.1"),
        (("10.2.2.2, 10.9.9.9",), "10.2.2.2"),
        (("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::/64"),
        (("[2001:db8:1:2:3:4:5:6]:443",), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::1",), "2001:db8:1:2::/64"),
        (("::ffff:198.51.100.1",), "198.51.100.1"),
    ],
)
def test_behind_our_proxies_the_right_most_stranger_counts(
    values: tuple[str, ...], address: str
) -> None:
    assert forwarded_for(*values) == address


@pytest.mark.parametrize(
    "value",
    ["", " ", ",", "unknown", "_hidden", "198.51.100.1, x", "300.1.1.1", "1.2.3.4;5", "010.0.0.1"],
)
def test_what_is_no_address_ends_at_the_proxy_that_said_so(value: str) -> None:
    assert forwarded_for(value) == "10.0.0.1"
    assert forwarded_for(f"198.51.100.7, {value}, 10.9.9.9") == "10.9.9.9"


def test_a_mapped_peer_is_the_address_that_it_maps() -> None:
    assert forwarded_for("198.51.100.1", peer="::ffff:10.0.0.1") == "198.51.100.1"
    assert CallerRule().address(scope("::ffff:203.0.113.9")) == "203.0.113.9"
    assert CallerRule().address(scope("2001:db8::7")) == "2001:db8::/64"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ("for=1.2.3.4;proto=https, For=198.51.100.1;by=10.0.0.1", "198.51.100.1"),
        ('proto=https; for="[2001:db8:1:2::9]:4711"', "2001:db8:1:2::/64"),
        ('for="198.51.100.1:80"', "198.51.100.1"),
        ("for=_hidden", "10.0.0.1"),
        ("by=198.51.100.1", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_the_standard_field_is_read_as_well(value: str, address: str) -> None:
    """RFC 7239."""
    assert CallerRule(PROXIES).address(scope("10.0.0.1", ("Forwarded", value))) == address


def test_who_comes_over_a_unix_socket_is_unknown() -> None:
    assert CallerRule(PROXIES).address(scope(None, ("X-Forwarded-For", "1.2.3.4"))) == UNKNOWN


@pytest.mark.requirement("T-069", "Z-13")
async def test_another_forwarded_address_each_time_wins_no_more_logins() -> None:
    rule, limiter = CallerRule(PROXIES), Limiter()
    addresses = [
        rule.address(scope("10.0.0.1", ("X-Forwarded-For", f"1.2.3.{number}, 203.0.113.9")))
        for number in range(6)
    ]
    found = [(await limiter.hit("login", address)).allowed for address in addresses]
    six = [forwarded_for(f"2001:db8:1:2::{number}") for number in range(6)]

    assert found == [True] * 5 + [False]
    assert len(set(six)) == 1


def test_an_endless_field_costs_no_time() -> None:
    assert forwarded_for(("1.2.3.4, " * 100_000) + "198.51.100.1") == "198.51.100.1"


def test_a_proxy_that_nobody_named_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    rule, behind = CallerRule(), CallerRule(PROXIES)
    rule.address(scope("203.0.113.9"))
    behind.address(scope("203.0.113.9", ("X-Forwarded-For", "198.51.100.1")))
    assert "proxy.not_trusted" not in "".join(capsys.readouterr())

    for _ in range(3):
        rule.address(scope("203.0.113.9", ("X-Forwarded-For", "198.51.100.1")))
    told = "".join(capsys.readouterr())

    assert told.count("proxy.not_trusted") == 1
    assert "TREENAIL_TRUSTED_PROXIES" in told
    assert "198.51.100.1" not in told


def test_every_entry_that_is_no_network_is_named() -> None:
    with pytest.raises(ProxyListError) as refused:
        CallerRule(("10.0.0.0/8", "10.0.0.1/8", "proxy.example"))

    assert [each.split(" ")[0] for each in refused.value.problems] == [
        "'10.0.0.1/8'",
        "'proxy.example'",
    ]
