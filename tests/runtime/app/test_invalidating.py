"""What one process has changed, the others read again."""

from pathlib import Path

import pytest
import structlog

from tests.support.admin_api import Api, administering
from tests.support.authorizing import SECRET, Site, authorizing
from tests.support.commands import connectors_folder, run
from tests.support.deployment import until
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer

SLOW = 60
"""Seconds for which an instance is believed: longer than any of these tests waits."""


def environment(site: Site, folder: Path, redis_url: str) -> dict[str, str]:
    """For `treenail` beside the server."""
    return {
        "TREENAIL_AUTH_SECRET": SECRET,
        "TREENAIL_DATABASE_URL": f"sqlite:///{folder}/site.db",
        "TREENAIL_REDIS_URL": redis_url,
        "TREENAIL_BASE_URL": site.base_url,
    }


async def is_open(site: Site, slug: str) -> bool:
    """Whether the server takes an instance for one that is in service."""
    answer = await Api(site.base_url).post(f"/{slug}/mcp", {})
    assert answer.status in {401, 503}
    return answer.status == 401


@pytest.mark.requirement("S2-23", "S2-26", "S2-27")
async def test_what_another_process_changes_is_read_again_at_once(
    tmp_path: Path, redis_url: str
) -> None:
    folder = connectors_folder(tmp_path)
    async with authorizing(tmp_path, instance_cache_seconds=SLOW, redis_url=redis_url) as site:
        made = await (await administering(site)).create("acme")
        assert made.status == 201
        assert await is_open(site, "acme")
        variables = environment(site, tmp_path, redis_url)

        status, _, err = await run(
            "instances", "disable", "acme", folder=folder, environment=variables
        )

        assert (status, err) == (0, "")
        await until(lambda: _closed(site, "acme"), 5)


async def _closed(site: Site, slug: str) -> bool:
    return not await is_open(site, slug)


@pytest.mark.requirement("S2-26")
@pytest.mark.parametrize("what", [("--instance", "acme"), ("--all",)])
async def test_an_operator_has_servers_forget(
    tmp_path: Path, redis_url: str, what: tuple[str, ...]
) -> None:
    folder = connectors_folder(tmp_path)
    with structlog.testing.capture_logs() as logs:

        def heard(event: str) -> bool:
            return any(each["event"] == event for each in logs)

        async with authorizing(tmp_path, instance_cache_seconds=SLOW, redis_url=redis_url) as site:
            await until(lambda: heard("caches.listening"))
            made = await (await administering(site)).create("acme")
            # What it has told of the new one comes back to it, too.
            await until(lambda: heard("caches.forgotten"))
            assert await is_open(site, "acme")
            await site.instances.set_status(made.body["id"], "disabled")
            assert await is_open(site, "acme")
            variables = environment(site, tmp_path, redis_url)

            ended = await run("cache", "clear", *what, folder=folder, environment=variables)

            assert ended[:2] == (0, "told\n")
            await until(lambda: _closed(site, "acme"), 5)


@pytest.mark.requirement("S2-26")
async def test_what_cannot_be_told_is_said(tmp_path: Path, own_redis: RedisServer) -> None:
    folder = connectors_folder(tmp_path)
    deserted = {"TREENAIL_REDIS_URL": own_redis.url}
    away = {"TREENAIL_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    ended = [
        await run("cache", "clear", *what, folder=folder, environment=variables)
        for what, variables in (
            (("--all",), {}),
            (("--all",), away),
            (("--all",), deserted),
            ((), away),
            (("--all", "--instance", "acme"), away),
        )
    ]

    assert {status for status, _, _ in ended} == {2}
    told = [err.strip().rpartition("\n")[2] for _, _, err in ended]
    assert told == [
        "treenail: REDIS_URL is not set: servers cannot be told; name one by --token-file and --server",
        "treenail: Redis does not answer: servers were not told",
        "treenail: no server listens at that Redis: nobody was told",
        "treenail: say --instance SLUG, --service CONNECTOR or --all",
        "treenail: say --instance SLUG, --service CONNECTOR or --all",
    ]


@pytest.mark.requirement("S2-36")
async def test_a_server_that_lost_its_redis_serves_on_and_listens_again(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    with structlog.testing.capture_logs() as logs:

        def heard(event: str) -> int:
            return sum(each["event"] == event for each in logs)

        async with authorizing(
            tmp_path, instance_cache_seconds=SLOW, redis_url=own_redis.url
        ) as site:
            made = await (await administering(site)).create("acme")
            assert await is_open(site, "acme")
            await until(lambda: heard("caches.listening") == 1)
            own_redis.stop()
            await until(lambda: heard("caches.not_listening") > 0)
            assert await is_open(site, "acme")
            await site.instances.set_status(made.body["id"], "disabled")
            assert await is_open(site, "acme")

            own_redis.start()
            await until(lambda: heard("caches.listening") == 2)

            # What was said meanwhile nobody has heard, so everything is read again.
            assert not await is_open(site, "acme")
