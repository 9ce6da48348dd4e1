"""Instances that are at their limits, and those beside them."""

from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.support.authorizing import CLIENT, GOOD, Site, authorizing, request
from tests.support.members import Member, admit, send
from tests.support.tokens import proof
from tests.support.wire import modern, modern_headers
from treenail_runtime.auth.instances import InstanceRecord, NewInstance, read_slug
from treenail_runtime.auth.records import InstanceSettings

LIST = modern("tools/list")
LIST_HEADERS = modern_headers("tools/list")


async def made(site: Site, slug: str, **limits: str) -> InstanceRecord:
    """An instance with limits of its own."""
    settings = InstanceSettings(limits=limits)
    new = NewInstance(
        slug=read_slug(slug, ()), service="sample", title=slug, owner="ann", settings=settings
    )
    return await site.instances.create(new)


async def joined(site: Site, instance: InstanceRecord) -> Member:
    return await admit(site, instance=instance.id, slug=instance.slug)


async def listed(site: Site, path: str, *members: Member) -> list[int]:
    """What each member is answered, one after the other."""
    return [
        (await send(site, LIST, *LIST_HEADERS, each.bearer, path=f"/{path}/mcp")).status
        for each in members
    ]


@pytest.mark.requirement("S2-39", "OWN-LIMITS")
async def test_an_instance_that_is_at_its_limit_of_calls_stops_no_other(tmp_path: Path) -> None:
    async with authorizing(tmp_path, rate_limits="mcp_instance=4/1m,mcp_grant=3/1m") as site:
        north, south = await made(site, "north"), await made(site, "south")
        ann, ben = await joined(site, north), await joined(site, north)
        guest = await joined(site, south)

        ours = await listed(site, "north", ann, ann, ann, ann, ben, ben)
        theirs = await listed(site, "south", guest, guest, guest)

    assert ours == [200, 200, 200, 429, 200, 429]
    assert theirs == [200, 200, 200]


@pytest.mark.requirement("S2-39", "OWN-LIMITS")
async def test_an_instance_may_have_limits_of_its_own(tmp_path: Path) -> None:
    async with authorizing(
        tmp_path, rate_limits="mcp_grant=2/1m", instance_cache_seconds=0
    ) as site:
        strict, wide = (
            await made(site, "strict", mcp_grant="1/1m"),
            await made(site, "wide", mcp_grant="4/1m"),
        )
        usual, free = await made(site, "usual"), await made(site, "free", mcp_grant="off")
        told = {
            each.slug: (await listed(site, each.slug, *[await joined(site, each)] * 5)).count(200)
            for each in (strict, usual, wide, free)
        }

        changed = InstanceSettings(limits={"mcp_grant": "3/1m"})
        assert await site.instances.set_settings(strict.id, changed, version=strict.version)
        later = await listed(site, "strict", *[await joined(site, strict)] * 4)

    assert told == {"strict": 1, "usual": 2, "wide": 4, "free": 5}
    assert later == [200, 200, 200, 429]


@pytest.mark.requirement("S2-39", "OWN-LIMITS")
async def test_guesses_of_tokens_at_one_instance_are_not_counted_at_another(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, rate_limits="mcp=1/15m") as site:
        await made(site, "north")
        await made(site, "south")
        paths = ("/north/mcp", "/north/mcp", "/south/mcp", "/mcp")
        told = [(await send(site, LIST, *LIST_HEADERS, path=path)).status for path in paths]

    assert told == [401, 429, 401, 401]


@pytest.mark.requirement("S2-39", "OWN-LIMITS")
async def test_logins_at_one_instance_are_not_counted_at_another(tmp_path: Path) -> None:
    limits = "authorize=2/15m,login=1/15m"
    async with authorizing(tmp_path, rate_limits=limits) as site, site.browser() as browser:
        for slug in ("north", "south"):
            await made(site, slug)
        opened: dict[str, list[int]] = {}
        typed: dict[str, list[int]] = {}
        for slug in ("north", "south"):
            query = urlencode(request(resource=f"{site.base_url}/{slug}/mcp"))
            pages = [await browser.get(f"/{slug}/authorize?{query}") for _ in range(3)]
            form = pages[0].forms[0]
            wrong = {**form.values, **GOOD, "field-email": ""}
            opened[slug] = [page.status for page in pages]
            typed[slug] = [
                (await browser.post(f"/{slug}/{form.action}", wrong)).status for _ in range(2)
            ]

    assert opened == {"north": [200, 200, 429], "south": [200, 200, 429]}
    assert typed == {"north": [422, 429], "south": [422, 429]}


@pytest.mark.requirement("S2-39", "OWN-LIMITS")
@pytest.mark.parametrize("limits", ["token_ip=1/1m", "token_client=1/1m"])
async def test_token_requests_at_one_instance_are_not_counted_at_another(
    tmp_path: Path, limits: str
) -> None:
    async with authorizing(tmp_path, rate_limits=limits) as site:
        for slug in ("north", "south"):
            await made(site, slug)
        told = [await refreshed(site, path) for path in ("/north", "/north", "/south", "")]

    assert told == [400, 429, 400, 400]


async def refreshed(site: Site, path: str) -> int:
    form = {"grant_type": "refresh_token", "refresh_token": "none", **proof(CLIENT)}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.base_url}{path}/token", data=form) as answer,
    ):
        return answer.status
