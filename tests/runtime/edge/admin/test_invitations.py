"""Nobody's account becomes an instance's by a link alone: a page of ours asks before the provider."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.admin_api import API, REGISTRY, Api
from tests.support.authorizing import Page
from tests.support.loopback import reply
from tests.support.providers import browsing
from tests.support.upstream_accounts import Office, office
from treenail_runtime.storage.admins import AdminStore
from treenail_runtime.storage.tables import credentials, setups

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


async def invited(desk: Office, slug: str = "acme", **more: object) -> str:
    """The URL of an invitation."""
    begun = await desk.initiate(slug, **more)
    assert begun.status == 200, begun.body
    return begun.body["authorization_url"]


async def status_of(desk: Office, slug: str = "acme") -> str:
    return (await desk.api.get(f"{API}/instances/{slug}")).body["status"]


@pytest.mark.requirement("INVITED", "PX-01", "PX-02", "PX-04")
async def test_a_page_names_instance_owner_service_and_scopes_before_anybody_leaves(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS, owner="mallory") as desk:
        url = await invited(desk, "mall", title="Team of Mall")
        page = await desk.open(url)
        again = await desk.open(url)

        assert url.startswith(f"{desk.town.site.base_url}{REGISTRY}/connect/sample?txn=")
        for text in ("<bdi>Team of Mall</bdi>", "<dd>mall</dd>", "<bdi>mallory</bdi>"):
            assert text in page.text
        assert "an account of Sample" in page.text
        assert "<code>jobs</code>" in page.text
        assert (page.status, again.status) == (200, 200)
        assert not desk.town.fake.journal.entries
        assert await status_of(desk, "mall") == "pending"


@pytest.mark.requirement("INVITED", "PX-02", "PX-03", "T-065")
async def test_the_page_cannot_be_framed_and_its_cookie_stays_in_the_browser(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        page = await desk.open(await invited(desk))
        policy = page.headers["Content-Security-Policy"]

        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "default-src 'none'" in policy
        assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == (
            "no-store",
            "no-referrer",
        )
        assert "HttpOnly" in page.headers["Set-Cookie"]
        assert "SameSite=Lax" in page.headers["Set-Cookie"]


@pytest.mark.requirement("INVITED", "T-060", "S4-02")
async def test_a_person_who_is_known_to_the_provider_gives_nothing_by_following_a_link(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        async with browsing() as victim:
            left = await desk.town.leave(desk.browser)
            back = await victim.visit(left.headers["Location"])
            seen = len(victim.pages)
            url = await invited(desk)
            page = await desk.open(url)
            followed = await status_of(desk)
            done = await desk.decide(page)
            await victim.visit(done.headers["Location"])

        assert back["code"]
        assert len(victim.pages) == seen, "this provider asks once"
        assert (page.status, followed) == (200, "pending")
        assert "Whoever runs it will have your account" in page.text


@pytest.mark.requirement("INVITED", "PX-02")
@pytest.mark.parametrize(
    "change", [{"csrf": "0" * 64}, {"csrf": ""}, {"decision": "perhaps"}, {"txn": "nonsense"}]
)
async def test_only_the_form_of_the_page_leads_to_the_provider(
    tmp_path: Path, change: Mapping[str, Any]
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        page = await desk.open(await invited(desk))
        form = page.forms[0]
        path = f"{REGISTRY}/connect/sample"
        refused = await desk.browser.post(path, {**form.values, "decision": "allow", **change})

        assert refused.status in {400, 403}
        assert not desk.town.fake.journal.entries
        assert (await desk.decide(page)).status == 303


@pytest.mark.requirement("INVITED", "PX-03", "PX-04")
async def test_a_form_of_another_browser_leads_nowhere(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        url = await invited(desk)
        page = await desk.open(url)
        async with desk.town.site.browser() as other:
            bare = await _decide(other, page)
            theirs = await other.get(url.removeprefix(desk.town.site.base_url))
            swapped = await _decide(other, page)

        assert [bare.status, theirs.status, swapped.status] == [403, 200, 403]
        assert not desk.town.fake.journal.entries


@pytest.mark.requirement("INVITED", "PX-04")
async def test_an_invitation_is_good_for_one_departure(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        url = await invited(desk)
        page = await desk.open(url)
        statuses = [(await desk.decide(page)).status for _ in range(2)]

        assert statuses == [303, 400]
        assert (await desk.open(url)).status == 400
        assert len(await desk.town.site.rows(setups)) == 1


@pytest.mark.requirement("INVITED", "PX-04", "T-060")
async def test_who_agreed_in_one_browser_cannot_finish_in_another(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        back = await desk.agree(await invited(desk))
        async with desk.town.site.browser() as other:
            bare = await other.get(back)
        late = await desk.come_back(back)

        assert (bare.status, late.status) == (403, 400)
        assert not desk.town.fake.journal.of("token")
        assert await desk.town.site.count(credentials) == 0
        assert await status_of(desk) == "pending"


@pytest.mark.requirement("INVITED")
async def test_who_declines_ends_the_invitation_and_leaves_the_instance_alone(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        url = await invited(desk)
        declined = await desk.decide(await desk.open(url), "deny")

        assert (declined.status, "Nothing was connected" in declined.text) == (403, True)
        assert (await desk.open(url)).status == 400
        assert await desk.town.site.count(setups) == 0
        assert not desk.town.fake.journal.entries


@pytest.mark.requirement("INVITED", "T-068")
async def test_a_provider_that_is_away_at_the_return_is_not_told_as_a_wrong_account(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        back = await desk.agree(await invited(desk))
        desk.town.fake.switches.fall_ill("error", "token", retry_after="7")
        page = await desk.come_back(back)
        kept = (await desk.api.get(f"{API}/instances/acme")).body

        assert (page.status, page.headers["Retry-After"]) == (503, "7")
        assert "could not be checked" in page.body
        assert kept["last_error"] == "upstream-unavailable"


@pytest.mark.requirement("INVITED")
async def test_who_says_no_at_the_provider_has_connected_nothing(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        page = await desk.come_back(await desk.agree(await invited(desk), decision="deny"))
        kept = (await desk.api.get(f"{API}/instances/acme")).body

        assert (page.status, "Nothing was connected" in page.body) == (403, True)
        assert "not given your account" in page.body
        assert kept["last_error"] == "declined"


@pytest.mark.requirement("INVITED", "S2-09", "S2-40")
async def test_an_invitation_ends_with_the_admin_token_and_with_a_later_one(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        first, second = await invited(desk), await invited(desk)
        page = await desk.open(second)
        assert ((await desk.open(first)).status, page.status) == (400, 200)

        admins = AdminStore(desk.town.site.database)
        (admin,) = await admins.list()
        await admins.remove(admin.id)

        assert (await desk.decide(page)).status == 400
        assert (await desk.open(second)).status == 400
        assert not desk.town.fake.journal.entries


@pytest.mark.requirement("INVITED", "T-041")
async def test_what_an_owner_calls_things_cannot_change_the_page(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS, owner="<i>Your bank</i>") as desk:
        page = await desk.open(await invited(desk, title="<b>Bank</b> & Sons"))

        assert "&lt;b&gt;Bank&lt;/b&gt; &amp; Sons" in page.text
        assert "<b>" not in page.text
        assert "<i>" not in page.text


@pytest.mark.requirement("T-072")
async def test_an_invitation_is_opened_as_a_page_only(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        url = await invited(desk)
        path = url.removeprefix(desk.town.site.base_url)
        framed = await Api(desk.town.site.base_url).send(
            "GET", path, **{"Sec-Fetch-Dest": "iframe"}
        )

        assert framed.status == 400
        assert "Open this page by itself" in framed.body


async def _decide(browser: Any, page: Page) -> Page:
    form = page.forms[0]
    return await browser.post(
        f"{REGISTRY}/connect/{form.action}", {**form.values, "decision": "allow"}
    )
