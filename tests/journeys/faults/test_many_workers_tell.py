"""Workers that load the same connectors tell those who listen to them, and end who may not."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.deployment import deployment
from tests.support.listening import CHANGED, ENDED, acknowledged, listening
from tests.support.postgres import Postgres

STREAMS = 8


@pytest.mark.requirement("MCP-LISTEN", "LISTEN-GATE", "S1-26")
async def test_a_command_is_heard_on_the_streams_of_all_workers_and_a_logout_ends_its_own(
    tmp_path: Path, postgres: Postgres, redis_url: str
) -> None:
    async with (
        asyncio.timeout(120),
        deployment(tmp_path, postgres.fresh_database()) as site,
        site.server(workers=2, redis_url=redis_url, stream_check_seconds=0.2),
        AsyncExitStack() as stack,
    ):
        ann, bob = await site.log_in(), await site.log_in()
        url = f"{site.base_url}/mcp"
        hers = [
            await stack.enter_async_context(acknowledged(url, ann.access)) for _ in range(STREAMS)
        ]
        his = await stack.enter_async_context(acknowledged(url, bob.access))
        module = tmp_path / "connectors/sample.py"
        text = module.read_text(encoding="utf-8").replace('name="wait"', 'name="linger"')
        module.write_text(text, encoding="utf-8")
        status, _ = await site.run("connectors", "reload", redis_url=redis_url)
        heard = [await each.word() for each in (*hers, his)]
        lists = [await site.list_tools(bob.access) for _ in range(8)]
        revoked = await site.revoke(ann.refresh)
        ends = [await each.rest() for each in hers]
        async with listening(url, bob.access) as still:
            stays = still.response.status

    assert (status, revoked.status, stays) == (0, 200, 200)
    assert heard == [CHANGED] * (STREAMS + 1)
    assert all(b'"linger"' in each.body for each in lists)
    assert ends == [[ENDED]] * STREAMS
