"""What follows when an upstream refuses a call: nothing, or the owner has to connect again."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from tests.support.authorizing import (
    GOOD,
    REDIRECT,
    SECRET,
    SHOPS,
    VERIFIER,
    Browser,
    Site,
    authorizing,
)
from tests.support.deployment import until
from tests.support.loopback import Loopback, Reply, loopback, reply
from tests.support.members import Member, admit, send
from tests.support.sample import CONNECTOR, GetItem, get_item
from tests.support.serving import CANARY
from tests.support.wire import Answer, modern, modern_headers
from treenail_runtime.app.checking import Checker
from treenail_runtime.app.instances import make_instances
from treenail_runtime.app.rechecking import Rechecks
from treenail_runtime.app.upstreams import Upstreams
from treenail_runtime.auth.instances import ObtainedTokens
from treenail_runtime.auth.records import ConnectionConfig, Instance, Principal
from treenail_runtime.contract import OAuthClientAuth, ToolContext, ToolError
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.providers import ProviderClient
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.connections import ConnectionStore, config_facts
from treenail_runtime.storage.tables import audit_events, connections
from treenail_runtime.upstream import AiohttpTransport

ITEM = modern("tools/call", {"name": "get_item", "arguments": {"item_id": "i-1"}})
ITEM_HEADERS = modern_headers("tools/call", "get_item")
CALL, CHECK = "/items/i-1", "/items"
OK = reply(200, b"{}")


@asynccontextmanager
async def serving(
    folder: Path, *replies: Reply, **settings: Any
) -> AsyncGenerator[tuple[Site, Loopback]]:
    async with (
        loopback(*replies) as upstream,
        authorizing(folder, upstream_url=upstream.url, **settings) as site,
    ):
        yield site, upstream


async def call(site: Site, *bearer: tuple[str, str]) -> Answer:
    return await send(site, ITEM, *ITEM_HEADERS, *bearer)


async def statuses(site: Site) -> set[str]:
    return {row.status for row in await site.rows(connections)}


def asked(upstream: Loopback) -> list[str]:
    return [each.target for each in upstream.requests]


async def is_denied(site: Site) -> bool:
    return any(row.type == "connection.denied" for row in await site.rows(audit_events))


@pytest.mark.requirement("T-075")
@pytest.mark.parametrize("status", [401, 403])
async def test_credentials_that_the_upstream_takes_no_longer_end_the_connection(
    tmp_path: Path, status: int
) -> None:
    async with serving(tmp_path, reply(status)) as (site, upstream):
        member, other = await admit(site), await admit(site, email="bob@example.test")

        assert (await call(site, member.bearer)).json["result"]["isError"]
        await until(lambda: is_denied(site))

        assert asked(upstream) == [CALL, CHECK]
        states = {row.id: row.status for row in await site.rows(connections)}
        assert states == {member.connection_id: "reauth", other.connection_id: "active"}
        refused = await call(site, member.bearer)
        assert refused.status == 401
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]
        assert asked(upstream) == [CALL, CHECK]
        (told,) = await site.rows(audit_events)
        assert (told.type, told.outcome) == ("connection.denied", "reauth")
        assert (told.instance_id, told.grant_id) == ("default", member.grant_id)
        assert (told.client_id, told.detail) == ("app-1", None)


@pytest.mark.requirement("T-075")
async def test_one_tool_that_is_refused_ends_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, reply(403), SHOPS, OK) as (site, upstream):
        member = await admit(site)
        with structlog.testing.capture_logs() as logs:
            await call(site, member.bearer)
            await until(lambda: has(logs, "connection.accepted"))

        assert not (await call(site, member.bearer)).json["result"]["isError"]
        assert asked(upstream) == [CALL, CHECK, CALL]
        assert await statuses(site) == {"active"}


@pytest.mark.requirement("T-075")
@pytest.mark.parametrize("failing", [reply(500), reply(503), reply(404), reply(429)])
async def test_other_refusals_are_not_followed_up(tmp_path: Path, failing: Reply) -> None:
    async with serving(tmp_path, failing, OK) as (site, upstream):
        member = await admit(site)

        assert (await call(site, member.bearer)).json["result"]["isError"]
        assert not (await call(site, member.bearer)).json["result"]["isError"]
        assert asked(upstream) == [CALL, CALL]
        assert await statuses(site) == {"active"}


@pytest.mark.requirement("T-075")
@pytest.mark.parametrize(
    ("failing", "event"),
    [
        (reply(500), "connection.unclear"),
        (reply(404), "connection.unclear"),
        (Reply(b"", "reset"), "connection.unreachable"),
        (reply(200, b"<html>"), "connection.unreachable"),
    ],
)
async def test_a_check_that_fails_otherwise_ends_nothing(
    tmp_path: Path, failing: Reply, event: str
) -> None:
    async with serving(tmp_path, reply(401), failing, OK) as (site, _):
        member = await admit(site)
        with structlog.testing.capture_logs() as logs:
            await call(site, member.bearer)
            await until(lambda: has(logs, event))

        assert not (await call(site, member.bearer)).json["result"]["isError"]
        assert await statuses(site) == {"active"}


@pytest.mark.requirement("T-075")
async def test_calls_at_once_are_followed_up_by_one_check(tmp_path: Path) -> None:
    async with serving(tmp_path, reply(401)) as (site, upstream):
        member = await admit(site)

        await asyncio.gather(*(call(site, member.bearer) for _ in range(8)))
        await until(lambda: is_denied(site))

        assert asked(upstream).count(CHECK) == 1
        assert len(await site.rows(audit_events)) == 1


@pytest.mark.requirement("T-075")
async def test_a_call_does_not_wait_for_the_check(tmp_path: Path) -> None:
    async with serving(tmp_path, reply(401), Reply(b"", "hang"), OK) as (site, upstream):
        member = await admit(site)

        assert (await call(site, member.bearer)).json["result"]["isError"]
        await until(lambda: asked(upstream) == [CALL, CHECK])
        assert not (await call(site, member.bearer)).json["result"]["isError"]
        assert await statuses(site) == {"active"}


async def test_without_a_check_nothing_is_followed_up(tmp_path: Path) -> None:
    connector = replace(CONNECTOR, check=None)
    async with serving(tmp_path, reply(401), OK, connector=connector) as (site, upstream):
        member = await admit(site)

        assert (await call(site, member.bearer)).json["result"]["isError"]
        assert not (await call(site, member.bearer)).json["result"]["isError"]
        assert asked(upstream) == [CALL, CALL]


@pytest.mark.requirement("T-075")
async def test_a_refresh_fails_and_connecting_again_helps(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, SHOPS, reply(401)) as (site, upstream),
        site.browser() as browser,
    ):
        tokens = await connect(browser)
        await call(site, bearer(tokens))
        await until(lambda: is_denied(site))

        refreshed = await browser.post(
            "/token",
            {
                "grant_type": "refresh_token",
                "refresh_token": tokens["refresh_token"],
                "client_id": "app-1",
            },
        )
        assert refreshed.status == 400
        assert '"invalid_grant"' in refreshed.text
        assert (await call(site, bearer(tokens))).status == 401

        upstream.replies[:] = [SHOPS, OK]
        again = await connect(browser)
        assert not (await call(site, bearer(again))).json["result"]["isError"]
        assert sorted(row.status for row in await site.rows(connections)) == ["active", "reauth"]


async def connect(browser: Browser) -> dict[str, str]:
    """Tokens for whoever signs in now."""
    done = await browser.submit(await browser.authorize(scope="mcp.tools.call"), GOOD)
    form = {"grant_type": "authorization_code", "code": dict(done.answer)["code"]}
    form |= {"client_id": "app-1", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    told = await browser.post("/token", form)
    assert told.status == 200
    return json.loads(told.text)


def bearer(tokens: dict[str, str]) -> tuple[str, str]:
    return ("Authorization", f"Bearer {tokens['access_token']}")


def has(logs: list[Any], event: str) -> bool:
    return any(line["event"] == event for line in logs)


class NoGrants:
    """No client has a token of its own here."""

    async def granted(
        self, instance: Instance, auth: OAuthClientAuth, client: ProviderClient | None
    ) -> ObtainedTokens:
        raise AssertionError((instance.id, auth, client))


@dataclass
class Clock:
    """A stopwatch that only the test moves."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Watched:
    """One connection's calls, watched over."""

    context: ToolContext
    clock: Clock = field(default_factory=Clock)

    async def call(self) -> None:
        with pytest.raises(ToolError):
            await get_item(GetItem(item_id="i-1"), self.context)


@asynccontextmanager
async def watching(site: Site, upstream: Loopback, member: Member) -> AsyncGenerator[Watched]:
    """The member's calls beside the server, with a clock."""
    config = ConnectionConfig(
        connector="sample",
        values={"email": "ann@example.test", "region": "eu"},
        secrets={"password": SecretStr(CANARY)},
    )
    principal = Principal(
        grant_id=member.grant_id,
        client_id="app-1",
        subject="",
        instance_id="default",
        connection_id=member.connection_id,
        fingerprint=Macs(KeyRing.from_settings(SecretStr(SECRET), None)).fingerprint(
            config_facts(config)
        ),
        scopes=frozenset(),
        config=config,
    )
    clock = Clock()
    async with AiohttpTransport() as transport:
        checker = Checker({"sample": CONNECTOR}, Upstreams(transport), NoGrants(), upstream.url)
        rechecks = Rechecks(
            checker, ConnectionStore(site.database), AuditStore(site.database), clock=clock
        )
        instance = make_instances([CONNECTOR], site.base_url)[0]
        try:
            told = rechecks.watch(instance, principal, None)
            yield Watched(checker.context(instance, principal.config, told), clock)
        finally:
            await rechecks.aclose()


async def test_a_connection_is_checked_at_most_once_a_minute(tmp_path: Path) -> None:
    replies = [reply(403), SHOPS, reply(403), reply(403), reply(401)]
    async with serving(tmp_path, *replies) as (site, upstream):
        member = await admit(site)
        async with watching(site, upstream, member) as watched:
            await watched.call()
            await until(lambda: asked(upstream) == [CALL, CHECK])
            watched.clock.seconds = 59
            await watched.call()
            watched.clock.seconds = 60
            await watched.call()
            await until(lambda: is_denied(site))

        assert asked(upstream) == [CALL, CHECK, CALL, CALL, CHECK]
        assert await statuses(site) == {"reauth"}


async def test_a_check_that_lasts_is_not_started_twice(tmp_path: Path) -> None:
    async with serving(tmp_path, reply(401), Reply(b"", "hang"), reply(401)) as (site, upstream):
        member = await admit(site)
        async with watching(site, upstream, member) as watched:
            await watched.call()
            await until(lambda: asked(upstream) == [CALL, CHECK])
            for minute in range(1, 4):
                watched.clock.seconds = minute * 60
                await watched.call()
            assert asked(upstream) == [CALL, CHECK, CALL, CALL, CALL]

        await upstream.dropped.wait()
        assert await statuses(site) == {"active"}


async def test_a_database_that_is_away_ends_no_more_than_the_mark(tmp_path: Path) -> None:
    async with serving(tmp_path, reply(401)) as (site, upstream):
        member = await admit(site)
        async with watching(site, upstream, member) as watched:
            await site.database.aclose()
            (tmp_path / "site.db").unlink()
            (tmp_path / "site.db").mkdir()
            with structlog.testing.capture_logs() as logs:
                await watched.call()
                await until(lambda: has(logs, "connection.not_marked"))
