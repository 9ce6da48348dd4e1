"""The made-up provider: it is only worth something when it refuses what real ones refuse."""

import base64
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from pydantic import SecretStr
from yarl import URL

from tests.support.person import first_form
from tests.support.providers import (
    CALLBACK,
    CLIENT_ID,
    CLIENT_SECRET,
    Browser,
    Upstream,
    browsing,
    upstream,
)
from treenail_runtime.demo.processes import started
from treenail_runtime.demo.provider import FakeClient, serving_provider
from treenail_runtime.demo.provider.__main__ import SECRET_VARIABLE


def _url(up: Upstream, **changes: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "state": "s",
        "scope": "openid jobs",
        **changes,
    }
    return f"{up.fake.url('authorize')}?{urlencode(asked)}"


async def _posted(url: str, form: Mapping[str, str], **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=form, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.text()


async def _page(browser: Browser, url: str) -> tuple[int, str]:
    async with browser.session.get(URL(url, encoded=True), allow_redirects=False) as answer:
        return answer.status, await answer.text()


@pytest.mark.requirement("Z-09")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": f"{CALLBACK}/more"},
        {"redirect_uri": "https://evil.example.test/"},
        {"redirect_uri": ""},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(changes: dict[str, str]) -> None:
    async with upstream() as up, browsing() as browser:
        status, text = await _page(browser, _url(up, **changes))

        assert status == 400
        assert "form" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "token"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge": "x" * 43, "code_challenge_method": "plain"},
    ],
)
async def test_what_the_request_gets_wrong_is_told_to_the_client(changes: dict[str, str]) -> None:
    async with upstream() as up, browsing() as browser:
        answer = await browser.visit(_url(up, **changes))

        assert answer["state"] == ["s"]
        assert answer["error"][0].startswith(("invalid", "unsupported"))


async def test_a_wrong_password_shows_the_form_again() -> None:
    async with upstream() as up, browsing(password="wrong") as browser:  # noqa: S106  # the wrong one
        with pytest.raises(AssertionError, match="again and again"):
            await browser.visit(_url(up))
        assert "That was not right" in browser.pages[-1]


@pytest.mark.requirement("Z-09")
async def test_another_browser_cannot_go_on_with_the_visit() -> None:
    async with upstream() as up, browsing() as browser:
        _, text = await _page(browser, _url(up))
        form = first_form(text)
        typed = {**form.values, "username": "Eve", "password": "right"}

        status, _ = await _posted(up.fake.url("login"), typed)
        assert status == 400


async def test_who_agreed_before_sees_no_page_again_unless_it_is_asked_for() -> None:
    async with upstream() as up, browsing() as browser:
        await browser.visit(_url(up))
        seen = len(browser.pages)
        assert "code" in await browser.visit(_url(up))
        assert len(browser.pages) == seen
        await browser.visit(_url(up, prompt="consent"))
        assert len(browser.pages) == seen + 1
        await browser.visit(_url(up, prompt="login"))
        assert len(browser.pages) == seen + 2


@pytest.mark.requirement("Z-09")
async def test_texts_of_the_request_are_shown_as_texts() -> None:
    async with upstream() as up, browsing(username="<b>Ann") as browser:
        await browser.visit(_url(up, scope="<script>alert(1)</script>"))

        shown = "".join(browser.pages)
        assert "<script>" not in shown
        assert "<b>Ann" not in shown
        assert "&lt;script&gt;" in shown


def _redeeming(code: SecretStr) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code.get_secret_value(),
        "redirect_uri": CALLBACK,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }


async def test_a_code_is_good_once_and_for_its_address_only() -> None:
    async with upstream(scopes=("jobs",), pkce=False) as up:
        form = _redeeming((await up.authorized())[0])
        other = {**_redeeming((await up.authorized())[0]), "redirect_uri": f"{CALLBACK}?"}

        tried = [await _posted(up.fake.url("token"), sent) for sent in (form, form, other)]
        assert [status for status, _ in tried] == [200, 400, 400]


@pytest.mark.parametrize("authorization", ["Basic !", "Bearer x", "Basic", "Basic OmE="])
async def test_a_client_that_does_not_show_itself_gets_nothing(authorization: str) -> None:
    async with upstream() as up:
        form = {"grant_type": "client_credentials"}
        status, text = await _posted(up.fake.url("token"), form, Authorization=authorization)

        assert (status, "invalid_client" in text) == (401, True)


async def test_upstreams_can_ask_whether_a_token_is_live() -> None:
    async with upstream() as up:
        tokens = await up.logged_in()
        form = {
            "token": tokens.access.get_secret_value(),
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        assert '"active":true' in (await _posted(up.fake.url("introspect"), form))[1]
        up.fake.ledger.expire_access()
        assert '"active":false' in (await _posted(up.fake.url("introspect"), form))[1]
        assert not up.fake.is_live(form["token"])


async def test_who_a_token_is_of_is_told_to_its_bearer() -> None:
    async with upstream() as up, aiohttp.ClientSession() as session:
        tokens = await up.logged_in()
        for token, status in ((tokens.access.get_secret_value(), 200), ("another", 401)):
            headers = {"Authorization": f"Bearer {token}"}
            async with session.get(up.fake.url("userinfo"), headers=headers) as answer:
                assert answer.status == status


async def test_it_runs_as_a_program_with_its_secret_from_the_environment() -> None:
    environment = {"PATH": str(Path(sys.executable).parent), SECRET_VARIABLE: "of the demo"}
    module = "treenail_runtime.demo.provider"
    proof = base64.b64encode(b"treenail-demo:of+the+demo").decode()
    async with started("provider", module, environment=environment) as program:
        form = {"grant_type": "client_credentials"}
        status, text = await _posted(f"{program.url}/token", form, Authorization=f"Basic {proof}")

    assert status == 200
    assert "access_token" in text


async def test_a_client_without_addresses_returns_to_loopback_only() -> None:
    client = FakeClient("demo", "secret")
    async with serving_provider(clients=[client]) as fake, browsing() as browser:
        for uri, answered in (("http://127.0.0.1:9/x", 200), ("https://x.example.test/", 400)):
            asked = {"response_type": "code", "client_id": "demo", "redirect_uri": uri}
            status, _ = await _page(browser, f"{fake.url('authorize')}?{urlencode(asked)}")
            assert status == answered


async def test_github_answers_in_forms_unless_json_is_asked_for() -> None:
    async with upstream("github", scopes=("repo", "user")) as up, browsing() as browser:
        form = _redeeming((await up.authorized())[0])
        async with browser.session.post(up.fake.url("token"), data=form) as answer:
            said = parse_qs(await answer.text())

        assert answer.status == 200
        assert said["error"] == ["bad_verification_code"]
        assert urlsplit(str(answer.url)).path == "/login/oauth/access_token"
