"""Requests at /authorize: what is asked of a person, what goes back, what stays here."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.authorizing import (
    CHALLENGE,
    CLIENT,
    LOCAL_REDIRECT,
    REDIRECT,
    Browser,
    Page,
    Site,
    authorizing,
    request,
)
from tests.support.members import send
from treenail_runtime.storage.tables import pending_logins


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as site:
        yield site


@pytest.fixture
async def browser(site: Site) -> AsyncGenerator[Browser]:
    async with site.browser() as browser:
        yield browser


def error_of(page: Page, site: Site, state: str | None = "st-1") -> str:
    """The error that went back to the client, with its state and our `iss`."""
    assert page.status == 303
    assert page.headers["Location"].startswith(f"{REDIRECT}?")
    answer = page.answer
    named = dict(answer)
    assert len(named) == len(answer)
    assert named["iss"] == site.base_url
    assert named.get("state") == state
    return named["error"]


def stays_here(page: Page, status: int = 400) -> None:
    assert page.status == status
    assert "Location" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.requirement("S0-18", "S0-19", "S1-14", "S1-17")
async def test_a_right_request_asks_the_person(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    assert page.status == 200
    assert [form.action for form in page.forms] == ["login", "authorize/decision"]
    assert {"txn", "csrf", "field-email", "field-password"} <= page.forms[0].values.keys()
    assert await site.count(pending_logins) == 1


@pytest.mark.requirement("T-001", "AS-08", "Z-02")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": ""},
        {"client_id": "x" * 10_000},
        {"client_id": "app-1 "},
        {"client_id": "åpp"},
    ],
)
async def test_an_unknown_client_gets_a_page_of_ours(
    site: Site, browser: Browser, changes: dict[str, str | None]
) -> None:
    stays_here(await browser.authorize(**changes))
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("AS-07", "AS-08", "V-17", "Z-02")
@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/callback/",
        "https://app.example/Callback",
        "https://app.example:443/callback",
        "https://app.example/callback?x=1",
        "https://app.example/a/../callback",
        "https://app.example.evil/callback",
        "https://evil@app.example/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "javascript:alert(1)",
        "https://app.example/callback\r\nX: 1",
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    site: Site, browser: Browser, uri: str
) -> None:
    # Whatever else is wrong with the request.
    stays_here(await browser.authorize(redirect_uri=uri, response_type="token"))
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-003")
@pytest.mark.parametrize(
    ("response_type", "error"),
    [
        (None, "invalid_request"),
        ("token", "unsupported_response_type"),
        ("code token", "unsupported_response_type"),
        ("id_token", "unsupported_response_type"),
    ],
)
async def test_only_codes_are_given(
    site: Site, browser: Browser, response_type: str | None, error: str
) -> None:
    assert error_of(await browser.authorize(response_type=response_type), site) == error
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-004", "T-005", "T-007", "AS-05", "AS-06", "V-14")
@pytest.mark.parametrize("auth_method", ["none", "client_secret_basic"])
async def test_every_client_has_to_bring_a_challenge(tmp_path: Path, auth_method: str) -> None:
    client = replace(CLIENT, auth_method=auth_method)
    wrong: list[dict[str, str | None]] = [
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S512"},
        {"code_challenge": CHALLENGE[:-1]},
        {"code_challenge": "a" * 129},
        {"code_challenge": f"{CHALLENGE}="},
        {"code_challenge": f"{CHALLENGE}\n"},
        {"code_challenge": f"{CHALLENGE[:-1]}+"},
        {"code_challenge": f"{CHALLENGE[:-1]}é"},
    ]
    async with authorizing(tmp_path, client=client) as site, site.browser() as browser:
        for changes in wrong:
            assert error_of(await browser.authorize(**changes), site) == "invalid_request"
        assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-003", "T-008", "AS-30")
@pytest.mark.parametrize(
    "name",
    [
        *("response_type", "code_challenge", "code_challenge_method", "state", "scope"),
        *("resource", "response_mode", "prompt", "nonce", "anything"),
    ],
)
async def test_a_repeated_parameter_is_told_to_the_client(
    site: Site, browser: Browser, name: str
) -> None:
    query = urlencode({"resource": f"{site.base_url}/mcp", **request()})

    page = await browser.get(f"/authorize?{query}&{name}=a&{name}=b")

    state = None if name == "state" else "st-1"
    assert error_of(page, site, state) == "invalid_request"
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-008", "AS-30")
@pytest.mark.parametrize("first", ["a", "", "b", "st-1"])
async def test_a_state_that_came_twice_is_never_sent_back(
    site: Site, browser: Browser, first: str
) -> None:
    query = urlencode(request(state=None))

    page = await browser.get(f"/authorize?{query}&state={first}&state=a")

    assert error_of(page, site, None) == "invalid_request"
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-072")
@pytest.mark.parametrize(
    "told",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "embed"},
        {
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
            "Sec-Purpose": "prefetch;prerender",
        },
    ],
)
async def test_what_another_page_loads_takes_nothing_of_its_visitor(
    tmp_path: Path, told: dict[str, str]
) -> None:
    path = f"/authorize?{urlencode(request())}"
    async with authorizing(tmp_path, rate_limits="authorize=1/1h") as site:
        for _ in range(3):
            loaded = await send(site, b"", *told.items(), method="GET", path=path)
            assert loaded.status == 400
            assert "location" not in loaded.headers
            assert "set-cookie" not in loaded.headers
        assert await site.count(pending_logins) == 0

        opened = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
        assert (await send(site, b"", *opened, method="GET", path=path)).status == 200
        assert await site.count(pending_logins) == 1


@pytest.mark.requirement("T-072")
async def test_a_look_at_the_head_leaves_nothing_behind(site: Site, browser: Browser) -> None:
    head = await browser.send("HEAD", f"/authorize?{urlencode(request())}")

    assert (head.status, head.text) == (200, "")
    assert "Set-Cookie" not in head.headers
    assert await site.count(pending_logins) == 0
    # What is wrong is told as with GET.
    stays_here(await browser.send("HEAD", "/authorize?client_id=nobody"))
    wrong = await browser.send("HEAD", f"/authorize?{urlencode(request(response_type='token'))}")
    assert error_of(wrong, site) == "unsupported_response_type"


@pytest.mark.requirement("T-008", "AS-08", "AS-30")
@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_repeated_client_or_address_proves_nothing(
    site: Site, browser: Browser, name: str
) -> None:
    asked = request()

    page = await browser.get(f"/authorize?{urlencode(asked)}&{name}={asked[name]}")

    stays_here(page)
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-011")
@pytest.mark.parametrize(
    "scope",
    [
        "admin",
        "mcp.tools.read admin",
        " ".join(f"s{number}" for number in range(200)),
        "mcp.tools.read mcp.tools.read",
        'mcp.tools.read"',
        "mcp.tools.read\\",
        "mcp.tools.read\n",
        "mcp.tools.read  mcp.tools.call",
    ],
)
async def test_a_scope_that_is_not_there_is_refused(
    site: Site, browser: Browser, scope: str
) -> None:
    page = await browser.authorize(scope=scope)

    assert error_of(page, site) == "invalid_scope"
    assert scope not in dict(page.answer)["error_description"]
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-011")
@pytest.mark.parametrize("scope", [None, "", "offline_access", "mcp.tools.call offline_access"])
async def test_scopes_that_are_absent_or_offered_are_fine(browser: Browser, scope: str) -> None:
    assert (await browser.authorize(scope=scope)).status == 200


@pytest.mark.requirement("T-012", "AS-25")
@pytest.mark.parametrize(
    "state",
    ["x", "a&code=x", "a\r\nX: 1", "zwölf ✓ 𝄞", "a b+c%20d", "<script>", "'\"\\", "s" * 2048],
)
async def test_state_comes_back_as_it_was(site: Site, browser: Browser, state: str) -> None:
    page = await browser.authorize(state=state, response_type="token")

    assert error_of(page, site, state) == "unsupported_response_type"
    assert page.headers["Location"].isascii()
    assert page.headers["Location"].isprintable()


@pytest.mark.requirement("T-012")
@pytest.mark.parametrize("state", ["s" * 2049, "ö" * 1025, "s" * 8192])
async def test_a_state_that_is_too_long_is_refused(
    site: Site, browser: Browser, state: str
) -> None:
    assert error_of(await browser.authorize(state=state), site, None) == "invalid_request"


@pytest.mark.requirement("T-012")
@pytest.mark.parametrize("state", [None, ""])
async def test_without_a_state_none_comes_back(
    site: Site, browser: Browser, state: str | None
) -> None:
    page = await browser.authorize(state=state, response_type="token")

    assert error_of(page, site, None) == "unsupported_response_type"


@pytest.mark.requirement("AS-26", "AS-27")
@pytest.mark.parametrize("change", ["/", "#x", "?x=1", "/..", "/admin"])
async def test_another_resource_is_refused(site: Site, browser: Browser, change: str) -> None:
    page = await browser.authorize(resource=f"{site.base_url}/sample/mcp{change}")

    assert error_of(page, site) == "invalid_target"


@pytest.mark.requirement("AS-26", "AS-27")
async def test_the_own_resource_is_recognised_in_its_tolerated_spellings(
    site: Site, browser: Browser
) -> None:
    for resource in (
        f"{site.base_url}/mcp",
        f"{site.base_url}/mcp/",
        f"{site.base_url}/mcp".replace("http", "HTTP"),
    ):
        assert (await browser.authorize(resource=resource)).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("prompt", "none"), ("nonce", "n"), ("login_hint", "x"), ("response_mode", "query")],
)
async def test_what_is_not_ours_is_passed_over(browser: Browser, name: str, value: str) -> None:
    assert (await browser.authorize(**{name: value})).status == 200


async def test_the_answer_always_goes_into_the_query(site: Site, browser: Browser) -> None:
    page = await browser.authorize(response_mode="fragment")

    assert error_of(page, site) == "invalid_request"


@pytest.mark.requirement("T-013")
async def test_a_posted_request_is_read_from_its_body_alone(site: Site, browser: Browser) -> None:
    page = await browser.post("/authorize?client_id=nobody&scope=admin", request())

    assert page.status == 200
    other = await browser.post(f"/authorize?{urlencode(request())}", {"client_id": "app-1"})
    assert error_of(other, site, None) == "invalid_request"
    assert await site.count(pending_logins) == 1


@pytest.mark.requirement("AS-07")
async def test_the_only_registered_address_may_be_left_out(site: Site, browser: Browser) -> None:
    page = await browser.authorize(redirect_uri=None, response_type="token")

    assert error_of(page, site) == "unsupported_response_type"


async def test_of_several_addresses_one_has_to_be_named(tmp_path: Path) -> None:
    client = replace(CLIENT, redirect_uris=(REDIRECT, LOCAL_REDIRECT))
    async with authorizing(tmp_path, client=client) as site, site.browser() as browser:
        stays_here(await browser.authorize(redirect_uri=None))


@pytest.mark.requirement("T-021", "AS-07")
async def test_a_loopback_address_may_name_any_port(tmp_path: Path) -> None:
    client = replace(CLIENT, redirect_uris=(LOCAL_REDIRECT,))
    async with authorizing(tmp_path, client=client) as site, site.browser() as browser:
        page = await browser.authorize(redirect_uri="http://127.0.0.1:49152/callback")
        assert page.status == 200
        assert (
            "form-action 'self' http://127.0.0.1:49152 https:;"
            in page.headers["Content-Security-Policy"]
        )
        stays_here(await browser.authorize(redirect_uri="http://localhost:49152/callback"))


@pytest.mark.requirement("T-025", "AS-25", "Z-14")
async def test_answers_stand_once_in_an_address_that_has_some(tmp_path: Path) -> None:
    uri = "https://app.example/cb?iss=evil&code=x&keep=%C3%28&flag&state=mine"
    client = replace(CLIENT, redirect_uris=(uri,))
    async with authorizing(tmp_path, client=client) as site, site.browser() as browser:
        page = await browser.authorize(redirect_uri=uri, response_type="token")

        location = page.headers["Location"]
        assert location.startswith("https://app.example/cb?keep=%C3%28&flag&error=")
        names = [name for name, _ in page.answer]
        assert sorted(names) == ["error", "error_description", "flag", "iss", "keep", "state"]
        assert dict(page.answer)["iss"] == site.base_url


@pytest.mark.requirement("T-028")
async def test_a_stored_address_that_was_tampered_with_leads_nowhere(tmp_path: Path) -> None:
    for number, uri in enumerate(("https://app.example/\r\nX: 1", "javascript:alert(1)")):
        folder = tmp_path / str(number)
        folder.mkdir()
        client = replace(CLIENT, redirect_uris=(uri,))
        async with authorizing(folder, client=client) as site, site.browser() as browser:
            stays_here(await browser.authorize(redirect_uri=uri, response_type="token"))
            stays_here(await browser.authorize(redirect_uri=uri))
            assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-063", "V-28")
async def test_asking_twice_is_as_good_as_once(site: Site, browser: Browser) -> None:
    first, second = await browser.authorize(), await browser.authorize()

    assert (first.status, second.status) == (200, 200)
    assert await site.count(pending_logins) == 2


@pytest.mark.requirement("T-072", "S0-37", "Z-15")
async def test_one_address_may_have_twenty_waiting(site: Site, browser: Browser) -> None:
    for _ in range(20):
        assert (await browser.authorize()).status == 200

    page = await browser.authorize()

    stays_here(page, 429)
    assert page.headers["Retry-After"] == "600"
    assert await site.count(pending_logins) == 20


@pytest.mark.requirement("S0-32", "S1-36")
async def test_whoever_asks_too_often_has_to_wait(tmp_path: Path) -> None:
    async with (
        authorizing(tmp_path, rate_limits="authorize=2/15m") as site,
        site.browser() as browser,
    ):
        assert [(await browser.authorize()).status for _ in range(3)] == [200, 200, 429]
        page = await browser.authorize()
        stays_here(page, 429)
        assert 0 < int(page.headers["Retry-After"]) <= 900


@pytest.mark.parametrize("query", ["client_id=%zz", "client_id=%ff", "&".join("abcdefghij" * 11)])
async def test_a_query_that_cannot_be_read_gets_a_page_of_ours(
    browser: Browser, query: str
) -> None:
    stays_here(await browser.get(f"/authorize?{query}"))


async def test_each_instance_has_its_own_authorization(site: Site, browser: Browser) -> None:
    refused = await browser.get(f"/sample/authorize?{urlencode(request(response_type='token'))}")
    asked = request(resource=f"{site.base_url}/sample/mcp")

    assert dict(refused.answer)["iss"] == f"{site.base_url}/sample"
    assert (await browser.get(f"/sample/authorize?{urlencode(asked)}")).status == 200
    assert error_of(await browser.authorize(**asked), site) == "invalid_target"
