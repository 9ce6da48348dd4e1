import base64

import pytest
from pydantic import SecretStr

from treenail_runtime.contract import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    ChainAuth,
    NoAuth,
    NotConfigured,
    OAuthClientAuth,
    OAuthCodeAuth,
    OAuthProvider,
)
from treenail_runtime.upstream import Credentials, credentials_for

BASIC = BasicAuth("global/{email}", "{password}")
CODE = OAuthCodeAuth(provider=OAuthProvider(issuer="https://login.example.test"))
CLIENT = OAuthClientAuth(provider=CODE.provider)
PERSONAL_OR_GRANTED = ChainAuth((BearerAuth("{password}"), CODE))


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


@pytest.mark.parametrize("auth", [CODE, CLIENT])
def test_a_granted_token_goes_as_bearer(auth: Auth) -> None:
    made = credentials_for(auth, {}, {}, SecretStr("gr4nted"))
    assert made.headers == (("Authorization", "Bearer gr4nted"),)
    assert made.appear_in("token gr4nted is expired")


@pytest.mark.parametrize("access", [None, "", "two words\n", "ключ"])
def test_without_a_usable_granted_token_nothing_is_sent(access: str | None) -> None:
    granted = None if access is None else SecretStr(access)
    with pytest.raises(NotConfigured) as refused:
        credentials_for(CODE, {}, {}, granted)
    assert not access or access not in str(refused.value)


@pytest.mark.requirement("UP-CHAIN")
def test_a_chain_takes_the_first_scheme_that_the_connection_has_everything_for() -> None:
    both = credentials_for(
        PERSONAL_OR_GRANTED, {}, {"password": SecretStr("own")}, SecretStr("gr4nted")
    )
    assert both.headers == (("Authorization", "Bearer own"),)
    granted = credentials_for(PERSONAL_OR_GRANTED, {}, {}, SecretStr("gr4nted"))
    assert granted.headers == (("Authorization", "Bearer gr4nted"),)


@pytest.mark.requirement("UP-CHAIN")
def test_a_chain_for_which_the_connection_has_nothing_is_not_configured() -> None:
    with pytest.raises(NotConfigured, match="no complete credentials"):
        credentials_for(PERSONAL_OR_GRANTED, {"email": "ann"}, {})


@pytest.mark.requirement("UP-CHAIN")
def test_a_chain_inside_a_chain_is_one_way() -> None:
    keys = ChainAuth((ApiKeyAuth("query", "app", "{app}"), BearerAuth("{password}")), "all")
    auth = ChainAuth((keys, NoAuth()))
    assert _made(auth, "t0ken", app="a1").query == (("app", "a1"),)
    assert _made(auth, "t0ken") == Credentials(hidden=frozenset({"t0ken"}))


@pytest.mark.requirement("UP-CHAIN")
def test_all_schemes_of_a_chain_go_together() -> None:
    auth = ChainAuth(
        (
            BearerAuth("{password}"),
            ApiKeyAuth("header", "X-App", "{app}"),
            ApiKeyAuth("cookie", "tenant", "{tenant}"),
        ),
        "all",
    )
    made = _made(auth, "t0ken", app="a1", tenant="t1")
    assert made.headers == (("Authorization", "Bearer t0ken"), ("X-App", "a1"))
    assert made.cookies == (("tenant", "t1"),)
    assert {"t0ken", "a1", "t1"} <= made.hidden
    with pytest.raises(NotConfigured, match="the connection has no tenant"):
        _made(auth, "t0ken", app="a1")
