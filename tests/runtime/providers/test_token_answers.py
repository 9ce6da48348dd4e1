"""What is made of answers of a token endpoint that no standard foresaw."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from tests.support.loopback import Reply, loopback, reply
from tests.support.providers import CLIENT_SECRET
from treenail_runtime.contract import OAuthProvider
from treenail_runtime.contract.auth import Preset
from treenail_runtime.providers import (
    OAuthClient,
    ProviderBroken,
    ProviderClient,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenSet,
)
from treenail_runtime.upstream import AiohttpTransport

REFRESH = "0ld-refresh-token"
NEW = {"access_token": "n3w-access"}
CLIENT = ProviderClient("client", SecretStr(CLIENT_SECRET))


async def refreshed(
    answer: Reply, preset: Preset = "oauth2", seconds: float = 5, max_bytes: int = 1_000_000
) -> TokenSet:
    transport = AiohttpTransport(max_bytes=max_bytes)
    try:
        async with loopback(answer) as site:
            url = f"{site.url}/token"
            return await OAuthClient(transport, seconds=seconds).refresh(
                OAuthProvider(preset=preset, token_url=url),
                CLIENT,
                refresh=SecretStr(REFRESH),
                issuer=url,
            )
    finally:
        await transport.aclose()


def said(status: int = 200, /, *fields: str, **members: Any) -> Reply:
    return reply(status, orjson.dumps(members), "Content-Type: application/json", *fields)


async def error_of(answer: Reply, preset: Preset = "oauth2", seconds: float = 5) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await refreshed(answer, preset, seconds)
    assert REFRESH not in repr(raised.value) + str(raised.value)
    assert CLIENT_SECRET not in repr(raised.value) + str(raised.value)
    return raised.value


@pytest.mark.requirement("T-073")
async def test_without_a_new_refresh_token_the_old_one_stays() -> None:
    for missing in ({}, {"refresh_token": None}, {"refresh_token": ""}):
        tokens = await refreshed(said(**NEW, **missing))
        assert tokens.refresh == SecretStr(REFRESH)
        assert tokens.access == SecretStr(NEW["access_token"])


@pytest.mark.requirement("T-073")
@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (3600, 3600),
        (3600.9, 3600),
        ("7200", 7200),
        (1, 1),
        (10**12, 365 * 24 * 3600),
        (1e300, 365 * 24 * 3600),
        ("9" * 400, 365 * 24 * 3600),
        (0, None),
        (0.5, None),
        (-1, None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("٣", None),
        (True, None),
        (None, None),
        ([3600], None),
        ({"a": 1}, None),
    ],
)
async def test_a_lifetime_is_bounded_or_not_believed(told: Any, meant: int | None) -> None:
    tokens = await refreshed(said(**NEW, expires_in=told))
    assert tokens.expires_in_s == meant


@pytest.mark.requirement("T-073")
@pytest.mark.parametrize("digits", [b"1" + b"0" * 400, b"1e999"])
async def test_a_lifetime_that_no_float_holds_is_bounded(digits: bytes) -> None:
    body = b'{"access_token": "new", "expires_in": ' + digits + b"}"
    tokens = await refreshed(reply(200, body, "Content-Type: application/json"))
    assert tokens.expires_in_s == 365 * 24 * 3600


@pytest.mark.requirement("T-073")
@pytest.mark.parametrize(
    "members",
    [
        {},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "two words"},
        {"access_token": "a\r\nX-Injected: 1"},
        {"access_token": "ключ"},
        {"access_token": "a" * 49_153},
        {"access_token": "new", "token_type": "mac"},
        {"access_token": "new", "token_type": "DPoP"},
        {"access_token": "new", "token_type": 7},
    ],
)
async def test_tokens_that_cannot_be_used_are_refused(members: dict[str, Any]) -> None:
    assert isinstance(await error_of(said(**members)), ProviderBroken)


@pytest.mark.requirement("T-073")
@pytest.mark.parametrize("token", [7, "a\nb", "a" * 49_153])
async def test_a_refresh_token_that_cannot_be_used_costs_nobody_the_access_token(
    token: int | str,
) -> None:
    members = {"access_token": "new", "refresh_token": token}
    tokens = await refreshed(said(**members))

    assert tokens.access.get_secret_value() == "new"
    assert tokens.refresh is not None
    assert tokens.refresh.get_secret_value() == REFRESH


@pytest.mark.requirement("T-073")
async def test_a_token_of_a_megabyte_is_not_even_read_to_its_end() -> None:
    answer = said(access_token="a" * 1_000_000)
    assert isinstance(await error_of(answer), ProviderBroken)
    # Whatever the transport would take.
    with pytest.raises(ProviderBroken, match="more than 1000000 bytes"):
        await refreshed(answer, max_bytes=10_000_000)


@pytest.mark.requirement("T-073")
@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
async def test_the_kind_of_a_token_is_told_in_any_case(kind: str) -> None:
    longest = "a" * 49_152
    tokens = await refreshed(said(access_token=longest, token_type=kind))
    assert tokens.access.get_secret_value() == longest


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("a b", {"a", "b"}),
        ("", set[str]()),
        (["a", "b", 7], {"a", "b"}),
        ('a "quoted" b', {"a", "b"}),
        (None, None),
        (7, None),
        ("a " * 10_000, None),
    ],
)
async def test_scopes_are_a_text_or_a_list_or_not_told(scope: Any, scopes: set[str] | None) -> None:
    tokens = await refreshed(said(**NEW, scope=scope))
    assert tokens.scopes == scopes


@pytest.mark.requirement("UP-GITHUB")
async def test_a_form_is_read_as_json_is() -> None:
    body = b"access_token=n3w-access&scope=repo%2Cuser&token_type=bearer"
    tokens = await refreshed(
        reply(200, body, "Content-Type: application/x-www-form-urlencoded; charset=utf-8"), "github"
    )
    assert tokens.access == SecretStr(NEW["access_token"])
    assert tokens.scopes == {"repo", "user"}


@pytest.mark.requirement("T-075", "UP-ERRORS")
async def test_a_grant_that_is_over_is_told_from_every_other_no() -> None:
    over = await error_of(said(400, error="invalid_grant", error_description="It is over."))
    other = await error_of(said(401, error="invalid_client"))

    assert isinstance(over, ProviderRefused)
    assert (over.ends_the_grant, over.description) == (True, "It is over.")
    assert isinstance(other, ProviderRefused)
    assert not other.ends_the_grant


@pytest.mark.requirement("UP-GITHUB", "UP-ERRORS")
async def test_github_says_in_its_own_words_that_a_grant_is_over() -> None:
    over = await error_of(said(200, error="bad_refresh_token"), "github")
    assert isinstance(over, ProviderRefused)
    assert over.ends_the_grant


@pytest.mark.requirement("T-075", "UP-ERRORS")
@pytest.mark.parametrize(
    ("answer", "pause_s"),
    [
        (reply(500), None),
        (reply(502, b"<html>"), None),
        (said(503, "Retry-After: 7", error="invalid_grant"), 7),
        (reply(503, b"", "Retry-After: 86400"), 3600),
        (reply(503, b"", "Retry-After: soon"), None),
        (
            reply(
                503,
                b"",
                "Date: Sat, 21 Nov 2026 11:00:00 GMT",
                "Retry-After: Sat, 21 Nov 2026 11:00:30 GMT",
            ),
            30,
        ),
        (reply(429, b"", "Retry-After: 3"), 3),
        (reply(408), None),
        (said(400, error="temporarily_unavailable"), None),
        (said(400, error="slow_down"), None),
        (Reply(then="close"), None),
        (Reply(then="reset"), None),
    ],
)
async def test_what_says_later_ends_nothing(answer: Reply, pause_s: float | None) -> None:
    error = await error_of(answer)
    assert isinstance(error, ProviderUnavailable)
    assert error.retry_after_s == pause_s


@pytest.mark.requirement("T-075", "UP-ERRORS")
async def test_no_answer_in_time_ends_nothing() -> None:
    assert isinstance(await error_of(Reply(then="hang"), seconds=0.2), ProviderUnavailable)


@pytest.mark.requirement("UP-ERRORS")
@pytest.mark.parametrize(
    "answer",
    [
        reply(400, b"<html>"),
        reply(401, b"{}"),
        reply(404, b"not here"),
        reply(200, b"<html>"),
        reply(200, b"null"),
        reply(204, b""),
        said(400, error={"message": "of another kind"}),
        reply(302, b"", "Location: http://127.0.0.1:9/token"),
        reply(200, b"{" * 100_000),
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", then="close"),
    ],
)
async def test_what_is_no_answer_ends_nothing(answer: Reply) -> None:
    assert isinstance(await error_of(answer), ProviderBroken)


@pytest.mark.requirement("UP-ERRORS", "NO-SECRETS")
@pytest.mark.parametrize("name", ["error", "error_description"])
async def test_an_error_that_repeats_a_secret_is_not_repeated(name: str) -> None:
    for secret in (REFRESH, CLIENT_SECRET):
        members = {"error": "invalid_request", name: secret}
        error = await error_of(said(400, **members))
        assert isinstance(error, ProviderRefused)
        assert secret not in error.error + error.description


@pytest.mark.requirement("UP-ERRORS", "NO-SECRETS")
async def test_of_a_secret_behind_much_text_not_even_the_beginning_is_repeated() -> None:
    text = f"{'x' * 195} {REFRESH}"
    error = await error_of(said(400, error="invalid_request", error_description=text))
    assert isinstance(error, ProviderRefused)
    assert error.description == ""


@pytest.mark.requirement("UP-ERRORS", "NO-SECRETS")
async def test_a_grant_is_over_also_when_that_is_told_with_the_token() -> None:
    error = await error_of(
        said(400, error="invalid_grant", error_description=f"{REFRESH} is unknown")
    )

    assert isinstance(error, ProviderRefused)
    assert (error.ends_the_grant, error.description) == (True, "")


async def test_each_request_ends_its_connection() -> None:
    """On one that is kept, and closed meanwhile, a code or token would be lost or sent twice."""
    transport = AiohttpTransport()
    answer = replace(said(200, "Connection: close", **NEW), then="close")
    try:
        async with loopback(answer) as site:
            url = f"{site.url}/token"
            oauth = OAuthClient(transport)
            for _ in range(3):
                await oauth.refresh(
                    OAuthProvider(token_url=url), CLIENT, refresh=SecretStr(REFRESH), issuer=url
                )
            assert [asked.value("Connection") for asked in site.requests] == ["close"] * 3
            assert site.connections == 3
    finally:
        await transport.aclose()


@pytest.mark.requirement("NO-SECRETS")
async def test_tokens_do_not_show_themselves() -> None:
    tokens = await refreshed(said(**NEW))
    assert "n3w-access" not in f"{tokens} {tokens!r}"
    assert REFRESH not in f"{tokens} {tokens!r}"
