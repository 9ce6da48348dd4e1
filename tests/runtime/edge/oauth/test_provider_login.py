"""A person logs in at the upstream's provider: there, back, and nowhere else."""

from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import structlog

from tests.support.authorizing import REDIRECT
from tests.support.provider_login import town
from tests.support.providers import CLIENT_ID
from treenail_runtime.storage.tables import connections, pending_logins


@pytest.mark.requirement("S4-01", "S4-20")
async def test_a_login_at_the_provider_gives_tokens_of_ours_and_calls_with_theirs(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        answer = await tokens.call()

        seen = place.site.upstream_seen[-1]
        assert (answer.status, answer.error) == (200, "")
        assert place.fake.is_live(seen.value("Authorization").removeprefix("Bearer "))
        assert tokens.access not in str(seen.fields)


@pytest.mark.requirement("PX-01", "PX-04", "S4-02", "S4-14")
async def test_nobody_reaches_the_provider_before_consenting(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        page = await browser.authorize()
        assert page.status == 200
        assert not place.fake.journal.of("authorize")
        (row,) = await place.site.rows(pending_logins)
        assert row.upstream_state_hash is None

        left = await browser.submit(page, {"way": "provider", "field-region": "eu"})
        assert left.status == 303
        asked = parse_qs(urlsplit(left.headers["Location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert "app-1" not in left.headers["Location"]
        assert asked["redirect_uri"] == [f"{place.site.base_url}/callback"]


@pytest.mark.requirement("T-060", "PX-04")
async def test_who_approves_in_one_browser_cannot_finish_in_another(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        async with place.site.browser() as browser, place.site.browser() as other:
            await other.authorize()
            back = await place.agree(await place.leave(browser))
            elsewhere = await other.get(back)
            too_late = await browser.get(back)

        assert (elsewhere.status, too_late.status) == (403, 400)
        assert not place.fake.journal.of("token")
        assert await place.site.count(connections) == 0
        assert await place.site.count(pending_logins) == 1


@pytest.mark.requirement("S4-15")
async def test_a_state_is_good_once(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        back = await place.agree(await place.leave(browser))
        first = await browser.get(back)
        again = await browser.get(back)

        assert (first.status, again.status) == (303, 400)
        assert len(place.fake.journal.of("token", grant_type="authorization_code")) == 1


@pytest.mark.requirement("PX-07")
async def test_an_answer_of_another_issuer_is_refused(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        place.fake.switches.wrong_issuer_in = "answer"
        page = await browser.get(await place.agree(await place.leave(browser)))

        assert page.status == 502
        assert not place.fake.journal.of("token")
        assert await place.site.count(connections) == 0


@pytest.mark.requirement("S4-15")
async def test_who_says_no_at_the_provider_says_no_to_the_application(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        page = await browser.get(await place.agree(await place.leave(browser), decision="deny"))

        assert page.headers["Location"].startswith(REDIRECT)
        assert dict(page.answer)["error"] == "access_denied"
        assert dict(page.answer)["state"] == "st-1"
        assert await place.site.count(pending_logins) == 0


async def test_a_provider_that_is_down_is_told_as_such_and_nothing_is_connected(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        back = await place.agree(await place.leave(browser))
        place.fake.switches.fall_ill("error", "token")
        page = await browser.get(back)

        assert page.status == 503
        assert "does not answer" in page.text
        assert await place.site.count(connections) == 0


@pytest.mark.requirement("T-061")
async def test_each_connection_is_asked_for_anew(tmp_path: Path) -> None:
    """A remembered consent would let another client ride on it (GHSA-6x8h-498w-gv8c)."""
    async with town(tmp_path) as place, place.site.browser() as browser:
        await browser.get(await place.agree(await place.leave(browser)))
        page = await browser.authorize()

        assert page.status == 200
        assert "Allow and sign in at" in page.text


async def test_a_person_may_type_credentials_instead_where_the_connector_says_so(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, choice=True) as place, place.site.browser() as browser:
        page = await browser.authorize()
        typed = await browser.submit(page, {"field-password": "pat-1", "field-region": "eu"})
        tokens = await place.redeem(dict(typed.answer)["code"])
        answer = await tokens.call()

        assert answer.status == 200
        assert place.site.upstream_seen[-1].value("Authorization") == "Bearer pat-1"
        assert not place.fake.journal.entries


@pytest.mark.requirement("UP-CHAIN")
async def test_who_chooses_no_way_is_told_which_fields_one_of_them_takes(tmp_path: Path) -> None:
    async with town(tmp_path, choice=True) as place, place.site.browser() as browser:
        page = await browser.authorize()
        empty = await browser.submit(page, {"field-password": "", "field-region": "eu"})

        assert empty.status == 422
        assert "Nothing to sign in with" in empty.text
        assert "or sign in at Sample" in empty.text
        assert "Password is needed to connect like this." in empty.text
        assert 'aria-invalid="true"' in empty.text
        assert not place.site.upstream_seen
        typed = await browser.submit(empty, {"field-password": "pat-1", "field-region": "eu"})
        assert typed.status == 303


@pytest.mark.requirement("UP-CHAIN")
async def test_what_was_typed_is_used_wherever_the_provider_stands_in_the_chain(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, choice=True, provider_first=True) as place:
        async with place.site.browser() as browser:
            page = await browser.authorize(scope="mcp.tools.read offline_access")
            typed = await browser.submit(page, {"field-password": "pat-1", "field-region": "eu"})
        answer = await (await place.redeem(dict(typed.answer)["code"])).call()
        assert (answer.status, answer.error) == (200, "")
        assert place.site.upstream_seen[-1].value("Authorization") == "Bearer pat-1"

        granted = await (await place.connect()).call()
        shown = place.site.upstream_seen[-1].value("Authorization")
        assert (granted.status, granted.error) == (200, "")
        assert place.fake.is_live(shown.removeprefix("Bearer "))


async def test_a_state_is_good_at_the_instance_that_made_it_only(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        back = await place.agree(await place.leave(browser))
        elsewhere = await browser.get(f"/sample{back}")
        after = await browser.get(back)

        assert (elsewhere.status, after.status) == (403, 400)
        assert not place.fake.journal.of("token")


@pytest.mark.requirement("S4-15")
@pytest.mark.parametrize(
    "query", ["", "code=c", "state=&code=c", "state=st-1&code=c", "state=a&state=a&code=c"]
)
async def test_what_no_provider_sends_is_refused(tmp_path: Path, query: str) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        await place.leave(browser)
        page = await browser.get(f"/callback?{query}")

        assert page.status == 400
        assert await place.site.count(pending_logins) == 1


@pytest.mark.requirement("PX-05")
async def test_a_client_that_changed_meanwhile_gets_no_code(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        back = await place.agree(await place.leave(browser))
        await place.site.clients.disable("app-1")
        page = await browser.get(back)

        assert (page.status, "Location" in page.headers) == (400, False)
        assert not place.fake.journal.of("token")


@pytest.mark.requirement("PX-02", "PX-03")
async def test_the_page_before_the_provider_names_client_and_abilities_and_cannot_be_framed(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        page = await browser.authorize()

        assert "Receptionist" in page.text
        assert "app.example" in page.text
        assert "Look things up in Sample" in page.text
        assert "<code>jobs</code>" in page.text
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert all(form.values["csrf"] for form in page.forms)
        cookie = page.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


@pytest.mark.requirement("T-065")
async def test_the_page_lets_a_form_lead_to_the_application_and_the_provider_and_nowhere_else(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        page = await browser.authorize()
        left = await browser.submit(page, {"field-region": "eu", "way": "provider"})
        there = urlsplit(left.headers["Location"])

        targets = f"form-action 'self' {there.scheme}://{there.netloc} https:;"
        assert targets in page.headers["Content-Security-Policy"]


async def test_the_way_without_the_provider_is_closed_where_there_is_none(tmp_path: Path) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        page = await browser.authorize()
        direct = await browser.submit(page, {"field-region": "eu"})
        allowed = await browser.post(
            "/authorize/decision", {**page.forms[0].values, "decision": "allow"}
        )

        assert (direct.status, allowed.status) == (400, 400)
        assert await place.site.count(connections) == 0


async def test_a_server_without_a_client_at_the_provider_says_that_it_is_not_set_up(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, is_known=False) as place, place.site.browser() as browser:
        page = await browser.authorize()

        assert page.status == 503
        assert "not in service" in page.text


@pytest.mark.requirement("S2-28")
@pytest.mark.parametrize(
    "forged", ["iss=https://evil.example&code=x", "error=server_error", "code=a&code=b", ""]
)
async def test_what_browsers_bring_back_keeps_nobody_else_from_the_provider(
    tmp_path: Path, forged: str
) -> None:
    async with town(tmp_path) as place:
        for _ in range(6):
            async with place.site.browser() as browser:
                left = await place.leave(browser)
                (state,) = parse_qs(urlsplit(left.headers["Location"]).query)["state"]
                assert (await browser.get(f"/callback?state={state}&{forged}")).status != 303

        tokens = await place.connect()
        await place.expire()
        assert (await tokens.call()).status == 200


@pytest.mark.requirement("S2-28")
@pytest.mark.parametrize("outage", ["error", "fault"])
async def test_codes_that_a_provider_stumbles_over_keep_nobody_else_from_it(
    tmp_path: Path, outage: Literal["error", "fault"]
) -> None:
    """A visitor writes the code at will, and a firewall before the provider answers as it likes."""
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await place.expire()
        place.fake.switches.fall_ill(outage, "token")
        for _ in range(5):
            async with place.site.browser() as browser:
                left = await place.leave(browser)
                (state,) = parse_qs(urlsplit(left.headers["Location"]).query)["state"]
                brought = urlencode({"state": state, "code": "%zz", "iss": place.fake.issuer})
                assert (await browser.get(f"/callback?{brought}")).status == 503
        place.fake.switches.recover()

        assert (await tokens.call()).status == 200


async def test_a_refused_client_is_told_to_the_operator_when_somebody_logs_in(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        back = await place.agree(await place.leave(browser))
        place.fake.ledger.clients.pop(CLIENT_ID)
        with structlog.testing.capture_logs() as told:
            page = await browser.get(back)

        assert page.status == 502
        (refusal,) = (each for each in told if each["event"] == "provider.refuses_client")
        assert refusal["error"] == "invalid_client"


async def test_a_provider_that_cannot_be_reached_is_told_with_the_time_to_try_again(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place, place.site.browser() as browser:
        page = await browser.authorize()
        place.fake.switches.fall_ill("error", retry_after="7")
        left = await browser.submit(page, {"way": "provider", "field-region": "eu"})

        assert left.status == 503
        assert int(left.headers["Retry-After"]) > 0
