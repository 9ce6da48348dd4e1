"""What Prometheus is told."""

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.commands import ENVIRONMENT, command, connectors_folder
from tests.support.deployment import until
from tests.support.listening import acknowledged
from tests.support.loopback import loopback, reply
from tests.support.ports import free_port
from tests.support.serving import CANARY
from tests.support.wire import modern, modern_headers
from treenail_runtime.app.metrics import Prometheus

ITEM = reply(200, b'{"id":"i-1","name":"Comb"}')


async def scraped(port: int) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        assert answer.status == 200
        return await answer.text()


async def called(port: int, tool: str, arguments: dict[str, Any]) -> None:
    body = modern("tools/call", {"name": tool, "arguments": arguments})
    url, headers = f"http://127.0.0.1:{port}/mcp", dict(modern_headers("tools/call", tool))
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        assert answer.status == 200


def total(text: str, name: str, **labels: str) -> float:
    """The value of one series; 0 when it is not told."""
    wanted = {f'{key}="{value}"' for key, value in labels.items()}
    return sum(
        float(found[2])
        for found in re.finditer(rf"^{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE)
        if wanted <= set(found[1].split(","))
    )


@pytest.mark.requirement("LISTEN-BOUNDS")
@pytest.mark.parametrize("workers", [1, 2])
async def test_open_streams_of_all_workers_are_counted(tmp_path: Path, workers: int) -> None:
    folder, port, metrics_port = connectors_folder(tmp_path), free_port(), free_port()
    settings = {
        "TREENAIL_METRICS_PORT": str(metrics_port),
        "TREENAIL_WORKERS": str(workers),
        "TREENAIL_PORT": str(port),
    }
    url = f"http://127.0.0.1:{port}/mcp"

    async def counted(count: int) -> bool:
        return f"\ntreenail_streams {count}.0\n" in await scraped(metrics_port)

    async with (
        asyncio.timeout(60),
        command(
            "serve", "--no-auth", folder=folder, environment={**ENVIRONMENT, **settings}
        ) as server,
    ):
        await server.line()
        async with acknowledged(url), acknowledged(url), acknowledged(url):
            assert await counted(3)
        # They are counted until the server sees that their clients have left.
        await until(lambda: counted(0))


@pytest.mark.requirement("S2-07", "S2-33", "NO-SECRETS")
@pytest.mark.parametrize("workers", [1, 2])
async def test_calls_of_all_workers_are_counted_without_what_they_are_about(
    tmp_path: Path, workers: int
) -> None:
    folder, port, metrics_port = connectors_folder(tmp_path), free_port(), free_port()
    settings = {
        "TREENAIL_METRICS_PORT": str(metrics_port),
        "TREENAIL_WORKERS": str(workers),
        "TREENAIL_PORT": str(port),
    }
    async with asyncio.timeout(60), loopback(ITEM) as upstream:
        arguments = ("serve", "--no-auth", "--upstream-url", upstream.url)
        async with command(
            *arguments, folder=folder, environment={**ENVIRONMENT, **settings}
        ) as server:
            await server.line()
            before = await scraped(metrics_port)
            for _ in range(6):
                await called(port, "get_item", {"item_id": "i-1"})
            await called(port, "get_item", {"item_id": 7})
            after = await scraped(metrics_port)

    calls = {"connector": "sample", "tool": "get_item"}
    assert total(before, "treenail_tool_calls_total", **calls) == 0
    assert total(after, "treenail_tool_calls_total", **calls, outcome="answered") == 6
    assert total(after, "treenail_tool_calls_total", **calls, outcome="invalid_arguments") == 1
    assert total(after, "treenail_tool_call_seconds_count", connector="sample") == 7
    assert total(after, "treenail_upstream_requests_total", connector="sample", status="2xx") >= 6
    assert CANARY not in after
    assert "ann@example.test" not in after


async def test_without_a_port_nothing_is_told_where_clients_are_served(tmp_path: Path) -> None:
    folder, port = connectors_folder(tmp_path), free_port()
    arguments = ("serve", "--no-auth", "--port", str(port))
    async with (
        asyncio.timeout(30),
        command(*arguments, folder=folder) as server,
        aiohttp.ClientSession() as session,
    ):
        await server.line()
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.status == 404


async def test_a_metrics_port_that_is_taken_is_told(tmp_path: Path) -> None:
    folder, port = connectors_folder(tmp_path), free_port()
    taken = {**ENVIRONMENT, "TREENAIL_METRICS_PORT": str(port)}
    arguments = ("serve", "--no-auth", "--port", str(port))
    async with command(*arguments, folder=folder, environment=taken) as server:
        status, _, err = await server.end()

    assert status == 2
    assert f"treenail: cannot tell metrics at 127.0.0.1:{port}: Address already in use" in err


def test_instances_beyond_the_first_ones_share_a_name() -> None:
    measures = Prometheus()
    for number in range(1000):
        measures.served(f"/shop-{number}")
        measures.served("/shop-7")

    found = measures.registry.get_sample_value
    names = {
        sample.labels["instance"]
        for metric in measures.registry.collect()
        for sample in metric.samples
        if sample.name == "treenail_instance_requests_total"
    }
    assert len(names) <= 201
    assert found("treenail_instance_requests_total", {"instance": "(others)"}) == 800
    assert found("treenail_instance_requests_total", {"instance": "/shop-7"}) == 1001
