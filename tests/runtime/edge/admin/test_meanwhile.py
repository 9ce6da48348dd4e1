"""What is typed while somebody changes the instance goes to the server that it was tried at, or nowhere."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.runtime.edge.admin.test_changes import ITEMS, VALUES, patch
from tests.support.admin_api import API, Api, administering, log_in, opened, redeem
from tests.support.authorizing import GOOD, PICKING, SHOPS, Browser, Page, Site, authorizing
from tests.support.deployment import until
from tests.support.gate import gated
from tests.support.loopback import loopback
from tests.support.providers import browsing
from tests.support.upstream_accounts import OWN_ID, OWN_SECRET, office
from treenail_runtime.storage.tables import connections, credentials


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_an_account_that_was_tried_at_one_server_is_not_kept_for_another(
    tmp_path: Path,
) -> None:
    async with (
        gated() as gate,
        loopback(ITEMS) as other,
        authorizing(tmp_path, upstream_url=f"{gate.url}/slow") as site,
    ):
        root = await administering(site, "root", "admin")
        await root.create("acme", credentials="instance")
        path = f"{API}/instances/acme"
        put = asyncio.create_task(root.send("PUT", f"{path}/credentials", {"values": VALUES}))
        await gate.reached.wait()
        changed = await patch(root, {"server_url": other.url})
        gate.opened.set()
        late = await put

        assert (changed.status, late.status, late.kind) == (200, 409, "changed-meanwhile")
        assert (await root.get(path)).body["status"] == "pending"
        assert await site.rows(connections) == []

        again = await root.send("PUT", f"{path}/credentials", {"values": VALUES})
        assert (again.body["status"], len(other.requests)) == ("active", 1)


@dataclass(frozen=True)
class Pair:
    """Two servers over one database, of which the second has seen the instance as it was.

    Attributes:
        root: Administers at the first.
        second: The site as people see it who come to the second.
    """

    root: Api
    site: Site
    second: Site
    access_key: str | None

    async def typed_at_second(self, typed: Mapping[str, str]) -> Page:
        """What comes of a login there."""
        async with self.second.browser() as browser:
            return await _typed(browser, await opened(browser, "acme"), typed)


async def _typed(browser: Browser, page: Page, typed: Mapping[str, str]) -> Page:
    """What comes of the form of a page of the instance."""
    form = page.forms[0]
    known = {name: value for name, value in typed.items() if name in form.values}
    return await browser.post(f"/acme/{form.action}", {**form.values, **known})


@asynccontextmanager
async def two_servers(
    folder: Path, credentials: str = "person", **settings: Any
) -> AsyncGenerator[Pair]:
    async with authorizing(folder, SHOPS, others=1, instance_cache_seconds=60, **settings) as site:
        root = await administering(site, "root", "admin")
        made = await root.create("acme", credentials=credentials)
        if credentials == "instance":
            path = f"{API}/instances/acme/credentials"
            assert (await root.send("PUT", path, {"values": VALUES})).status == 200
        second = replace(site, base_url=f"http://127.0.0.1:{site.ports[0]}")
        async with second.browser() as browser:
            assert (await opened(browser, "acme")).status == 200
        yield Pair(root, site, second, made.body["access_key"])


@pytest.mark.requirement("CHANGE-INSTANCE")
@pytest.mark.parametrize("picks", [False, True])
async def test_what_a_person_types_at_a_server_that_does_not_know_yet_reaches_no_other_upstream(
    tmp_path: Path, *, picks: bool
) -> None:
    more: dict[str, Any] = {"connector": PICKING} if picks else {}
    async with two_servers(tmp_path, "person", **more) as pair, loopback(SHOPS) as other:
        changed = await patch(pair.root, {"server_url": other.url})
        refused = await pair.typed_at_second(GOOD)

        assert changed.status == 200
        assert (refused.status, "has changed" in refused.text) == (400, True)
        assert await pair.site.rows(connections) == []
        assert other.requests == []

        # Now it knows.
        again = await pair.typed_at_second(GOOD)
        assert again.status == (200 if picks else 303)
        assert len(other.requests) >= 1


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_a_login_that_was_tried_in_one_region_is_completed_in_no_other(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, SHOPS, connector=PICKING) as site, site.browser() as browser:
        root = await administering(site, "root", "admin")
        await root.create("acme", region="eu")
        page, untried = await opened(browser, "acme"), await opened(browser, "acme")
        chooser = await _typed(browser, page, GOOD)
        changed = await patch(root, {"region": "us"})
        choice = {"field-shop_id": "s-1"}
        refused = await _typed(browser, chooser, choice)

        assert (changed.status, "One last choice" in chooser.text) == (200, True)
        assert (refused.status, refused.forms) == (400, [])
        assert await site.rows(connections) == []

        again = await _typed(browser, untried, GOOD)
        done = await _typed(browser, again, choice)
        assert done.status == 303


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_what_leads_nowhere_else_disturbs_no_login(tmp_path: Path) -> None:
    async with two_servers(tmp_path) as pair:
        for change in ({"title": "Acme Ltd"}, {"limits": {"mcp": "99/1m"}}):
            assert (await patch(pair.root, change)).status == 200
        done = await pair.typed_at_second(GOOD)
        member = await redeem(pair.site, "acme", dict(done.answer)["code"])

        assert (await member.call()).status == 200


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_an_access_key_that_was_replaced_opens_no_server(tmp_path: Path) -> None:
    async with two_servers(tmp_path, "instance") as pair:
        assert pair.access_key is not None
        rotated = await pair.root.post(f"{API}/instances/acme/access-key")
        refused = await pair.typed_at_second({"field-access_key": pair.access_key})
        key = {"field-access_key": rotated.body["access_key"]}
        member = await log_in(pair.site, "acme", key)

        assert refused.status == 400
        assert (await member.call()).status == 200


@pytest.mark.requirement("CHANGE-INSTANCE", "UP-OWED")
async def test_what_a_provider_granted_to_the_client_before_is_given_back(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS, others=1, instance_cache_seconds=60) as desk:
        site, journal = desk.town.site, desk.town.fake.journal
        await desk.api.create("acme")
        second = replace(site, base_url=f"http://127.0.0.1:{site.ports[0]}")
        async with second.browser() as browser, browsing() as person:
            await opened(browser, "acme")
            own = {"client_id": OWN_ID, "client_secret": OWN_SECRET}
            assert (await patch(desk.api, own)).status == 200
            form = (await opened(browser, "acme")).forms[0]
            typed = {**form.values, "way": "provider", "field-region": "eu"}
            left = await browser.post(f"/acme/{form.action}", typed)
            answer = await person.visit(left.headers["Location"])
            brought = urlencode({name: values[0] for name, values in answer.items()})
            refused = await browser.get(f"/acme/callback?{brought}")

        assert (refused.status, "has changed" in refused.text) == (400, True)
        assert await site.count(credentials) == await site.count(connections) == 0
        await until(lambda: bool(journal.of("revoke")))
