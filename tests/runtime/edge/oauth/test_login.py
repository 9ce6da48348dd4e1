"""The forms of the page: whose they are, what the upstream says, what the client gets."""

import asyncio
import base64
import logging
from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.authorizing import (
    CLIENT,
    GOOD,
    PICKING,
    REDIRECT,
    SHOPS,
    Browser,
    Page,
    Site,
    authorizing,
)
from tests.support.databases import travel
from tests.support.loopback import Reply, loopback, reply
from tests.support.sample import CONNECTOR
from tests.support.serving import CANARY
from treenail_runtime.contract import NoAuth
from treenail_runtime.storage.tables import audit_events, auth_codes, connections, pending_logins
from treenail_runtime.telemetry import set_up_logging


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as site:
        yield site


@pytest.fixture
async def browser(site: Site) -> AsyncGenerator[Browser]:
    async with site.browser() as browser:
        yield browser


async def nothing_was_made(site: Site) -> None:
    assert await site.count(connections) == 0
    assert await site.count(auth_codes) == 0


def ends(page: Page, status: int) -> None:
    """A page of ours without a form: one has to start again."""
    assert page.status == status
    assert page.forms == []
    assert "Location" not in page.headers
    assert CANARY not in page.text


@pytest.mark.requirement("S0-20", "S0-21", "AS-25", "AS-37", "Z-08", "T-012", "S0-10")
async def test_good_credentials_bring_a_connection_and_a_code(site: Site, browser: Browser) -> None:
    page = await browser.authorize(state="a b&code=x")
    await nothing_was_made(site)

    done = await browser.submit(page, GOOD)

    assert done.status == 303
    assert done.headers["Location"].startswith(f"{REDIRECT}?code=")
    assert [name for name, _ in done.answer] == ["code", "state", "iss"]
    assert dict(done.answer)["state"] == "a b&code=x"
    assert dict(done.answer)["iss"] == site.base_url
    assert done.headers["Cache-Control"] == "no-store"
    assert done.headers["Referrer-Policy"] == "no-referrer"
    assert await site.count(connections) == 1
    assert await site.count(auth_codes) == 1
    assert await site.count(pending_logins) == 0


@pytest.mark.requirement("AS-25")
async def test_denying_tells_the_client_and_ends_it(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    done = await browser.submit(page, {"decision": "deny"}, form=1)

    assert done.status == 303
    answer = dict(done.answer)
    assert (answer["error"], answer["state"], answer["iss"]) == (
        "access_denied",
        "st-1",
        site.base_url,
    )
    assert len(answer) == len(done.answer)
    ends(await browser.submit(page, GOOD), 400)
    await nothing_was_made(site)


@pytest.mark.requirement("T-060", "V-07", "X-09", "S0-29", "PX-04")
async def test_a_form_of_another_browser_ends_the_login(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    async with site.browser() as other:
        ends(await other.submit(page, GOOD), 403)

    assert await site.count(pending_logins) == 0
    ends(await browser.submit(page, GOOD), 400)
    await nothing_was_made(site)


@pytest.mark.requirement("T-060", "X-09")
async def test_a_browser_with_a_cookie_of_its_own_is_another_browser(
    site: Site, browser: Browser
) -> None:
    page = await browser.authorize()

    async with site.browser() as other:
        await other.authorize()
        ends(await other.submit(page, {"decision": "deny"}, form=1), 403)
    await nothing_was_made(site)


@pytest.mark.requirement("S0-29", "X-09", "S0-10")
async def test_only_our_own_form_is_taken(site: Site, browser: Browser) -> None:
    page, other = await browser.authorize(), await browser.authorize()
    theirs = other.forms[0].values["csrf"]

    for csrf in ("", "guess", theirs):
        ends(await browser.submit(page, {**GOOD, "csrf": csrf}), 403)
        ends(await browser.submit(page, {"decision": "deny", "csrf": csrf}, form=1), 403)

    await nothing_was_made(site)
    assert (await browser.submit(page, GOOD)).status == 303


async def test_a_transaction_that_is_none_is_told_like_an_old_one(
    site: Site, browser: Browser
) -> None:
    page = await browser.authorize()
    txn = page.forms[0].values["txn"]

    for wrong in ("", "x", txn[:-1], txn.swapcase(), f"{txn}x", "x" * 10_000):
        ends(await browser.submit(page, {**GOOD, "txn": wrong}), 400)

    await travel(site.database, 601)
    ends(await browser.submit(page, GOOD), 400)
    await nothing_was_made(site)


async def test_a_form_is_good_for_its_own_instance_only(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    ends(await browser.post("/sample/login", {**page.forms[0].values, **GOOD}), 400)
    await nothing_was_made(site)


@pytest.mark.requirement("T-063", "V-28")
async def test_two_tabs_work_side_by_side(site: Site, browser: Browser) -> None:
    first, second = await browser.authorize(state="1"), await browser.authorize(state="2")

    assert dict((await browser.submit(second, GOOD)).answer)["state"] == "2"
    assert dict((await browser.submit(first, GOOD)).answer)["state"] == "1"
    assert await site.count(connections) == 2


@pytest.mark.requirement("T-063", "V-28")
async def test_a_form_stays_good_when_it_is_shown_again(site: Site, browser: Browser) -> None:
    page = await browser.authorize()
    again = await browser.submit(page, {**GOOD, "field-password": ""})
    assert again.forms[0].values["csrf"] != page.forms[0].values["csrf"]

    for _ in range(8):
        await browser.submit(again, {**GOOD, "field-password": ""})

    assert (await browser.submit(page, GOOD)).status == 303
    await site.count(connections)


async def test_of_two_that_come_at_once_one_gets_a_code(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    done = await asyncio.gather(*(browser.submit(page, GOOD) for _ in range(5)))

    assert sorted(each.status for each in done) == [303, 400, 400, 400, 400]
    assert await site.count(auth_codes) == 1


@pytest.mark.requirement("T-061", "V-08")
async def test_whoever_allowed_before_is_asked_again(site: Site, browser: Browser) -> None:
    await browser.submit(await browser.authorize(), GOOD)

    page = await browser.authorize()

    assert page.status == 200
    assert len(page.forms) == 2
    assert await site.count(auth_codes) == 1


@pytest.mark.requirement("T-064")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_credentials_come_in_a_body(site: Site, browser: Browser, method: str) -> None:
    for path in ("/login", "/authorize/decision"):
        page = await browser.send(method, f"{path}?field-password={CANARY}")
        assert page.status == 405
        assert page.headers["Allow"] == "POST"
        assert CANARY not in page.text
    await nothing_was_made(site)


@pytest.mark.requirement("V-22", "T-013")
async def test_a_form_of_another_kind_is_not_read(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    ends(await browser.post("/login", {}), 400)
    ends(await browser.post(f"/login?txn={page.forms[0].values['txn']}", {"x": "1"}), 400)
    await nothing_was_made(site)


@pytest.mark.requirement("T-067")
@pytest.mark.parametrize("password", [f" {CANARY} ", "🔑é ü", "p" * 4096, "&=+%00"])
async def test_a_password_reaches_the_upstream_as_it_was_typed(
    tmp_path: Path, password: str
) -> None:
    async with (
        loopback(SHOPS) as upstream,
        authorizing(tmp_path, upstream_url=upstream.url) as site,
    ):
        async with site.browser() as browser:
            page = await browser.authorize()
            assert (await browser.submit(page, {**GOOD, "field-password": password})).status == 303

        token = upstream.requests[0].value("authorization").removeprefix("Basic ")
        assert base64.b64decode(token).decode() == f"global/ann@example.test:{password}"


@pytest.mark.requirement("T-067")
@pytest.mark.parametrize("password", ["p" * 4097, "ü" * 2049, "a\0b", "a\r\nX: 1", ""])
async def test_a_value_that_cannot_be_right_is_told_by_field(tmp_path: Path, password: str) -> None:
    async with (
        loopback(SHOPS) as upstream,
        authorizing(tmp_path, upstream_url=upstream.url) as site,
    ):
        async with site.browser() as browser:
            page = await browser.authorize()
            again = await browser.submit(page, {**GOOD, "field-password": password})

        assert again.status == 422
        assert 'aria-describedby="field-password-fault"' in again.text
        assert '<a href="#field-password">' in again.text
        assert again.forms[0].values["field-email"] == "ann@example.test"
        assert again.forms[0].values["field-password"] == ""
        assert upstream.requests == []


@pytest.mark.requirement("T-067")
async def test_a_form_over_16_kib_is_not_read(browser: Browser) -> None:
    page = await browser.authorize()

    assert (await browser.submit(page, {**GOOD, "field-password": "p" * 17_000})).status == 413


@pytest.mark.requirement("T-068")
@pytest.mark.parametrize("status", [401, 403])
async def test_wrong_credentials_may_be_tried_again(tmp_path: Path, status: int) -> None:
    async with (
        authorizing(tmp_path, reply(status, b"<html>secret detail</html>"), SHOPS) as site,
        site.browser() as browser,
    ):
        page = await browser.authorize()
        again = await browser.submit(page, GOOD)

        assert again.status == 422
        assert "did not accept these details" in again.text
        assert "secret detail" not in again.text
        assert CANARY not in again.text
        assert again.forms[0].values["field-email"] == "ann@example.test"
        await nothing_was_made(site)
        assert (await browser.submit(again, GOOD)).status == 303


@pytest.mark.requirement("T-068")
@pytest.mark.parametrize(
    "failing",
    [
        reply(408),
        reply(425),
        reply(429, b"{}", "Retry-After: 60"),
        reply(500),
        reply(503),
        reply(200, b"<html>maintenance</html>", "Content-Type: text/html"),
        reply(302, b"", "Location: https://evil.example/"),
        Reply(b"", "reset"),
        Reply(b"", "close"),
    ],
)
async def test_a_fault_of_the_upstream_is_no_wrong_password(tmp_path: Path, failing: Reply) -> None:
    async with authorizing(tmp_path, failing) as site, site.browser() as browser:
        page = await browser.authorize()
        again = await browser.submit(page, GOOD)

        assert again.status == 503
        assert int(again.headers["Retry-After"]) > 0
        assert "could not be reached" in again.text
        assert "Your password was not judged" in again.text
        assert "did not accept" not in again.text
        await nothing_was_made(site)
        site.upstream[:] = [SHOPS]
        assert (await browser.submit(again, GOOD)).status == 303


@pytest.mark.requirement("T-068")
@pytest.mark.parametrize("status", [400, 404, 409, 422])
async def test_an_upstream_that_refuses_the_request_was_reached_and_judged_no_password(
    tmp_path: Path, status: int
) -> None:
    async with authorizing(tmp_path, reply(status), SHOPS) as site, site.browser() as browser:
        page = await browser.authorize()
        again = await browser.submit(page, GOOD)

        assert again.status == 422
        assert "did not accept the request" in again.text
        assert "Your password was not judged" in again.text
        assert "could not be reached" not in again.text
        (told,) = await site.rows(audit_events)
        assert (told.type, told.outcome) == ("login.unavailable", "unjudged")
        await nothing_was_made(site)
        assert (await browser.submit(again, GOOD)).status == 303


@pytest.mark.requirement("T-069")
async def test_ten_wrong_logins_end_it(tmp_path: Path) -> None:
    async with authorizing(tmp_path, reply(401)) as site, site.browser() as browser:
        page = await browser.authorize()
        for _ in range(9):
            page = await browser.submit(page, GOOD)
            assert page.status == 422

        ends(await browser.submit(page, GOOD), 403)
        assert await site.count(pending_logins) == 0


@pytest.mark.requirement("T-069", "S0-30")
async def test_the_sixth_login_of_an_address_has_to_wait(tmp_path: Path) -> None:
    async with authorizing(tmp_path, reply(401), rate_limits="") as site:
        wait = ""
        for number in range(6):
            async with site.browser() as browser:
                page = await browser.authorize()
                # Whatever the form says of itself, and whatever a proxy might have said.
                done = await browser.submit(page, {**GOOD, "field-email": f"{number}@example.test"})
                assert done.status == (422 if number < 5 else 429)
                wait = done.headers.get("Retry-After", "0")
        assert 0 < int(wait) <= 900


@pytest.mark.requirement("T-069")
async def test_an_account_is_guarded_whoever_asks(tmp_path: Path) -> None:
    limits = "login=off,login_account=2/1h"
    async with (
        authorizing(tmp_path, reply(401), rate_limits=limits) as site,
        site.browser() as browser,
    ):
        page = await browser.authorize()
        emails = ["ann@example.test", "ANN@example.test ", "ann@example.test", "bob@example.test"]
        done = [await browser.submit(page, {**GOOD, "field-email": email}) for email in emails]

        assert [each.status for each in done] == [422, 422, 429, 422]
        events = [row.type for row in await site.rows(audit_events)]
        assert sorted(events) == ["limit.exceeded", *["login.failed"] * 3]


@pytest.mark.requirement("T-069")
async def test_another_field_makes_no_other_account(tmp_path: Path) -> None:
    limits = "login=off,login_account=2/1h"
    async with (
        authorizing(tmp_path, reply(401), rate_limits=limits) as site,
        site.browser() as browser,
    ):
        page = await browser.authorize()
        changes = [
            {"field-shop_id": "s-1"},
            {"field-shop_id": "s-2", "field-region": "us"},
            {"field-shop_id": "s-3", "field-region": ""},
        ]
        done = [await browser.submit(page, {**GOOD, **each}) for each in changes]

        assert [each.status for each in done] == [422, 422, 429]


@pytest.mark.requirement("T-027", "PX-05")
@pytest.mark.parametrize("change", ["address", "disabled"])
async def test_a_client_that_changed_meanwhile_gets_no_code(
    site: Site, browser: Browser, change: str
) -> None:
    pages = [await browser.authorize(), await browser.authorize()]
    if change == "disabled":
        await site.clients.disable(CLIENT.client_id)
    else:
        await site.clients.replace(replace(CLIENT, redirect_uris=("https://app.example/other",)))

    ends(await browser.submit(pages[0], GOOD), 400)
    ends(await browser.submit(pages[1], {"decision": "deny"}, form=1), 400)
    assert await site.count(pending_logins) == 0
    await nothing_was_made(site)


async def test_allowing_without_a_login_is_no_login(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    for decision in ("allow", "", "maybe"):
        ends(await browser.submit(page, {"decision": decision}, form=1), 400)
    ends(await browser.submit(page, {"step": "choose"}), 400)
    await nothing_was_made(site)


@pytest.mark.requirement("S1-15", "S1-16", "X-08")
async def test_where_nobody_logs_in_one_still_has_to_allow(tmp_path: Path) -> None:
    connector = replace(CONNECTOR, auth=NoAuth(), login=(), check=None)
    async with authorizing(tmp_path, connector=connector) as site, site.browser() as browser:
        page = await browser.authorize()
        assert {form.action for form in page.forms} == {"authorize/decision"}
        await nothing_was_made(site)

        done = await browser.submit(page, {"decision": "allow"})

        assert done.status == 303
        assert done.answer[0][0] == "code"


@pytest.mark.requirement("T-153")
async def test_a_failure_of_ours_is_a_page_with_a_reference(site: Site, browser: Browser) -> None:
    page = await browser.authorize()

    async def destroy(connection: AsyncConnection) -> None:
        await connection.run_sync(pending_logins.drop)

    await site.database.write(destroy)

    for failed in (
        await browser.authorize(),
        await browser.submit(page, GOOD),
        await browser.submit(page, {"decision": "deny"}, form=1),
    ):
        ends(failed, 500)
        assert failed.headers["Cache-Control"] == "no-store"
        assert "Traceback" not in failed.text
        assert "oauth_pending_logins" not in failed.text
        assert "<code>" in failed.text


@pytest.fixture
def told() -> Generator[StringIO]:
    """What the product logs at its most talkative."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = StringIO()
    set_up_logging("debug", "json", stream)
    # A logger that kept this stream would write into it for all later tests.
    structlog.configure(cache_logger_on_first_use=False)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for ours in ("treenail_runtime", "treenail_generator"):
        logging.getLogger(ours).setLevel(logging.NOTSET)


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("site.db*"))


@pytest.mark.requirement("T-127", "T-151", "NO-SECRETS")
async def test_neither_log_nor_database_holds_what_was_typed(
    tmp_path: Path, told: StringIO
) -> None:
    async with (
        authorizing(tmp_path, reply(401), SHOPS, connector=PICKING) as site,
        site.browser() as browser,
    ):
        page = await browser.authorize(state="state-canary-91c4")
        again = await browser.submit(page, GOOD)
        chooser = await browser.submit(again, GOOD)
        done = await browser.submit(chooser, {"field-shop_id": "s-1"})
        events = [row.type for row in await site.rows(audit_events)]

    assert events == ["login.failed", "login.succeeded"]
    secrets = [CANARY, "state-canary-91c4", dict(done.answer)["code"]]
    secrets += [page.forms[0].values[name] for name in ("txn", "csrf")]
    kept = written(tmp_path)
    assert "login.succeeded" in told.getvalue()
    for secret in secrets:
        assert secret.encode() not in kept
        assert secret not in told.getvalue()
    assert b"ann@example.test" not in kept
