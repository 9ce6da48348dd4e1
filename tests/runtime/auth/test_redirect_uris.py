"""Redirect URIs: what may be registered, what matches, and what an answer looks like."""

from typing import Literal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.auth.redirect_uris import (
    UnsafeRedirectError,
    build_redirect,
    check_redirect_uri,
    is_loopback_redirect,
    matches,
    redirect_host,
)
from treenail_runtime.settings import NEVER_SCHEMES

SCHEMES = frozenset({"cursor", "com.example.app"})


def problem(
    uri: str,
    application_type: Literal["native", "web"] = "native",
    schemes: frozenset[str] = SCHEMES,
) -> str | None:
    return check_redirect_uri(uri, application_type=application_type, schemes=schemes)


@pytest.mark.parametrize(
    "uri",
    [
        "https://a.example/cb",
        "https://a.example",
        "https://a.example?x=1",
        "https://a.example:8443/cb?x=1&y=%ff",
        "https://xn--bcher-kva.example/cb",
        "https://203.0.113.7/cb",
        "https://[2001:db8::1]:8443/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:33418/",
        "http://[::1]:9/cb",
        "http://localhost:6274/oauth/callback",
        "https://localhost/cb",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "com.example.app:/cb",
    ],
)
@pytest.mark.requirement("AS-10", "T-021", "T-024")
def test_what_native_clients_register_is_accepted(uri: str) -> None:
    assert problem(uri) is None
    assert matches(uri, uri)


REFUSED = [
    # T-014, T-018: no scheme, other schemes, case and white space in the scheme
    "",
    "/cb",
    "//a.example/cb",
    "a.example/cb",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "javascript://a.example/%0aalert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "vbscript:x",
    "blob:https://a.example/x",
    "about:blank",
    "ws://a.example/cb",
    "ftp://a.example/cb",
    "urn:ietf:wg:oauth:2.0:oob",
    "ht\ttps://a.example/cb",
    "java\nscript:alert(1)",
    " https://a.example/cb",
    "https://a.example/cb ",
    "https://a.example/cb\n",
    "https ://a.example/cb",
    "HTTPS://a.example/cb",
    "https:a.example/cb",
    "https:/a.example/cb",
    "https:///a.example/cb",
    "https:\\\\a.example\\cb",
    "other:/cb",
    # T-015
    "http://evil.example/cb",
    "http://127.0.0.2/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://app.localhost/cb",
    "http://0.0.0.0/cb",
    "http://[::ffff:127.0.0.1]/cb",
    # T-016
    "https://a.example/cb#x",
    "https://a.example/cb#",
    # T-017
    "https://u:p@a.example/cb",
    "https://u@a.example/cb",
    "http://localhost:80@attacker.example/cb",
    "https://a@b@c.example/cb",
    "http://127.0.0.1:80@attacker.example:80/cb",
    "cursor://u:p@host/cb",
    # T-019
    "https://a.example/x/../cb",
    "https://a.example/..;/cb",
    "https://a.example/%2e%2e/cb",
    "https://a.example/.%2E/cb",
    "https://a.example/./cb",
    "https://a.example/\\evil",
    "https://a.example\\@evil.example/cb",
    "cursor://host/../cb",
    # T-020
    "https://*.example/cb",
    "https://*/cb",
    "https://a.example:*/cb",
    "http://127.0.0.1:*/cb",
    "https://a.example:0/cb",
    "https://a.example:65536/cb",
    "https://a.example:080/cb",
    "https://a.example:/cb",
    "https://a.example:80:80/cb",
    # T-023
    "https://bücher.example/cb",
    "https://\uff41.example/cb",
    "https://a\u3002example/cb",
    "https://A.example/cb",
    "https://a.example./cb",
    "https://-a.example/cb",
    "https://a..example/cb",
    "https://a_b.example/cb",
    f"https://{'a' * 64}.example/cb",
    # addresses in other spellings
    "https://2130706433/cb",
    "https://0x7f.1/cb",
    "https://127.1/cb",
    "https://0177.0.0.1/cb",
    "https://[::1/cb",
    "https://[fe80::1%25eth0]/cb",
    "https://[zz]/cb",
    # characters that could leave a header, an attribute or a tag
    "https://a.example/cb\r\nSet-Cookie: x=1",
    "https://a.example/cb\0",
    "https://a.example/<script>",
    'https://a.example/"onload',
    "https://a.example/%zz",
    "https://a.example/%",
    "https://a.example/{x}",
    "https://a.example/a|b",
    "https://a.example/\u202egnp",
    f"https://a.example/{'a' * 2048}",
    "com.example.app:cb",
]


@pytest.mark.parametrize("uri", REFUSED)
@pytest.mark.requirement(
    "T-014", "T-015", "T-016", "T-017", "T-018", "T-019", "T-020", "T-023", "V-13", "V-14", "AS-10"
)
def test_what_could_lead_elsewhere_is_refused_at_registration(uri: str) -> None:
    assert problem(uri) is not None


@pytest.mark.parametrize("scheme", sorted(NEVER_SCHEMES))
@pytest.mark.requirement("T-018", "T-024")
def test_no_setting_allows_a_scheme_that_nobody_can_own(scheme: str) -> None:
    assert problem(f"{scheme}:/cb", schemes=frozenset({scheme})) is not None


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/cb",
        "http://localhost/cb",
        "https://localhost/cb",
        "https://127.0.0.1/cb",
        "https://127.8.9.1/cb",
        "https://[::1]/cb",
        "https://app.localhost/cb",
        "http://a.example/cb",
        "cursor://x/cb",
    ],
)
@pytest.mark.requirement("AS-24", "T-024")
def test_a_web_application_gets_its_answer_over_https_and_not_on_loopback(uri: str) -> None:
    assert problem(uri, "web") is not None
    assert problem("https://a.example/cb", "web") is None


@pytest.mark.requirement("T-024")
def test_a_private_scheme_needs_the_operators_word() -> None:
    assert problem("cursor://x/cb", schemes=frozenset()) is not None
    assert problem("cursor2://x/cb") is not None


REGISTERED = "https://a.example/cb"
NEAR = [
    "",
    "https://a.example/cb/",
    "https://a.example/cb?",
    "https://a.example/cb?x=1",
    "https://a.example/cb#",
    "https://a.example/cb#x",
    "https://a.example/CB",
    "https://a.example/c%62",
    "https://a.example/cb%00",
    "https://a.example/cb ",
    " https://a.example/cb",
    "https://a.example/cb\n",
    "https://a.example/cb\t",
    "https://a.example//cb",
    "https://a.example/./cb",
    "https://a.example/x/../cb",
    "https://a.example/x/..;/cb",
    "https://a.example/%2e%2e/cb",
    "https://a.example/cb/..",
    "https://a.example/cb;x",
    "https://a.example/\\cb",
    "https://a.example\\cb",
    "https://a.example:443/cb",
    "https://a.example:8443/cb",
    "https://a.example:/cb",
    "https://a.example:0443/cb",
    "https://a.example./cb",
    "https://A.example/cb",
    "https://\uff41.example/cb",
    "https://b.a.example/cb",
    "https://a.example.evil.example/cb",
    "https://aXexample/cb",
    "https://evil.example/https://a.example/cb",
    "https://u@a.example/cb",
    "https://u:p@a.example/cb",
    "https://a.example@evil.example/cb",
    "https://evil.example#@a.example/cb",
    "https://evil.example\\@a.example/cb",
    "HTTPS://a.example/cb",
    "Https://a.example/cb",
    "http://a.example/cb",
    "http://a.example:443/cb",
    "ht\ttps://a.example/cb",
    "https:/a.example/cb",
    "https:///a.example/cb",
    "https:a.example/cb",
    "//a.example/cb",
    "/cb",
    "https://a.example",
    "https://a.example/",
    "https://a.example/c",
    "https://a.example/cbb",
    "https://a.example/cb,https://evil.example/",
    "https://a.example/cb https://evil.example/",
    "javascript:https://a.example/cb",
]


@pytest.mark.parametrize("requested", NEAR)
@pytest.mark.requirement("AS-07", "T-014", "T-019", "T-023", "V-13")
def test_a_near_miss_is_a_miss(requested: str) -> None:
    assert not matches(requested, REGISTERED)
    assert not matches(REGISTERED, requested)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
@pytest.mark.requirement("AS-07", "T-021")
def test_on_loopback_only_the_port_may_differ(host: str) -> None:
    registered = f"http://{host}:3000/cb?a=1"
    for port in ("", ":1", ":3000", ":65535"):
        assert matches(f"http://{host}{port}/cb?a=1", registered)
        assert matches(f"http://{host}{port}/cb?a=1", f"http://{host}/cb?a=1")


@pytest.mark.parametrize(
    "requested",
    [
        "http://127.0.0.1:3000/other",
        "http://127.0.0.1:3000/cb/",
        "http://127.0.0.1:3000/cb?x",
        "http://127.0.0.1:3000/cb#",
        "http://127.0.0.1:3000",
        "https://127.0.0.1:3000/cb",
        "http://127.0.0.2:3000/cb",
        "http://localhost:3000/cb",
        "http://[::1]:3000/cb",
        "http://127.1:3000/cb",
        "http://2130706433:3000/cb",
        "http://127.0.0.1.evil.example:3000/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:03000/cb",
        "http://127.0.0.1:+3000/cb",
        "http://127.0.0.1:\u0663/cb",
        "http://127.0.0.1:3000@evil.example/cb",
        "http://u@127.0.0.1:3000/cb",
        "http://127.0.0.1:3000\\cb",
        "http://127.0.0.1:30 00/cb",
        "http://127.0.0.1:3000/cb\n",
        "HTTP://127.0.0.1:3000/cb",
    ],
)
@pytest.mark.requirement("AS-07", "T-021")
def test_on_loopback_nothing_else_may_differ(requested: str) -> None:
    assert not matches(requested, "http://127.0.0.1:8080/cb")


def test_a_port_makes_no_difference_only_on_loopback_over_http() -> None:
    assert not matches("https://localhost:2/cb", "https://localhost:1/cb")
    assert not matches("https://127.0.0.1:2/cb", "https://127.0.0.1:1/cb")
    assert not matches("cursor://x:2/cb", "cursor://x:1/cb")


OURS = [("code", "abc"), ("state", "xyz"), ("iss", "https://as.example")]
ADDED = "code=abc&state=xyz&iss=https%3A%2F%2Fas.example"


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("https://a.example/cb", ""),
        ("https://a.example/cb?", "&"),
        ("https://a.example/cb?iss=evil&code=x&state=y&error=z", ""),
        ("https://a.example/cb?iss=evil&tenant=7&code=x", "tenant=7&"),
        ("https://a.example/cb?co%64e=x&a=1", "a=1&"),
        ("https://a.example/cb?flag&b=%ff%FE&c=a+b&code", "flag&b=%ff%FE&c=a+b&"),
        ("https://a.example/cb?codes=1&xcode=2&CODE=3", "codes=1&xcode=2&CODE=3&"),
        ("https://a.example/cb?a=1&&b=2", "a=1&&b=2&"),
        ("https://a.example/cb?next=https://b.example/?code=1", "next=https://b.example/?code=1&"),
        ("http://127.0.0.1:1234/cb?a=1", "a=1&"),
        ("cursor://x/cb?a=1", "a=1&"),
        ("com.example.app:/cb", ""),
    ],
)
@pytest.mark.requirement("T-025", "AS-25")
def test_an_answer_has_our_names_once_and_keeps_every_other_byte(uri: str, kept: str) -> None:
    target = build_redirect(uri, OURS)

    assert target == f"{uri.partition('?')[0]}?{kept}{ADDED}"


@pytest.mark.requirement("T-012")
def test_a_state_comes_back_as_it_went() -> None:
    state = "a&code=x#\r\nSet-Cookie: y=1 \u00e9\U0001f511\"<'+%41"
    target = build_redirect("https://a.example/cb", [("state", state)])

    assert parse_qsl(target.partition("?")[2]) == [("state", state)]
    assert not set(target) & set("\r\n <>\"'#")


@given(value=st.text(st.characters(exclude_categories=["Cs"])), query=st.text("abcdeos=&%25;+?/"))
@pytest.mark.requirement("T-012", "T-025", "T-028")
def test_whatever_is_answered_there_is_one_code_and_it_is_ours(value: str, query: str) -> None:
    try:
        target = build_redirect(f"https://a.example/cb?{query}", [("code", value)])
    except UnsafeRedirectError:
        return
    read = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    assert [text for name, text in read if name == "code"] == [value]


FORGED = [
    "https://a.example/cb\r\nSet-Cookie: x=1",
    "https://a.example/cb\nX",
    "https://a.example/<script>",
    "https://a.example/\u202e",
    "https://a.example/\x7f",
    "https://a.example/a b",
    "https://a.example/cb#x",
    'https://a.example/"',
    "javascript:alert(1)",
    "javascript://a.example/x",
    "data:text/html,x",
    "https:evil",
    "https://u@a.example/cb",
    "https://A.example/cb",
    "//evil.example/",
    "/local",
    "",
]


@pytest.mark.parametrize("uri", FORGED)
@pytest.mark.requirement("T-028", "AS-08")
def test_a_forged_row_never_reaches_a_location_header(uri: str) -> None:
    with pytest.raises(UnsafeRedirectError):
        build_redirect(uri, OURS)


def test_one_name_is_not_answered_twice() -> None:
    with pytest.raises(UnsafeRedirectError):
        build_redirect("https://a.example/cb", [("code", "a"), ("code", "b")])


@pytest.mark.parametrize(
    ("uri", "host", "loopback"),
    [
        ("https://a.example/cb", "a.example", False),
        ("https://a.example:8443?x", "a.example", False),
        ("http://127.0.0.1:1234/cb", "127.0.0.1", True),
        ("http://localhost/cb", "localhost", True),
        ("http://[::1]:9/cb", "[::1]", True),
        ("https://app.localhost/cb", "app.localhost", True),
        ("https://[2001:db8::1]/cb", "[2001:db8::1]", False),
        ("cursor://anysphere/cb", "cursor:", False),
        ("com.example.app:/cb", "com.example.app:", False),
    ],
)
@pytest.mark.requirement("AS-09", "AS-21")
def test_a_person_sees_where_the_answer_goes(
    uri: str,
    host: str,
    loopback: bool,  # noqa: FBT001  # a column of the table
) -> None:
    assert redirect_host(uri) == host
    assert is_loopback_redirect(uri) is loopback


@pytest.mark.parametrize("uri", ["", "x", "https:evil", "https://a;b.example/", "https://u@a/"])
@pytest.mark.requirement("T-028")
def test_a_forged_row_never_reaches_a_page(uri: str) -> None:
    with pytest.raises(UnsafeRedirectError):
        redirect_host(uri)
