"""Instances become otherwise over the admin API, and what cannot go on ends."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.admin_api import (
    API,
    Api,
    Member,
    Told,
    administering,
    log_in,
    opened,
    redeem,
)
from tests.support.authorizing import authorizing
from tests.support.client_grants import shop
from tests.support.deployment import until
from tests.support.loopback import loopback, reply
from tests.support.serving import CANARY
from tests.support.upstream_accounts import OWN_ID, OWN_SECRET, office
from tests.support.wire import rpc
from treenail_runtime.demo.provider import FakeClient
from treenail_runtime.storage.tables import connections, credentials, instances

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
VALUES = {"email": "ann@example.test", "password": CANARY, "region": "eu"}
ONE = f"{API}/instances/acme"
INITIALIZE = rpc(
    "initialize",
    {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
)


async def patch(api: Api, body: object, version: str = "*", path: str = ONE) -> Told:
    return await api.send("PATCH", path, body, **{"If-Match": version})


async def session(member: Member, shown: str | None = None) -> tuple[int, str]:
    """Status of a request of an early version, and the session that it opened, or was in."""
    headers = {
        "Authorization": f"Bearer {member.access}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **({"Mcp-Session-Id": shown, "MCP-Protocol-Version": "2025-11-25"} if shown else {}),
    }
    body = rpc("tools/list") if shown else INITIALIZE
    url = f"{member.base_url}/{member.slug}/mcp"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=body, headers=headers) as answer,
    ):
        return answer.status, answer.headers.get("Mcp-Session-Id", shown or "")


@pytest.mark.requirement("CHANGE-INSTANCE", "S2-18")
async def test_what_a_patch_names_is_changed_and_the_rest_stays(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        root = await administering(site, "root", "admin")
        made = await root.create("acme", title="Acme", limits={"mcp": "9/1m", "login": "8/1m"})
        member = await log_in(site, "acme")

        first = await patch(root, {"title": "Acme Ltd", "limits": {"mcp": None, "token": "7/1m"}})
        second = await patch(root, {"title": None})
        bare = await patch(root, {"limits": None})

        assert (first.status, first.body["title"]) == (200, "Acme Ltd")
        assert first.body["limits"] == {"login": "8/1m", "token": "7/1m"}
        assert second.body["title"] == "Sample shop"
        assert second.body["limits"] == first.body["limits"]
        assert (bare.status, bare.body["limits"]) == (200, {})
        assert second.body["version"] == made.body["version"] + 2
        assert second.body["id"] == made.body["id"]
        # Nobody is logged out by a title.
        assert (await member.call()).status == 200


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_two_administrators_do_not_overwrite_each_other(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        ann = await administering(site)
        await ann.create("acme")
        seen = (await ann.get(ONE)).headers["Etag"]

        both = await asyncio.gather(
            *(patch(ann, {"title": title}, seen) for title in ("One", "Two"))
        )
        late = await patch(ann, {"title": "Three"}, seen)
        unsaid = await ann.send("PATCH", ONE, {"title": "Four"})
        odd = [await patch(ann, {"title": "Five"}, said) for said in ("W/x", '"1", "2"', "1")]
        winner = next(each for each in both if each.status == 200)

        assert sorted(each.status for each in both) == [200, 412]
        assert (late.status, late.kind) == (412, "other-version")
        assert (unsaid.status, unsaid.kind) == (428, "precondition-required")
        assert {each.status for each in odd} == {412}
        assert (await ann.get(ONE)).body["title"] == winner.body["title"]
        assert (await ann.get(ONE)).headers["Etag"] == winner.headers["Etag"]


@pytest.mark.requirement("CHANGE-INSTANCE", "S2-15")
@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        ([], 422, "body"),
        ({"slug": "other"}, 422, "slug"),
        ({"title": 7}, 422, "title"),
        ({"title": ""}, 422, "title"),
        ({"region": "mars"}, 422, "region"),
        ({"client_secret": "x"}, 422, "client_secret"),
        ({"limits": {"nothing": "1/1m"}}, 422, "limits"),
        ({"server_url": "ftp://x.test"}, 422, "server_url"),
    ],
)
async def test_what_cannot_be_taken_changes_nothing(
    tmp_path: Path, body: object, status: int, field: str | None
) -> None:
    async with authorizing(tmp_path) as site:
        root = await administering(site, "root", "admin")
        made = await root.create("acme")
        refused = await patch(root, body)

        assert refused.status == status
        if field is not None:
            assert field in {each["field"] for each in refused.body["errors"]}
        assert (await root.get(ONE)).body["version"] == made.body["version"]


@pytest.mark.requirement("CHANGE-INSTANCE", "S2-40")
async def test_an_owner_changes_no_server_no_limits_and_nothing_of_others(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        ann, bob = await administering(site, "ann"), await administering(site, "bob")
        await ann.create("acme")
        inside: list[Mapping[str, Any]] = [
            {"server_url": "https://169.254.169.254/"},
            {"server_url": None},
            {"limits": {"mcp": "off"}},
            {"limits": None},
        ]

        assert {(await patch(ann, each)).kind for each in inside} == {"not-allowed"}
        assert (await patch(bob, {"title": "Mine"})).kind == "unknown-instance"
        assert (await patch(Api(site.base_url), {"title": "Mine"})).status == 401
        assert (await patch(ann, {"title": "Ours"})).status == 200


@pytest.mark.requirement("CHANGE-INSTANCE", "S0-34")
async def test_another_region_ends_sessions_and_nobodys_login(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        ann = await administering(site)
        await ann.create("acme")
        await ann.create("bolt")
        member, neighbour = await log_in(site, "acme"), await log_in(site, "bolt")
        (_, ours), (_, theirs) = await session(member), await session(neighbour)
        assert (await session(member, ours))[0] == 200

        changed = await patch(ann, {"region": "us"})

        assert (changed.status, changed.body["region"]) == (200, "us")
        assert (await session(member, ours))[0] == 404
        assert (await session(neighbour, theirs))[0] == 200
        assert (await session(member))[0] == 200
        assert (await member.call()).status == 200


@pytest.mark.requirement("S2-35", "CHANGE-INSTANCE")
async def test_what_serves_an_instance_is_made_once_and_anew_with_its_settings(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, ITEMS, instance_cache_seconds=60) as site:
        root = await administering(site, "root", "admin")
        await root.create("acme")
        member = await log_in(site, "acme")
        _, ours = await session(member)
        before = await _figures(root)
        for _ in range(5):
            assert (await member.call()).status == 200
        after = await _figures(root)
        assert (after["hits"] - before["hits"], after["misses"]) == (5, before["misses"])

        await patch(root, {"limits": {"mcp_grant": "1/1m"}})
        # What was served before counts.
        narrow = (await member.call()).status
        await patch(root, {"limits": {"mcp_grant": None}})
        kept = (await session(member, ours))[0]
        await patch(root, {"region": "us"})

        assert narrow == 429
        assert (kept, (await session(member, ours))[0]) == (200, 404)


async def _figures(api: Api) -> dict[str, Any]:
    told = (await api.get(f"{API}/caches")).body["caches"]
    return next(each for each in told if each["name"] == "instances")


@pytest.mark.requirement("CHANGE-INSTANCE", "TOKENS-CONNECTOR")
async def test_what_was_typed_for_one_server_never_reaches_another(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site, loopback(ITEMS) as other:
        root = await administering(site, "root", "admin")
        await root.create("acme")
        await root.create("bolt", credentials="instance")
        await root.send("PUT", f"{API}/instances/bolt/credentials", {"values": VALUES})
        member = await log_in(site, "acme")

        for slug in ("acme", "bolt"):
            path = f"{API}/instances/{slug}"
            assert (await patch(root, {"server_url": other.url}, path=path)).status == 200
        # Not even what is left out of new values is taken from those before.
        partly = {"values": {"email": "ann@example.test"}}
        refused = await patch(root, partly, path=f"{API}/instances/bolt")
        states = [(await root.get(f"{API}/instances/{each}")).body for each in ("acme", "bolt")]
        rows = await site.rows(connections)

        assert (await member.call()).status == 401
        assert await member.renew() == 400
        assert refused.status == 422
        assert [each["status"] for each in states] == ["active", "reauth"]
        assert states[1]["last_error"] == "changed"
        assert {(row.status, row.kid) for row in rows} == {("reauth", "")}
        assert other.requests == []

        again = await patch(root, {"values": VALUES}, path=f"{API}/instances/bolt")
        assert (again.body["status"], len(other.requests)) == ("active", 1)
        fresh = await log_in(site, "acme")
        assert (await fresh.call()).status == 200


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_an_account_is_tried_before_it_is_kept_and_merged_with_what_there_is(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        ann = await administering(site)
        made = await ann.create("acme", credentials="instance")
        await ann.send("PUT", f"{ONE}/credentials", {"values": VALUES})
        key = {"field-access_key": made.body["access_key"]}
        member = await log_in(site, "acme", key)
        site.upstream[:] = [reply(401)]
        denied = await patch(ann, {"values": {"email": "bob@example.test"}})
        before = await ann.get(ONE)
        away = [await _away(site.upstream, ann)]
        site.upstream[:] = [ITEMS]
        assert (await member.call()).status == 200

        taken = await patch(ann, {"values": {"email": "bob@example.test", "region": None}})

        assert (denied.status, denied.kind) == (422, "credentials-refused")
        assert {each.kind for each in away} == {"upstream-unavailable"}
        assert before.body["status"] == "active"
        assert (taken.status, taken.body["status"]) == (200, "active")
        assert CANARY not in str([denied.body, taken.body])
        assert CANARY not in str(await site.rows(instances))
        # The password is that of before; who connected with another account connects again.
        assert site.upstream_seen[-1].value("Authorization") != ""
        assert (await member.call()).status == 401
        assert (await (await log_in(site, "acme", key)).call()).status == 200


async def _away(upstream: list[Any], api: Api) -> Told:
    upstream[:] = [reply(503)]
    return await patch(api, {"region": "us"})


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_where_each_person_logs_in_there_is_no_account_to_be_changed(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        ann = await administering(site)
        await ann.create("acme")

        assert (await patch(ann, {"values": VALUES})).kind == "wrong-state"


@pytest.mark.requirement("CHANGE-INSTANCE", "PX-08")
async def test_another_client_has_the_account_fetched_again_and_gives_its_tokens_back(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        site = desk.town.site
        begun = await desk.connect()
        member = await log_in(site, "acme", {"field-access_key": begun.body["access_key"]})
        waiting = await desk.agree((await desk.initiate()).body["authorization_url"])
        assert (await member.call()).status == 200

        wrong = await patch(desk.api, {"client_id": OWN_ID, "client_secret": "another"})
        kept = await desk.api.get(ONE)
        changed = await patch(desk.api, {"client_id": OWN_ID, "client_secret": OWN_SECRET})
        refused = await member.call()

        assert (wrong.kind, kept.body["status"]) == ("credentials-refused", "active")
        assert (changed.status, changed.body["status"]) == (200, "reauth")
        assert (changed.body["client_id"], changed.body["tokens"]) == (OWN_ID, None)
        assert OWN_SECRET not in str([changed.body, await site.rows(instances)])
        assert refused.status == 401
        # What began with the client before leads nowhere.
        assert (await desk.come_back(waiting)).status == 400
        assert await site.count(credentials) == 0
        await until(lambda: bool(desk.town.fake.journal.of("revoke")))

        await desk.connect()
        assert (await desk.api.get(ONE)).body["status"] == "active"
        assert (await member.call()).status == 200


@pytest.mark.requirement("UP-OWED", "CHANGE-INSTANCE")
@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_a_typed_account_gives_back_the_tokens_of_the_one_before(
    tmp_path: Path, verb: str
) -> None:
    async with office(tmp_path, ITEMS, choice=True) as desk:
        await desk.connect()
        site = desk.town.site
        typed = {"values": {"password": "typed-key"}}
        if verb == "PUT":
            done = await desk.api.send("PUT", f"{ONE}/credentials", typed)
        else:
            done = await patch(desk.api, typed)

        assert (done.status, done.body["status"], done.body["tokens"]) == (200, "active", None)
        assert site.upstream_seen[-1].value("Authorization") == "Bearer typed-key"
        assert await site.count(credentials) == 0
        await until(lambda: bool(desk.town.fake.journal.of("revoke")))


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_another_secret_of_the_same_client_ends_nothing(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.connect(client_id=OWN_ID, client_secret=OWN_SECRET)
        key = {"field-access_key": begun.body["access_key"]}
        member = await log_in(desk.town.site, "acme", key)
        wrong = await patch(desk.api, {"client_secret": "another"})
        same = await patch(desk.api, {"client_secret": OWN_SECRET})

        assert wrong.kind == "credentials-refused"
        assert (same.status, same.body["status"]) == (200, "active")
        assert (await member.call()).status == 200
        assert not desk.town.fake.journal.of("revoke")


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_an_instance_that_is_switched_off_does_not_lose_its_account(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect()
        await desk.api.post(f"{ONE}/disable")
        refused = await patch(desk.api, {"client_id": OWN_ID, "client_secret": OWN_SECRET})
        named = await patch(desk.api, {"title": "Closed"})

        assert refused.kind == "wrong-state"
        assert (named.status, named.body["status"]) == (200, "disabled")


async def test_a_provider_that_is_away_changes_nothing(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect()
        before = (await desk.api.get(ONE)).body
        desk.town.fake.switches.fall_ill("error")
        away = await patch(desk.api, {"client_id": OWN_ID, "client_secret": OWN_SECRET})

        assert (away.status, away.kind) == (503, "upstream-unavailable")
        assert (await desk.api.get(ONE)).body["version"] == before["version"]


async def test_a_merge_patch_may_say_what_it_is(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        ann = await administering(site)
        await ann.create("acme")
        types = ("application/merge-patch+json", "text/plain")
        statuses = [
            (
                await ann.send(
                    "PATCH", ONE, {"title": "A"}, **{"If-Match": "*", "Content-Type": each}
                )
            ).status
            for each in types
        ]

        assert statuses == [200, 415]


@pytest.mark.requirement("CHANGE-INSTANCE")
async def test_another_client_that_gets_tokens_itself_is_proven_and_used_at_once(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as place:
        ann = await administering(place.site)
        await ann.create("acme")
        async with place.site.browser() as browser:
            form = (await opened(browser, "acme")).forms[0]
            done = await browser.post(f"/acme/{form.action}", {**form.values, "decision": "allow"})
        member = await redeem(place.site, "acme", dict(done.answer)["code"])
        place.fake.ledger.clients[OWN_ID] = FakeClient(OWN_ID, OWN_SECRET)
        assert (await member.call()).status == 200

        wrong = await patch(ann, {"client_id": OWN_ID, "client_secret": "another"})
        changed = await patch(ann, {"client_id": OWN_ID, "client_secret": OWN_SECRET})
        asked = place.asked
        answer = await member.call()
        asked_then = place.asked
        back = await patch(ann, {"client_id": None})

        assert wrong.kind == "credentials-refused"
        assert (changed.status, changed.body["status"]) == (200, "active")
        # Nobody is logged out, and the token of the client before is not used any more.
        assert (answer.status, asked_then) == (200, asked + 1)
        assert place.sent[0] != place.sent[-1]
        assert (back.status, back.body["client_id"]) == (200, None)
