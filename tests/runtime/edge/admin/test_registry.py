"""The registry: services, validation, and accounts that are fetched at the provider."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.admin_api import API, REGISTRY, Api, Told, administering, log_in
from tests.support.authorizing import authorizing
from tests.support.commands import connectors_folder
from tests.support.databases import travel
from tests.support.loopback import reply
from tests.support.serving import CANARY
from tests.support.upstream_accounts import OWN_ID, OWN_SECRET, office
from treenail_runtime.storage.admins import AdminStore
from treenail_runtime.storage.database import Database, now_ms
from treenail_runtime.storage.tables import credentials, instances, setups

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')


@pytest.mark.requirement("S2-08", "S2-10", "S2-12", "S2-42")
async def test_an_account_is_fetched_at_the_provider_for_an_instance(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.initiate(client_id=OWN_ID, client_secret=OWN_SECRET)
        before = await desk.api.get(f"{API}/instances/acme")
        left = await desk.decide(await desk.open(begun.body["authorization_url"]))
        page = await desk.come_back(await desk.go_on(left))
        after = await desk.api.get(f"{API}/instances/acme")
        member = await log_in(
            desk.town.site, "acme", {"field-access_key": begun.body["access_key"]}
        )
        answer = await member.call()
        seen = desk.town.site.upstream_seen[-1].value("Authorization")

        asked = parse_qs(urlsplit(left.headers["Location"]).query)
        url: str = begun.body["authorization_url"]
        assert parse_qs(urlsplit(url).query) == {"txn": [begun.body["state"]]}
        assert asked["client_id"] == [OWN_ID]
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["state"] != [begun.body["state"]]
        assert begun.body["expires_in"] == 300
        assert (before.body["status"], after.body["status"]) == ("pending", "active")
        assert (page.status, "Connected" in page.body) == (200, True)
        assert after.body["tokens"]["can_be_refreshed"]
        assert answer.status == 200
        assert desk.town.fake.is_live(seen.removeprefix("Bearer "))


@pytest.mark.requirement("S2-38", "Z-16")
async def test_a_client_secret_is_taken_from_authenticated_bodies_only_and_told_to_nobody(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        path = f"{REGISTRY}/initiate-oauth/sample"
        body = {"instance": "acme", "client_id": OWN_ID, "client_secret": OWN_SECRET}
        nobody = await Api(desk.town.site.base_url).post(path, body)
        query = f"{path}?instance=acme&client_id={OWN_ID}&client_secret={OWN_SECRET}"
        in_query = await desk.api.post(query, {})
        begun = await desk.connect(client_id=OWN_ID, client_secret=OWN_SECRET)
        shown = await desk.api.get(f"{API}/instances/acme")

        assert (nobody.status, in_query.status) == (401, 422)
        assert OWN_SECRET not in str([nobody.body, in_query.body, begun.body, shown.body])
        assert OWN_SECRET not in str(await desk.town.site.rows(instances))
        assert OWN_SECRET not in str(await desk.town.site.rows(setups))
        (exchange,) = desk.town.fake.journal.of("token")
        assert "client_secret" not in exchange.form


@pytest.mark.requirement("S2-09")
async def test_a_state_is_random_hashed_good_once_and_for_five_minutes(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        first, second = await desk.initiate("acme"), await desk.initiate("bolt")
        (row, _) = await desk.town.site.rows(setups)
        (place, _) = await desk.town.site.rows(instances)
        assert first.body["state"] != second.body["state"]
        assert first.body["state"] not in str(await desk.town.site.rows(setups))
        assert row.expires_at - place.changed_at <= 301_000

        back = await desk.agree(first.body["authorization_url"])
        statuses = [(await desk.come_back(back)).status for _ in range(2)]
        assert statuses == [200, 400]

        late = await desk.agree(second.body["authorization_url"])
        await _let_setups_lapse(desk.town.site.database)
        assert (await desk.come_back(late)).status == 400
        assert (await desk.api.get(f"{API}/instances/bolt")).body["status"] == "pending"


async def _let_setups_lapse(database: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(update(setups).values(expires_at=now_ms - 1))

    await database.write(work)


@pytest.mark.requirement("S2-09", "S2-40")
async def test_a_state_ends_with_the_admin_token_and_with_the_instance(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        by_token = await desk.agree((await desk.initiate("acme")).body["authorization_url"])
        admins = AdminStore(desk.town.site.database)
        (admin,) = await admins.list()
        await admins.remove(admin.id)
        assert (await desk.come_back(by_token)).status == 400

        api = await administering(desk.town.site)
        desk.api = api
        by_instance = await desk.agree((await desk.initiate("bolt")).body["authorization_url"])
        await api.send("DELETE", f"{API}/instances/bolt")
        assert (await desk.come_back(by_instance)).status == 400
        assert not desk.town.fake.journal.of("token")
        assert await desk.town.site.count(credentials) == 0


async def test_a_state_of_another_service_is_refused(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        url: str = (await desk.initiate()).body["authorization_url"]
        asked = await desk.open(url.replace("connect/sample", "connect/other"))
        back = await desk.agree(url)
        elsewhere = await desk.come_back(back.replace("callback/sample", "callback/other"))

        assert (asked.status, elsewhere.status) == (400, 400)
        assert not desk.town.fake.journal.of("token")


@pytest.mark.requirement("S2-10")
async def test_who_says_no_at_the_provider_leaves_a_failed_instance_that_can_be_tried_again(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.initiate()
        back = await desk.agree(begun.body["authorization_url"], decision="deny")
        page = await desk.come_back(back)
        failed = await desk.api.get(f"{API}/instances/acme")
        await desk.connect()
        again = await desk.api.get(f"{API}/instances/acme")

        assert page.status == 403
        assert (failed.body["status"], failed.body["last_error"]) == ("failed", "declined")
        assert (again.body["status"], again.body["last_error"]) == ("active", None)


@pytest.mark.requirement("S2-10")
async def test_an_account_that_the_upstream_refuses_is_given_back(tmp_path: Path) -> None:
    async with office(tmp_path, reply(401)) as desk:
        back = await desk.agree((await desk.initiate()).body["authorization_url"])
        page = await desk.come_back(back)

        assert page.status == 403
        async with asyncio.timeout(10):
            await desk.town.fake.journal.reaches(1, "revoke")
        assert (await desk.api.get(f"{API}/instances/acme")).body["status"] == "failed"
        assert await desk.town.site.count(credentials) == 0


async def test_an_instance_in_use_keeps_its_client(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect()
        other = await desk.initiate(client_id=OWN_ID, client_secret=OWN_SECRET)
        same = await desk.connect()

        assert other.kind == "wrong-state"
        assert same.body["access_key"] is None


@pytest.mark.requirement("SETUP-LATER")
async def test_an_instance_in_use_stays_as_it_is_until_somebody_has_logged_in(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        own = {"client_id": OWN_ID, "client_secret": OWN_SECRET}
        await desk.connect(**own)
        before = await desk.api.get(f"{API}/instances/acme")
        begun = await desk.initiate(**{**own, "client_secret": "another"})
        after = await desk.api.get(f"{API}/instances/acme")
        refreshed = await desk.api.post(f"{API}/instances/acme/refresh")

        assert begun.status == 200
        assert after.body == before.body
        assert refreshed.status == 200


@pytest.mark.requirement("SETUP-LATER")
async def test_what_is_asked_for_an_instance_holds_once_somebody_has_logged_in(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.initiate()
        own = {"client_id": OWN_ID, "client_secret": OWN_SECRET}
        begun = await desk.initiate(region="us", **own)
        waiting = await desk.api.get(f"{API}/instances/acme")
        left = await desk.decide(await desk.open(begun.body["authorization_url"]))
        page = await desk.come_back(await desk.go_on(left))
        done = await desk.api.get(f"{API}/instances/acme")

        assert (waiting.body["region"], waiting.body["client_id"]) == (None, None)
        assert parse_qs(urlsplit(left.headers["Location"]).query)["client_id"] == [OWN_ID]
        assert page.status == 200
        assert (done.body["region"], done.body["client_id"]) == ("us", OWN_ID)
        assert done.body["status"] == "active"


@pytest.mark.requirement("SETUP-LATER")
async def test_whoever_is_invited_has_all_the_time_that_was_told(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.initiate()
        await travel(desk.town.site.database, 285)
        begun = await desk.initiate()
        await travel(desk.town.site.database, begun.body["expires_in"] - 15)
        page = await desk.come_back(await desk.agree(begun.body["authorization_url"]))

        assert page.status == 200
        assert (await desk.api.get(f"{API}/instances/acme")).body["status"] == "active"


@pytest.mark.requirement("SETUP-LATER")
@pytest.mark.parametrize(("method", "end"), [("PUT", "/credentials"), ("PATCH", "")])
async def test_an_instance_that_failed_takes_an_account_as_well_as_a_login(
    tmp_path: Path, method: str, end: str
) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        await api.create("acme", credentials="instance")
        await travel(site.database, 301)
        failed = await api.get(f"{API}/instances/acme")
        account = {"email": "ann@example.test", "password": CANARY, "region": "eu"}
        path = f"{API}/instances/acme{end}"
        given = await api.send(method, path, {"values": account}, **{"If-Match": "*"})

        assert failed.body["status"] == "failed"
        assert (given.status, given.body["status"]) == (200, "active")


@pytest.mark.requirement("REAUTH-STAYS")
async def test_an_instance_that_lost_its_account_does_not_get_it_back_by_being_enabled(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.connect()
        desk.town.fake.ledger.end_all()
        refused = await desk.api.post(f"{API}/instances/acme/refresh")
        lost = await desk.api.get(f"{API}/instances/acme")
        await desk.api.post(f"{API}/instances/acme/disable")
        opened = await desk.api.post(f"{API}/instances/acme/enable")
        health = await desk.api.get("/acme/health")

        assert (begun.status, refused.kind) == (200, "credentials-refused")
        assert (lost.body["status"], lost.body["last_error"]) == ("reauth", "refused")
        assert (opened.status, opened.body["status"]) == (200, "reauth")
        assert opened.body["last_error"] == "refused"
        assert health.body["status"] == "degraded"
        await desk.connect()
        assert (await desk.api.get(f"{API}/instances/acme")).body["status"] == "active"


@pytest.mark.requirement("BOUNDED-OWNERS")
async def test_initiating_makes_no_more_instances_than_creating(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS, max_instances=1) as desk:
        statuses = [(await desk.initiate(slug)).status for slug in ("acme", "acme", "bolt")]

        assert statuses == [200, 200, 409]


@pytest.mark.requirement("S2-40", "T-109")
async def test_nobody_fetches_an_account_for_somebody_elses_instance(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect()
        bob = await administering(desk.town.site, "bob")
        path = f"{REGISTRY}/initiate-oauth/sample"

        assert (await bob.post(path, {"instance": "acme"})).kind == "slug-taken"
        assert (await bob.post(f"{REGISTRY}/validate/sample", {"instance": "acme"})).status == 404


async def test_a_provider_that_is_away_is_told_with_a_time(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        desk.town.fake.switches.fall_ill("error")
        begun = await desk.initiate()
        page = await desk.open(begun.body["authorization_url"])
        away = await desk.decide(page)
        again = await desk.open(begun.body["authorization_url"])

        assert (away.status, again.status) == (503, 200)
        assert int(away.headers["Retry-After"]) > 0


@pytest.mark.requirement("S2-42")
async def test_the_services_are_listed_with_their_health(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        first = await desk.api.get(f"{REGISTRY}/services")
        tokens = await desk.town.connect()
        desk.town.site.upstream[:] = [reply(503, b"")]
        for _ in range(10):
            await tokens.call()
        second = await desk.api.get(f"{REGISTRY}/services")
        health = await Api(desk.town.site.base_url).get("/health")
        root = await administering(desk.town.site, "root", "admin")

        (service,) = first.body["services"]
        assert (service["name"], service["status"]) == ("sample", "healthy")
        assert service["login_at_provider"]
        assert service["scopes"] == ["openid", "jobs"]
        assert second.body["services"][0]["status"] == "degraded"
        assert second.body["services"][0]["reason"] is None
        reason = (await root.get(f"{REGISTRY}/services")).body["services"][0]["reason"]
        assert reason.startswith("left alone after many failures: ")
        assert (health.body["status"], health.body["services"]) == (
            "degraded",
            {"sample": "degraded"},
        )


@pytest.mark.requirement("S2-42", "S2-43")
async def test_a_service_that_cannot_be_loaded_is_listed_with_the_reason(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    (folder / "broken.py").write_text("1 +", encoding="utf-8")
    async with authorizing(
        tmp_path, reply(), connectors_dir=folder, registries=[], upstream_url=None
    ) as site:
        owner, root = await administering(site), await administering(site, "root", "admin")
        (told, sample) = (await owner.get(f"{REGISTRY}/services")).body["services"]
        reason = (await root.get(f"{REGISTRY}/services")).body["services"][0]["reason"]

        assert told == {
            "name": "broken",
            "title": "broken",
            "tools": 0,
            "regions": [],
            "login_at_provider": False,
            "scopes": [],
            "fields": [],
            "status": "unhealthy",
            "reason": None,
        }
        assert "SyntaxError" in reason
        assert (sample["name"], sample["status"]) == ("sample", "healthy")


@pytest.mark.requirement("S2-11", "S2-42")
async def test_a_client_is_validated_without_keeping_it(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        path = f"{REGISTRY}/validate/sample"
        good = await desk.api.post(path, {"client_id": OWN_ID, "client_secret": OWN_SECRET})
        wrong = await desk.api.post(path, {"client_id": OWN_ID, "client_secret": "wrong"})
        desk.town.fake.switches.fall_ill("error")
        away = await desk.api.post(path, {"client_id": OWN_ID, "client_secret": OWN_SECRET})

        assert [each.body["valid"] for each in (good, wrong, away)] == [True, False, None]
        results = {each["name"]: each["result"] for each in good.body["checks"]}
        assert results == {
            "client": "passed",
            "scopes": "skipped",
            "tokens": "skipped",
            "api": "skipped",
        }
        assert "wrong" not in str(wrong.body)
        assert await desk.town.site.count(instances) == 0


async def test_nothing_that_is_asked_for_is_left_out_in_silence(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        nobody = await desk.api.post(f"{REGISTRY}/validate/sample", {"client_secret": "s"})
        await desk.initiate(title="Acme")
        again = await desk.initiate(title="Acme")
        desk.api = await administering(desk.town.site, "root", "admin")
        unasked = await desk.initiate()
        other = await desk.initiate(title="Bolt", owner="bob")

        assert (again.status, unasked.status) == (200, 200)
        assert [_named(each) for each in (nobody, other)] == [
            (422, ["client_secret"]),
            (422, ["owner", "title"]),
        ]


def _named(answer: Told) -> tuple[int, list[str]]:
    """Its status, and the fields that it tells of."""
    return answer.status, sorted(each["field"] for each in answer.body["errors"])


@pytest.mark.requirement("S2-11")
async def test_an_instance_is_validated_with_its_tokens_scopes_and_a_call(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS) as desk:
        await desk.connect()
        path = f"{REGISTRY}/validate/sample"
        good = await desk.api.post(path, {"instance": "acme"})
        desk.town.site.upstream[:] = [reply(401)]
        refused = await desk.api.post(path, {"instance": "acme"})

        assert good.body["valid"] is True
        assert {each["result"] for each in good.body["checks"]} == {"passed"}
        assert refused.body["valid"] is False
        assert CANARY not in str(good.body)


@pytest.mark.requirement("S2-11")
async def test_typed_credentials_are_validated_by_a_call(tmp_path: Path) -> None:
    values = {"email": "ann@example.test", "password": CANARY}
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        path = f"{REGISTRY}/validate/sample"
        good = await api.post(path, {"values": values})
        site.upstream[:] = [reply(403)]
        denied = await api.post(path, {"values": values})

        assert (good.body["valid"], denied.body["valid"]) == (True, False)
        assert await site.count(instances) == 0


async def test_a_service_without_a_provider_has_nowhere_to_go(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        answer = await api.post(f"{REGISTRY}/initiate-oauth/sample", {"instance": "acme"})

        assert answer.kind == "wrong-state"
        assert await site.count(instances) == 0


async def test_without_a_client_at_the_provider_nobody_is_sent_there(tmp_path: Path) -> None:
    async with office(tmp_path, ITEMS, is_known=False) as desk:
        assert (await desk.initiate()).kind == "no-client"
        assert (await desk.api.get(f"{API}/instances")).body["instances"] == []
        begun = await desk.initiate(client_id=OWN_ID, client_secret=OWN_SECRET)
        assert (begun.status, begun.body["access_key"] is None) == (200, False)
