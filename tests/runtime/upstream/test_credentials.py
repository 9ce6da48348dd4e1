import base64

import pytest
from pydantic import SecretStr

from treenail_runtime.contract import ApiKeyAuth, BasicAuth, BearerAuth, NoAuth, NotConfigured
from treenail_runtime.contract.connector import Auth
from treenail_runtime.upstream import Credentials, credentials_for

BASIC = BasicAuth("global/{email}", "{password}")


def _made(auth: Auth, secret: str, **values: str) -> Credentials:
    return credentials_for(auth, values, {"password": SecretStr(secret)})


def test_basic_is_utf8_before_base64() -> None:
    """RFC 7617 2.1: the character set that servers announce is UTF-8."""
    made = _made(BASIC, "pässwörd ключ", email="ann@salon.test")
    ((name, value),) = made.headers
    kind, _, proof = value.partition(" ")
    assert (name, kind) == ("Authorization", "Basic")
    assert base64.b64decode(proof) == "global/ann@salon.test:pässwörd ключ".encode()


def test_a_password_may_hold_colons_and_braces() -> None:
    ((_, value),) = _made(BASIC, "a:b:{email}", email="ann").headers
    assert base64.b64decode(value.removeprefix("Basic ")) == b"global/ann:a:b:{email}"


def test_bearer_and_api_keys() -> None:
    assert _made(BearerAuth("{password}"), "t0ken").headers == (("Authorization", "Bearer t0ken"),)
    header = _made(ApiKeyAuth("header", "X-Api-Key", "{password}"), "k3y")
    assert (header.headers, header.query) == ((("X-Api-Key", "k3y"),), ())
    query = _made(ApiKeyAuth("query", "api key", "{password}"), "a&b=c/ü")
    assert (query.headers, query.query) == ((), (("api%20key", "a%26b%3Dc%2F%C3%BC"),))


def test_no_auth_sends_nothing() -> None:
    made = _made(NoAuth(), "unused")
    assert (made.headers, made.query) == ((), ())


@pytest.mark.parametrize("password", ["a\nb", "a\r\nX: y", "a\0b", "a\x7fb", "a\x85b", "a\ud800b"])
@pytest.mark.parametrize(
    "auth", [BASIC, BearerAuth("{password}"), ApiKeyAuth("query", "k", "{password}")]
)
def test_control_characters_are_refused_without_showing_them(auth: Auth, password: str) -> None:
    """RFC 7617 section 2 forbids them, and a line break would add a header."""
    with pytest.raises(NotConfigured) as refused:
        _made(auth, password, email="ann")
    assert password not in str(refused.value)


def test_a_colon_in_the_username_is_refused() -> None:
    """RFC 7617 section 2: the server would read it as the start of the password."""
    with pytest.raises(NotConfigured):
        _made(BASIC, "secret", email="ann:admin")


@pytest.mark.parametrize("key", ["ключ", " key", "key ", "a\tb"])
def test_a_header_key_must_be_plain(key: str) -> None:
    with pytest.raises(NotConfigured):
        _made(ApiKeyAuth("header", "X-Api-Key", "{password}"), key)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(NotConfigured, match="the connection has no email"):
        _made(BASIC, "secret")


@pytest.mark.requirement("NO-SECRETS")
@pytest.mark.parametrize(
    "auth", [BASIC, BearerAuth("{password}"), ApiKeyAuth("query", "k", "{password}")]
)
def test_repr_shows_no_secret(auth: Auth) -> None:
    made = _made(auth, "s3cr3t", email="ann")
    proof = base64.b64encode(b"global/ann:s3cr3t").decode()
    for text in (repr(made), str(made), f"{made}", repr([made])):
        assert "s3cr3t" not in text
        assert proof not in text


def test_every_form_of_a_secret_is_recognised() -> None:
    made = _made(BASIC, 'p&"/ä', email="ann")
    proof = made.headers[0][1].removeprefix("Basic ")
    for text in ('p&"/ä', "p%26%22%2F%C3%A4", 'p&\\"/ä', "p&amp;&quot;/ä", proof):
        assert made.appear_in(f"wrong: {text}!")
    assert not made.appear_in("wrong: global/ann")
