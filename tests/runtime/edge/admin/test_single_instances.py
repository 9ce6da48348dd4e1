"""The pages of one instance: health for everybody, status and refresh for its people."""

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.admin_api import API, Api, administering, log_in
from tests.support.authorizing import authorizing
from tests.support.loopback import reply
from tests.support.serving import CANARY
from tests.support.upstream_accounts import office

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


@pytest.mark.requirement("S2-04", "S2-05", "S2-22")
async def test_health_tells_everybody_a_word_and_nothing_else(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        await api.create("acme")
        nobody = Api(site.base_url)
        whole, made, configured = [
            await nobody.get(path) for path in ("/health", "/acme/health", "/sample/health")
        ]
        await api.post(f"{API}/instances/acme/disable")
        closed = await nobody.get("/acme/health")

        assert whole.body.keys() == {"status", "services", "timestamp"}
        assert whole.body["services"] == {"sample": "healthy"}
        assert made.body.keys() == configured.body.keys() == {"status", "timestamp"}
        assert made.body["status"] == configured.body["status"] == "healthy"
        assert (closed.status, closed.body["status"]) == (503, "unhealthy")
        assert (await nobody.get("/none/health")).status == 404


@pytest.mark.requirement("CHEAP-HEALTH")
async def test_health_of_what_is_known_asks_no_database(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS, instance_cache_seconds=60) as site:
        await (await administering(site)).create("acme")
        nobody = Api(site.base_url)
        before = [(await nobody.get(f"/{name}/health")).status for name in ("acme", "sample")]
        away = text("ALTER TABLE mcp_instances RENAME TO away")
        await site.database.write(lambda connection: connection.execute(away))
        after = [(await nobody.get(f"/{name}/health")).status for name in ("acme", "sample")]

        assert before == after == [200, 200]


@pytest.mark.requirement("T-108")
@pytest.mark.parametrize("slug", ["..%2Fx", "%C3%BC", "a" * 300, ".well-known", "health"])
async def test_what_can_be_no_slug_is_not_found(tmp_path: Path, slug: str) -> None:
    async with authorizing(tmp_path) as site:
        for page in ("health", "status", "mcp"):
            assert (await Api(site.base_url).get(f"/{slug}/{page}")).status == 404


@pytest.mark.requirement("S2-22", "S2-40")
async def test_status_is_for_people_of_the_instance_and_its_administrators(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        ann, root = await administering(site), await administering(site, "root", "admin")
        await ann.create("acme")
        member = await log_in(site, "acme")
        await member.call()
        nobody = await Api(site.base_url).get("/acme/status")
        theirs = await member.api.get("/acme/status")
        owners = await ann.get("/acme/status")

        assert nobody.status == 401
        assert (theirs.body["status"], theirs.body["state"]) == ("healthy", "active")
        assert not {"calls_served", "calls_running", "worker"} & theirs.body.keys()
        # They are of one worker, and say so.
        caches = await root.get(f"{API}/caches")
        assert owners.body["worker"] == caches.body["worker"]
        assert (owners.body["calls_served"], owners.body["calls_running"]) == (1, 0)
        assert (await root.get("/acme/status")).body.keys() == owners.body.keys()
        assert (await root.get("/sample/status")).status == 200
        assert (await ann.get("/sample/status")).status == 404
        assert CANARY not in str([theirs.body, owners.body])


@pytest.mark.requirement("T-109", "S2-40")
async def test_status_and_refresh_of_another_instance_are_not_found(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.connect("acme")
        await desk.connect("bolt")
        key = {"field-access_key": begun.body["access_key"]}
        member = await log_in(desk.town.site, "acme", key)
        bob = await administering(desk.town.site, "bob")

        for stranger in (member.api, bob):
            assert (await stranger.get("/bolt/status")).status == 404
            assert (await stranger.post("/bolt/refresh")).status == 404
        assert not desk.town.fake.journal.of("token", grant_type="refresh_token")


@pytest.mark.requirement("S2-22")
async def test_tokens_of_the_upstream_are_refreshed_on_request(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.connect()
        key = {"field-access_key": begun.body["access_key"]}
        member = await log_in(desk.town.site, "acme", key)
        await member.call()
        before = desk.town.site.upstream_seen[-1].value("Authorization")
        statuses = [
            (await desk.api.post("/acme/refresh")).status,
            (await member.api.post("/acme/refresh")).status,
            (await desk.api.post(f"{API}/instances/acme/refresh")).status,
        ]
        await member.call()

        assert statuses == [200, 200, 200]
        assert len(desk.town.fake.journal.of("token", grant_type="refresh_token")) == 3
        assert desk.town.site.upstream_seen[-1].value("Authorization") != before


@pytest.mark.requirement("S2-30")
async def test_a_refresh_that_fails_is_told_and_keeps_everything(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect()
        desk.town.fake.switches.fall_ill("error", "token")
        away = await desk.api.post("/acme/refresh")
        shown = await desk.api.get(f"{API}/instances/acme")

        assert (away.status, away.kind) == (503, "upstream-unavailable")
        assert int(away.headers["Retry-After"]) > 0
        assert shown.body["status"] == "active"
        assert shown.body["tokens"]["failed_attempts"] == 1


async def test_a_grant_that_has_ended_is_told_and_the_instance_waits_for_another(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect()
        desk.town.fake.switches.refuses_refresh = True
        ended = await desk.api.post("/acme/refresh")
        shown = await desk.api.get(f"{API}/instances/acme")
        health = await desk.api.get("/acme/health")
        desk.town.fake.switches.refuses_refresh = False
        await desk.connect()

        assert ended.kind == "credentials-refused"
        assert (shown.body["status"], health.body["status"]) == ("reauth", "degraded")
        assert (await desk.api.get("/acme/health")).body["status"] == "healthy"


async def test_an_instance_that_is_switched_off_refreshes_nothing(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.connect()
        key = begun.body["access_key"]
        member = await log_in(desk.town.site, "acme", {"field-access_key": key})
        await desk.api.post(f"{API}/instances/acme/disable")
        asked = len(desk.town.fake.journal.of("token"))
        refused = [await each.post("/acme/refresh") for each in (member.api, desk.api)]

        assert [each.kind for each in refused] == ["wrong-state"] * 2
        assert len(desk.town.fake.journal.of("token")) == asked


async def test_where_there_is_nothing_to_refresh_it_is_said(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        await api.create("acme")
        member = await log_in(site, "acme")

        assert (await member.api.post("/acme/refresh")).kind == "wrong-state"
        assert (await api.post(f"{API}/instances/acme/refresh")).kind == "wrong-state"


@pytest.mark.requirement("S2-15")
async def test_refreshing_again_and_again_is_slowed_down(tmp_path: Path) -> None:
    limits = "login=1000/15m,refresh_upstream=2/1m"
    async with authorizing(tmp_path, ITEMS, rate_limits=limits) as site:
        api = await administering(site)
        await api.create("acme")
        member = await log_in(site, "acme")
        statuses = [(await member.api.post("/acme/refresh")).status for _ in range(3)]
        of_instance = [(await api.post(f"{API}/instances/acme/refresh")).status for _ in range(2)]
        at_its_page = [(await api.post("/acme/refresh")).status for _ in range(2)]

        assert statuses == [409, 409, 429]
        assert (of_instance, at_its_page) == ([409, 409], [429, 429])


@pytest.mark.requirement("S2-15")
async def test_looking_again_and_again_is_slowed_down(tmp_path: Path) -> None:
    limits = "login=1000/15m,admin=5/1m,mcp_grant=5/1m"
    async with authorizing(tmp_path, ITEMS, rate_limits=limits) as site:
        api = await administering(site)
        await api.create("acme")
        member = await log_in(site, "acme")
        seen = [(await member.api.get("/acme/status")).status for _ in range(6)]
        # It is one limit with the calls, and with the API.
        called = (await member.call()).status
        looked = [(await api.get("/acme/status")).status for _ in range(5)]

        assert seen == [200] * 5 + [429]
        assert called == 429
        assert looked == [200] * 4 + [429]
        assert (await api.get(f"{API}/instances")).status == 429


@pytest.mark.requirement("S2-15")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{API}/auth-registry/auth/validate/sample"),
        ("PUT", f"{API}/instances/acme/credentials"),
        ("PATCH", f"{API}/instances/acme"),
    ],
)
async def test_trying_accounts_and_clients_again_and_again_is_slowed_down(
    tmp_path: Path, method: str, path: str
) -> None:
    async with authorizing(tmp_path, reply(401), rate_limits="refresh_upstream=2/1m") as site:
        api = await administering(site)
        await api.create("acme", credentials="instance")
        account = {"email": "ann@example.test", "region": "eu"}
        tried = [
            await api.send(
                method, path, {"values": {**account, "password": each}}, **{"If-Match": "*"}
            )
            for each in "abc"
        ]
        asked = len(site.upstream_seen)

        assert 429 not in [answer.status for answer in tried[:2]]
        assert (tried[2].status, tried[2].kind, asked) == (429, "too-many-requests", 2)
        # What has nothing tried is done at once, and another owner has trials of their own.
        titled = await api.send(
            "PATCH", f"{API}/instances/acme", {"title": "A"}, **{"If-Match": "*"}
        )
        assert titled.status == 200
        bob = await administering(site, "bob")
        await bob.create("bolt", credentials="instance")
        theirs = await bob.send("PUT", f"{API}/instances/bolt/credentials", {"values": account})
        assert theirs.status == 422
