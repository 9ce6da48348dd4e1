"""The admin API: instances made, shown, changed and ended over HTTP."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.support.admin_api import API, Api, administering, log_in, opened
from tests.support.authorizing import GOOD, authorizing
from tests.support.commands import connectors_folder
from tests.support.loopback import reply
from tests.support.serving import CANARY
from treenail_runtime.app.registry import services_in
from treenail_runtime.storage.services import ServiceStore
from treenail_runtime.storage.tables import audit_events, instances

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
VALUES = {"email": "ann@example.test", "password": CANARY, "region": "eu"}


@pytest.mark.requirement("S2-04", "S2-21")
async def test_people_log_in_and_call_at_an_instance_that_was_just_made(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        made = await api.create("acme", title="Acme")
        member = await log_in(site, "acme")
        answer = await member.call()

        assert made.status == 201
        assert made.headers["Location"] == f"{API}/instances/acme"
        assert made.body["url"] == f"{site.base_url}/acme/mcp"
        assert (made.body["status"], made.body["owner"]) == ("active", "ann")
        assert made.body["access_key"] is None
        assert answer.status == 200
        assert answer.body["result"]["structuredContent"]["items"][0]["name"] == "Comb"


@pytest.mark.requirement("S2-21", "S2-39")
async def test_a_token_of_one_instance_is_worth_nothing_at_another(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        await api.create("acme")
        await api.create("bolt")
        member = await log_in(site, "acme")
        stranger = type(member)(site.base_url, "bolt", member.access, member.refresh)

        assert (await stranger.call()).status == 401
        assert await stranger.renew() == 400
        assert (await member.call()).status == 200


@pytest.mark.requirement("S2-40", "T-109")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/revoke"),
        ("POST", "/refresh"),
        ("POST", "/access-key"),
    ],
)
async def test_somebody_elses_instance_is_as_unknown_as_none(
    tmp_path: Path, method: str, path: str
) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        ann, bob = await administering(site, "ann"), await administering(site, "bob")
        await ann.create("acme")

        theirs = await bob.send(method, f"{API}/instances/acme{path}")
        nobodys = await bob.send(method, f"{API}/instances/none{path}")

        assert (theirs.status, theirs.body) == (404, nobodys.body)
        assert (await ann.get(f"{API}/instances/acme")).body["status"] == "active"
        assert (await bob.get(f"{API}/instances")).body["instances"] == []


@pytest.mark.requirement("S2-40")
async def test_an_owner_makes_instances_for_nobody_else_and_chooses_no_server(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path) as site:
        bob = await administering(site, "bob")
        root = await administering(site, "root", "admin")
        inside = "https://169.254.169.254/"

        assert (await bob.create("a", owner="ann")).kind == "not-allowed"
        assert (await bob.create("a", server_url=inside)).kind == "not-allowed"
        assert (await bob.create("a", owner="bob")).status == 201
        assert (await root.create("b", owner="ann", server_url="https://b.test")).status == 201
        slugs = [each["slug"] for each in (await root.get(f"{API}/instances")).body["instances"]]
        assert slugs == ["a", "b"]


@pytest.mark.requirement("S2-40")
@pytest.mark.parametrize("shown", ["", "x", "treenail_adm_" + "A" * 49, "access"])
async def test_without_an_admin_token_nothing_is_told(tmp_path: Path, shown: str) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        await api.create("acme")
        token = (await log_in(site, "acme")).access if shown == "access" else shown
        nobody = Api(site.base_url, token)

        for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/acme"), ("GET", "/none")):
            answer = await nobody.send(method, f"{API}/instances{path}")
            assert (answer.status, answer.kind) == (401, "unauthorized")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert "admin.refused" in {row.type for row in await site.rows(audit_events)}


async def test_guessing_admin_tokens_is_slowed_down(tmp_path: Path) -> None:
    async with authorizing(tmp_path, rate_limits="login=1000/15m,admin_ip=3/5m") as site:
        nobody = Api(site.base_url)
        statuses = [(await nobody.get(f"{API}/instances")).status for _ in range(4)]
        known = await administering(site)

        assert statuses == [401, 401, 401, 429]
        assert (await known.get(f"{API}/instances")).status == 200


@pytest.mark.requirement("T-108")
@pytest.mark.parametrize(
    ("slug", "kind"),
    [
        ("../x", "slug-malformed"),
        ("ünï", "slug-malformed"),
        ("a" * 64, "slug-malformed"),
        ("a" * 301, "invalid"),
        (".well-known", "slug-malformed"),
        ("health", "slug-reserved"),
        ("sample", "slug-taken"),
        ("acme", "slug-taken"),
    ],
)
async def test_a_slug_that_cannot_be_had_is_refused(tmp_path: Path, slug: str, kind: str) -> None:
    async with authorizing(tmp_path) as site:
        api = await administering(site)
        await api.create("acme")
        refused = await api.create(slug)
        gone = await api.get(f"{API}/instances/{slug.replace('/', '%2F')}")

        assert (refused.kind, refused.status in {409, 422}) == (kind, True)
        assert gone.status == 404 or slug == "acme"


@pytest.mark.requirement("S2-15")
@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b'{"slug":"a","slug":"b","service":"sample"}', 400, None),
        (b"[]", 422, "body"),
        (b'{"slug":"a"}', 422, "service"),
        (b'{"slug":"a","service":"sample","more":1}', 422, "more"),
        (b'{"slug":1,"service":"sample"}', 422, "slug"),
        (b'{"slug":"a","service":"other"}', 404, None),
        (b'{"slug":"a","service":"sample","region":"mars"}', 422, "region"),
        (b'{"slug":"a","service":"sample","title":"a\\u0000b"}', 422, "title"),
        (b'{"slug":"a","service":"sample","client_secret":"s"}', 422, "client_secret"),
    ],
)
async def test_a_body_that_is_not_as_described_is_refused_by_its_field(
    tmp_path: Path, body: bytes, status: int, field: str | None
) -> None:
    async with authorizing(tmp_path) as site:
        api = await administering(site)
        answer = await api.send("POST", f"{API}/instances", body)

        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert [each["field"] for each in answer.body.get("errors", [])] == (
            [field] if field else []
        )
        assert await site.count(instances) == 0


async def test_another_media_type_and_a_large_body_are_refused(tmp_path: Path) -> None:
    async with authorizing(tmp_path) as site:
        api = await administering(site)
        form = await api.send(
            "POST", f"{API}/instances", b"slug=a", **{"Content-Type": "text/plain"}
        )
        large = await api.send("POST", f"{API}/instances", b" " * 70_000)

        assert (form.status, large.status) == (415, 413)


@pytest.mark.requirement("S2-38")
async def test_a_web_page_cannot_call_the_api(tmp_path: Path) -> None:
    async with authorizing(tmp_path, cors_origins=("https://page.test",)) as site:
        api = await administering(site)
        answer = await api.send("GET", f"{API}/instances", Origin="https://page.test")

        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_closed_instance_answers_503_and_opens_again_with_its_logins(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, ITEMS) as site, site.browser() as browser:
        api = await administering(site)
        await api.create("acme")
        member = await log_in(site, "acme")

        closed = await api.post(f"{API}/instances/acme/disable")
        refused = await member.call()
        page = await opened(browser, "acme")
        opened_again = await api.post(f"{API}/instances/acme/enable")

        assert (closed.body["status"], opened_again.body["status"]) == ("disabled", "active")
        assert (refused.status, page.status) == (503, 503)
        assert (await member.call()).status == 200
        assert (await api.post(f"{API}/instances/acme/enable")).kind == "wrong-state"


async def test_an_instance_gets_an_account_of_its_own_and_people_an_access_key(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        made = await api.create("acme", credentials="instance")
        before = await api.get("/acme/health")
        connected = await api.send("PUT", f"{API}/instances/acme/credentials", {"values": VALUES})
        member = await log_in(site, "acme", {"field-access_key": made.body["access_key"]})
        answer = await member.call()

        assert made.body["status"] == "pending"
        assert (before.status, before.body["status"]) == (503, "unhealthy")
        assert connected.body["status"] == "active"
        assert answer.status == 200
        assert CANARY not in str([made.body, connected.body, before.body])


async def test_credentials_that_the_upstream_refuses_are_not_kept(tmp_path: Path) -> None:
    async with authorizing(tmp_path, reply(401)) as site:
        api = await administering(site)
        await api.create("acme", credentials="instance")
        path = f"{API}/instances/acme/credentials"
        denied = await api.send("PUT", path, {"values": VALUES})
        unknown = await api.send("PUT", path, {"values": {**VALUES, "pin": "1"}})
        missing = await api.send("PUT", path, {"values": {}})

        assert denied.kind == "credentials-refused"
        assert [each["field"] for each in unknown.body["errors"]] == ["values.pin"]
        assert {each["field"] for each in missing.body["errors"]} == {
            "values.email",
            "values.password",
        }
        assert (await api.get(f"{API}/instances/acme")).body["status"] == "pending"


async def test_an_upstream_that_is_away_is_told_with_a_time(tmp_path: Path) -> None:
    async with authorizing(tmp_path, reply(503)) as site:
        api = await administering(site)
        await api.create("acme", credentials="instance")
        path = f"{API}/instances/acme/credentials"
        away = await api.send("PUT", path, {"values": VALUES})

        assert (away.status, away.kind) == (503, "upstream-unavailable")
        assert int(away.headers["Retry-After"]) > 0


async def test_another_access_key_voids_the_one_before(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site, site.browser() as browser:
        api = await administering(site)
        made = await api.create("acme", credentials="instance")
        await api.send("PUT", f"{API}/instances/acme/credentials", {"values": VALUES})
        other = await api.post(f"{API}/instances/acme/access-key")

        page = await opened(browser, "acme")
        form = page.forms[0]
        typed = {**form.values, "field-access_key": made.body["access_key"]}
        refused = await browser.post(f"/acme/{form.action}", typed)
        member = await log_in(site, "acme", {"field-access_key": other.body["access_key"]})

        assert refused.status == 422
        assert (await member.call()).status == 200


async def test_all_logins_of_an_instance_end_and_new_ones_work(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        await api.create("acme")
        members = [await log_in(site, "acme"), await log_in(site, "acme")]
        ended = await api.post(f"{API}/instances/acme/revoke")

        assert ended.body == {"logins_ended": 2}
        assert [(await each.call()).status for each in members] == [401, 401]
        assert (await (await log_in(site, "acme", GOOD)).call()).status == 200


@pytest.mark.requirement("S2-38")
async def test_the_audit_tells_who_did_what_and_no_secret(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        secret = "client-secret-canary"  # noqa: S105  # made up
        made = await api.create("acme", credentials="instance", client_id="c", client_secret=secret)
        await api.send("PUT", f"{API}/instances/acme/credentials", {"values": VALUES})
        shown = await api.get(f"{API}/instances/acme")
        await api.send("DELETE", f"{API}/instances/acme")
        told = [row for row in await site.rows(audit_events) if row.type == "admin.acted"]

        assert ["create" in told[0].detail, "credentials" in told[1].detail] == [True, True]
        assert "delete" in told[2].detail
        assert {row.instance_id for row in told} == {made.body["id"]}
        everything = str(await site.rows(audit_events)) + str(await site.rows(instances))
        assert secret not in everything + str(shown.body)
        assert CANARY not in everything
        assert api.token not in everything


@pytest.mark.requirement("S2-39")
async def test_an_instance_with_limits_of_its_own_is_slowed_down_alone(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        root, ann = await administering(site, "root", "admin"), await administering(site)
        limits = {"mcp_grant": "2/1m"}
        made = await root.create("acme", limits=limits)
        await root.create("bolt")
        few, many = await log_in(site, "acme"), await log_in(site, "bolt")

        assert made.status == 201
        assert (await root.get(f"{API}/instances/acme")).body["limits"] == limits
        assert [(await few.call()).status for _ in range(3)] == [200, 200, 429]
        assert [(await many.call()).status for _ in range(3)] == [200, 200, 200]
        assert (await ann.create("free", limits=limits)).kind == "not-allowed"
        wrong = await root.create("odd", limits={"register": "1/1m"})
        assert [each["field"] for each in wrong.body["errors"]] == ["limits"]


@pytest.mark.requirement("LOST-KEYS")
async def test_an_instance_whose_seal_is_broken_can_be_listed_closed_and_ended(
    tmp_path: Path,
) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        stranger = await administering(site, "bob")
        await api.create("acme")
        broken = update(instances).values(config="v1.k1.broken")
        await site.database.write(lambda connection: connection.execute(broken))

        path = f"{API}/instances/acme"
        listed = await api.get(f"{API}/instances")
        shown = await api.get(path)
        given = await api.send("PUT", f"{path}/credentials", {"values": VALUES})
        closed = await api.post(f"{path}/disable")
        revoked = await api.post(f"{path}/revoke")
        unknown = await stranger.send("DELETE", path)
        ended = await api.send("DELETE", path)

        assert [each["slug"] for each in listed.body["instances"]] == ["acme"]
        assert (shown.status, shown.body["last_error"]) == (200, "unreadable")
        assert (given.status, given.kind) == (409, "wrong-state")
        assert (closed.status, closed.body["status"]) == (200, "disabled")
        assert revoked.status == 200
        assert (unknown.status, ended.status) == (404, 200)
        assert (await api.create("acme")).status == 201


@pytest.mark.requirement("NAMES-KEPT")
async def test_the_name_of_a_connector_that_is_not_served_here_is_not_free(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    (folder / "broken.py").write_text("this is no Python", encoding="utf-8")
    async with authorizing(tmp_path, ITEMS, connectors_dir=folder) as site:
        elsewhere = replace(services_in(folder)[0], name="elsewhere")
        await ServiceStore(site.database).register([elsewhere])
        api = await administering(site)

        for name in ("broken", "elsewhere"):
            refused = await api.create(name)
            assert (refused.status, refused.kind) == (409, "slug-taken")


@pytest.mark.requirement("BOUNDED-OWNERS")
async def test_an_owner_has_a_bounded_number_of_instances(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS, max_instances=2) as site:
        owner, other = await administering(site), await administering(site, "bob")
        operator = await administering(site, "root", role="admin")
        statuses = [(await owner.create(slug)).status for slug in ("one", "two")]
        refused = await owner.create("three")
        given = await operator.create("three", owner="ann")
        own = await other.create("four")
        await owner.send("DELETE", f"{API}/instances/one")
        await owner.send("DELETE", f"{API}/instances/two")
        again = await owner.create("one")

        assert statuses == [201, 201]
        assert (refused.status, refused.kind) == (409, "too-many-instances")
        assert (given.status, own.status, again.status) == (201, 201, 201)


@pytest.mark.requirement("BOUNDED-OWNERS")
async def test_instances_are_listed_page_by_page(tmp_path: Path) -> None:
    async with authorizing(tmp_path, ITEMS) as site:
        api = await administering(site)
        slugs = [f"shop-{number}" for number in range(5)]
        for slug in reversed(slugs):
            await api.create(slug)
        await (await administering(site, "bob")).create("shop-0b")

        pages: list[list[str]] = []
        path = f"{API}/instances?limit=2"
        more: str | None = ""
        while more is not None:
            told = await api.get(path + (f"&cursor={more}" if more else ""))
            pages.append([each["slug"] for each in told.body["instances"]])
            more = told.body["next_cursor"]
        odd = [
            (await api.get(f"{API}/instances?{query}")).status
            for query in ("limit=0", "limit=1001", "limit=x", "limit=", "cursor=%2e%2e")
        ]

        assert pages == [slugs[:2], slugs[2:4], slugs[4:]]
        assert odd == [400] * 5
