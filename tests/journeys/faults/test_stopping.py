"""A server that is told to stop finishes what it has begun, and leaves nothing behind."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.deployment import Deployment, Server, deployment, until
from tests.support.gate import Gate, gated
from tests.support.listening import ENDED, acknowledged
from tests.support.ports import accepts
from tests.support.postgres import Postgres
from tests.support.wire import modern, modern_headers, raw

CALLS = 50
STREAMS = 10
DISCONNECTS = 1000
AT_A_TIME = 50
CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'treenail'"
)


@pytest.mark.requirement("T-141", "S4-26", "LISTEN-DRAIN")
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_signal_ends_ten_streams_lets_fifty_calls_finish_and_takes_no_more(
    tmp_path: Path, postgres: Postgres, workers: int
) -> None:
    url = postgres.fresh_database()
    name = url.rpartition("/")[2]
    async with (
        gated() as upstream,
        deployment(tmp_path, url, upstream_url=upstream.url) as site,
        site.server(workers=workers, max_streams_per_login=STREAMS) as server,
        AsyncExitStack() as stack,
    ):
        pair = await site.log_in()
        await site.database.aclose()  # the test's own connections are not the server's
        _, idle = await asyncio.open_connection("127.0.0.1", site.port)
        calls = [asyncio.create_task(site.call(pair.access, "wait")) for _ in range(CALLS)]
        await until(lambda: len(upstream.requests) == CALLS)
        streams = [
            await stack.enter_async_context(acknowledged(f"{site.base_url}/mcp", pair.access))
            for _ in range(STREAMS)
        ]
        assert int(postgres.execute(CONNECTIONS, name)) >= workers
        server.process.send_signal(signal.SIGTERM)
        # While the calls still run.
        ends = [await each.rest() for each in streams]
        await until(lambda: not accepts(site.port))
        upstream.opened.set()
        async with asyncio.timeout(10):
            answers = await asyncio.gather(*calls)
            status = await server.end()
        idle.close()

    assert ends == [[ENDED]] * STREAMS
    assert [each.status for each in answers] == [200] * CALLS
    assert all(each.json["result"]["structuredContent"] == {"late": True} for each in answers)
    assert status == 0
    assert postgres.execute(CONNECTIONS, name) == "0"
    assert "Traceback" not in server.told()


@pytest.mark.requirement("T-103")
async def test_a_thousand_clients_that_go_away_leave_nothing_behind(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with (
        gated() as upstream,
        deployment(tmp_path, postgres.fresh_database(), upstream_url=upstream.url) as site,
        site.server() as server,
    ):
        access = (await site.log_in()).access
        await hang_up(site, access, upstream, AT_A_TIME)
        await until(lambda: descriptors(server) < AT_A_TIME)
        base, memory = descriptors(server), resident_kib(server)
        for _ in range(DISCONNECTS // AT_A_TIME):
            await hang_up(site, access, upstream, AT_A_TIME)
        await until(lambda: descriptors(server) <= base)
        grown = resident_kib(server) - memory
        upstream.opened.set()
        answer = await site.call(access, "wait")

    assert len(upstream.requests) == AT_A_TIME + DISCONNECTS + 1
    assert answer.json["result"]["structuredContent"] == {"late": True}
    assert grown < DISCONNECTS * 8
    assert "Traceback" not in server.told()


async def hang_up(site: Deployment, access: str, upstream: Gate, count: int) -> None:
    """Begin `count` calls, and close their connections once the upstream has them."""
    wanted = len(upstream.requests) + count
    calls = [await begun(site, access) for _ in range(count)]
    await until(lambda: len(upstream.requests) == wanted)
    for writer in calls:
        writer.close()


async def begun(site: Deployment, access: str) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    body = modern("tools/call", {"name": "wait", "arguments": {}})
    bearer = ("Authorization", f"Bearer {access}")
    headers = (*modern_headers("tools/call", "wait"), bearer)
    length = f"Content-Length: {len(body)}"
    writer.write(raw(site.port, length, headers=headers, body=body))
    return writer


def descriptors(server: Server) -> int:
    """Files, and connections to clients, the upstream and the database."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def resident_kib(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])
