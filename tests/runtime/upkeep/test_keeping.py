"""Tokens of the upstream while tools are called: refreshed in time, by one, and never lost."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.support.collector import collector
from tests.support.databases import travel
from tests.support.loopback import Reply, reply
from tests.support.provider_login import ITEM, Answer, Tokens, Town, town
from tests.support.providers import CLIENT_ID
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.tables import audit_events, connections, credentials

REFUSED = reply(401, b'{"message":"expired"}')


def _refreshes(place: Town) -> int:
    return len(place.fake.journal.of("token", grant_type="refresh_token"))


def _sent(place: Town) -> list[str]:
    return [seen.value("Authorization") for seen in place.site.upstream_seen]


@pytest.mark.requirement("S4-16", "S4-20", "S2-32")
async def test_many_calls_with_an_expired_token_cause_one_refresh(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await place.expire()
        answers = await asyncio.gather(*(tokens.call() for _ in range(24)))

        assert [answer.status for answer in answers] == [200] * 24
        assert not any(answer.error for answer in answers)
        assert _refreshes(place) == 1
        assert len(set(_sent(place)[1:])) == 1


async def test_a_token_that_the_upstream_refuses_is_replaced_within_the_call(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await travel(place.site.database, 61)
        place.site.upstream[:] = [REFUSED, ITEM]
        answer = await tokens.call()

        assert (answer.status, answer.error) == (200, "")
        assert _refreshes(place) == 1
        assert len(set(_sent(place))) == 2


@pytest.mark.requirement("TRACES", "NO-SECRETS")
async def test_a_refresh_stands_in_the_trace_of_the_call_that_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collector() as kept:
        kept.ask_for(monkeypatch)
        async with town(tmp_path) as place:
            tokens = await place.connect()
            await place.expire()
            assert (await tokens.call()).error == ""
            secrets = [tokens.access, tokens.refresh, *_sent(place)]

    spans = {span.name: span for span in kept.spans}
    refresh, call = spans["oauth refresh_token"], spans["POST /mcp"]
    assert (refresh.trace, refresh.parent) == (call.trace, call.id)
    assert not refresh.failed
    assert len(secrets) == 4
    assert not [each for each in secrets if each.split(" ")[-1].encode() in kept.bytes]


@pytest.mark.requirement("T-075", "S2-30")
async def test_an_upstream_that_always_answers_401_causes_three_refreshes_a_minute(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, changes={"check": None}) as place:
        tokens = await place.connect()
        place.site.upstream[:] = [REFUSED]
        at_once = await asyncio.gather(*(tokens.call() for _ in range(6)))
        after = [await tokens.call() for _ in range(12)]

        assert {answer.status for answer in (*at_once, *after)} == {200}
        assert all("401" in answer.error for answer in (*at_once, *after))
        assert _refreshes(place) == 3


@pytest.mark.requirement("T-075", "S2-30")
async def test_refused_tokens_that_nobody_can_renew_just_then_cost_nobody_the_login(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        place.fake.switches.fall_ill("error", "token")
        place.site.upstream[:] = [REFUSED]
        during = [await tokens.call() for _ in range(6)]
        (connection,) = await place.site.rows(connections)

        assert all("does not answer" in answer.error for answer in during)
        assert connection.status == "active"


@pytest.mark.requirement("T-075", "UP-GITHUB")
@pytest.mark.parametrize(("checked", "denials"), [(ITEM, 0), (REFUSED, 1)])
async def test_one_401_ends_a_login_without_a_refresh_token_only_if_the_check_fails_too(
    tmp_path: Path, checked: Reply, denials: int
) -> None:
    async with town(tmp_path) as place:
        place.fake.switches.gives_refresh = False
        tokens = await place.connect()
        await travel(place.site.database, 61)
        asked, denied = len(place.site.upstream_seen), 0
        place.site.upstream[:] = [REFUSED, checked]
        answer = await tokens.call()
        async with asyncio.timeout(10):
            while len(place.site.upstream_seen) < asked + 2 or denied < denials:
                events = await place.site.rows(audit_events)
                denied = sum(each.type == "connection.denied" for each in events)
        (connection,) = await place.site.rows(connections)
        after = await tokens.list()

        assert after.status == (401 if denials else 200)
        assert connection.status == ("reauth" if denials else "active")
        assert answer.status == 200
        assert "401" in answer.error
        assert _refreshes(place) == 0


async def test_a_token_that_cannot_be_refreshed_is_used_until_it_is_over(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        place.fake.switches.gives_refresh = False
        tokens = await place.connect()
        await travel(place.site.database, 3480)
        soon_over = [await tokens.call() for _ in range(2)]
        (connection,) = await place.site.rows(connections)
        await travel(place.site.database, 200)
        over = await tokens.call()

        assert [(answer.status, answer.error) for answer in soon_over] == [(200, "")] * 2
        assert connection.status == "active"
        assert over.status == 401


async def _once_well(tokens: Tokens) -> Answer:
    """The first answer that is not 503, asked for as often as `Retry-After` says."""
    while True:
        answer = await tokens.call()
        if answer.status != 503:
            return answer
        await asyncio.sleep(float(answer.headers["Retry-After"]))


@pytest.mark.requirement("T-075", "S2-28", "S2-29")
async def test_an_outage_of_the_provider_is_told_with_503_and_costs_nobody_the_login(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await place.expire()
        place.fake.switches.fall_ill("error", "token")
        during = [await tokens.call() for _ in range(12)]
        listed = await tokens.list()
        asked = _refreshes(place)
        place.fake.switches.recover()
        async with asyncio.timeout(20):
            after = await _once_well(tokens)

        assert {answer.status for answer in during} == {503}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in during)
        assert asked < len(during)
        assert listed.status == 200
        assert (after.status, after.error) == (200, "")
        (connection,) = await place.site.rows(connections)
        assert connection.status == "active"


@pytest.mark.requirement("S2-28")
async def test_logins_that_a_provider_stumbles_over_keep_nobody_else_from_their_tokens(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        odd = [await place.connect() for _ in range(5)]
        sound = await place.connect()
        await place.expire()
        place.fake.switches.fall_ill("fault", "token")
        stumbled = {(await each.call()).status for each in odd}
        place.fake.switches.recover()

        assert stumbled == {503}
        assert (await sound.call()).status == 200


@pytest.mark.requirement("T-075")
async def test_a_grant_that_the_provider_has_ended_makes_the_agent_connect_again(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await place.expire()
        place.fake.switches.refuses_refresh = True
        first = await tokens.call()
        second = await tokens.list()

        assert (first.status, second.status) == (401, 401)
        assert 'error="invalid_token"' in first.headers["WWW-Authenticate"]
        assert _refreshes(place) == 1
        (connection,) = await place.site.rows(connections)
        assert connection.status == "reauth"
        assert await place.site.count(credentials) == 0


@pytest.mark.requirement("T-075")
async def test_a_client_that_the_provider_refuses_costs_nobody_the_login(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        await place.expire()
        ours = place.fake.ledger.clients.pop(CLIENT_ID)
        with structlog.testing.capture_logs() as told:
            during = await tokens.call()
        place.fake.ledger.clients[CLIENT_ID] = ours
        async with asyncio.timeout(20):
            after = await _once_well(tokens)

        assert during.status == 503
        assert (after.status, after.error) == (200, "")
        (refusal,) = (each for each in told if each["event"] == "provider.refuses_client")
        assert (refusal["error"], refusal["log_level"]) == ("invalid_client", "error")
        (connection,) = await place.site.rows(connections)
        assert connection.status == "active"


@pytest.mark.requirement("T-075")
async def test_agents_hear_that_the_client_is_refused_and_whose_affair_that_is(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        place.fake.ledger.clients.pop(CLIENT_ID)
        place.site.upstream[:] = [REFUSED]
        # The second one comes before the next attempt is due.
        answers = [await tokens.call() for _ in range(2)]

        assert all("refuses this server's client" in answer.error for answer in answers)
        assert all("Tell whoever runs this server." in answer.error for answer in answers)
        assert _refreshes(place) == 1


async def test_a_refresh_answer_without_a_refresh_token_keeps_the_old_one(tmp_path: Path) -> None:
    async with town(tmp_path, mode="cognito") as place:
        tokens = await place.connect()
        for _ in range(2):
            await travel(place.site.database, 61)
            place.site.upstream[:] = [REFUSED, ITEM]
            answer = await tokens.call()
            assert (answer.status, answer.error) == (200, "")

        shown = {
            asked.form["refresh_token"]
            for asked in place.fake.journal.of("token", grant_type="refresh_token")
        }
        assert (_refreshes(place), len(shown)) == (2, 1)


@pytest.mark.requirement("PX-06")
async def test_the_upstream_and_the_client_never_see_the_other_ones_token(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        tokens = await place.connect()
        answer = await tokens.call()

        theirs = place.site.upstream_seen[-1].value("Authorization").removeprefix("Bearer ")
        assert theirs not in str(answer)
        assert tokens.access not in str(place.site.upstream_seen)
        assert tokens.access not in str(place.fake.journal.entries)


async def test_eight_servers_cause_one_refresh(tmp_path: Path, postgres_url: str) -> None:
    settings: dict[str, Any] = {
        "database_url": postgres_url,
        "allowed_hosts": ("127.0.0.1:*",),
        "others": 7,
    }
    async with town(tmp_path, **settings) as place:
        tokens = await place.connect()
        await place.expire()
        places = [place.site.base_url, *(f"http://127.0.0.1:{port}" for port in place.site.ports)]
        answers = await asyncio.gather(
            *(replace(tokens, base_url=url).call() for url in places for _ in range(6))
        )

        assert [answer.status for answer in answers] == [200] * 48
        assert not any(answer.error for answer in answers)
        assert _refreshes(place) == 1
        assert len(set(_sent(place)[1:])) == 1


async def test_tokens_of_an_ended_login_are_given_back_to_the_provider(tmp_path: Path) -> None:
    async with town(tmp_path, upkeep_seconds=1) as place:
        tokens = await place.connect()
        await tokens.call()
        theirs = _sent(place)[-1].removeprefix("Bearer ")
        await place.revoke(tokens)
        await travel(place.site.database, 120)
        await Cleanup(place.site.database).run()
        async with asyncio.timeout(10):
            await place.fake.journal.reaches(2, "revoke")

        assert not place.fake.is_live(theirs)
        assert await place.site.count(credentials) == 0
