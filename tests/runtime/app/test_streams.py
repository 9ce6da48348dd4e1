"""Streams on which clients hear that the tools have changed."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from mcp.client.client import Client
from mcp.client.subscriptions import ToolsListChanged
from mcp_types import SubscriptionFilter

from tests.support.commands import command, connectors_folder
from tests.support.listening import (
    ACKNOWLEDGED,
    CHANGED,
    ENDED,
    LISTEN,
    SUBSCRIPTION,
    TOOLS,
    acknowledged,
    listening,
)
from tests.support.ports import free_port
from tests.support.serving import Running, offering, serving, serving_app
from tests.support.wire import JSON_HEADERS, modern, modern_headers, rpc
from treenail_runtime.app.composition import create_app
from treenail_runtime.app.registry import Registry, open_registry
from treenail_runtime.app.streaming import StreamChecks
from treenail_runtime.app.upstreams import Upstreams, open_context
from treenail_runtime.dispatch.callers import Caller
from treenail_runtime.dispatch.streams import Streams
from treenail_runtime.settings import Settings
from treenail_runtime.upstream import AiohttpTransport

FRAMINGS = pytest.mark.parametrize("framing", ["kernel", "sdk"])
ANN = {"EMAIL": "ann@example.test", "PASSWORD": "p4ssw0rd"}


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("treenail_connectors")]:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two connectors, `other` and `sample`; the first of them is the default one."""
    found = connectors_folder(tmp_path)
    text = (found / "sample.py").read_text(encoding="utf-8")
    (found / "other.py").write_text(text.replace('name="sample"', 'name="other"'), encoding="utf-8")
    return found


def edit(folder: Path, old: str, new: str, name: str = "sample") -> None:
    path = folder / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncGenerator[tuple[str, Registry]]:
    """The URL of `sample` in a server without authorization, and its registry."""
    environment = {f"{name}_{key}": ANN[key] for name in ("OTHER", "SAMPLE") for key in ANN}
    chosen = Settings(no_auth=True, connectors_dir=folder, **settings)
    registry = open_registry(chosen, environment)
    async with asyncio.timeout(30), serving_app(create_app(chosen, registry)) as server:
        yield server.url.replace("/mcp", "/sample/mcp"), registry


@pytest.mark.requirement("MCP-LISTEN", "S2-43")
@FRAMINGS
async def test_a_client_hears_of_new_tools_and_finds_them(folder: Path, framing: str) -> None:
    async with (
        served(folder, framing=framing) as (url, registry),
        Client(url) as client,
        client.listen(tools_list_changed=True, prompts_list_changed=True) as changes,
    ):
        before = await client.list_tools()
        edit(folder, 'name="wait"', 'name="linger"')
        await registry.reload()

        event = await anext(changes)
        after = await client.list_tools()

    assert changes.honored == SubscriptionFilter(tools_list_changed=True)
    assert event == ToolsListChanged()
    assert {tool.name for tool in after.tools} - {tool.name for tool in before.tools} == {"linger"}


@pytest.mark.requirement("MCP-LISTEN", "MCP-FRAMING")
@pytest.mark.parametrize("identifier", [7, "s-1"])
async def test_both_framings_put_the_same_messages_on_a_stream(
    folder: Path, identifier: object
) -> None:
    told: list[list[Any]] = []
    for framing, titles in (
        ("kernel", ("Get item", "Fetch it")),
        ("sdk", ("Fetch it", "Get item")),
    ):
        async with AsyncExitStack() as stack:
            async with served(folder, framing=framing) as (url, registry):
                heard = await stack.enter_async_context(listening(url, identifier=identifier))
                messages = [await heard.message()]
                edit(folder, *titles)
                await registry.reload()
                messages.append(await heard.message())
            told.append([*messages, await heard.message(), await heard.message()])

    ours, theirs = told
    assert ours == theirs
    assert all(
        each.get("params", each.get("result"))["_meta"][SUBSCRIPTION] == identifier
        for each in ours[:3]
    )
    assert ours[0]["params"]["notifications"] == TOOLS
    assert [each.get("method") for each in ours[:3]] == [ACKNOWLEDGED, CHANGED, None]
    assert (ours[2]["id"], ours[3]) == (identifier, None)


@pytest.mark.requirement("MCP-LISTEN")
@FRAMINGS
async def test_a_reload_that_leaves_the_tools_as_they_were_is_not_told(
    folder: Path, framing: str
) -> None:
    async with AsyncExitStack() as stack:
        async with served(folder, framing=framing) as (url, registry):
            heard = await stack.enter_async_context(acknowledged(url))
            edit(folder, "a fault in the tool", "another fault")
            assert await registry.reload() == ["sample"]

        assert await heard.rest() == [ENDED]


@pytest.mark.requirement("MCP-LISTEN")
async def test_only_those_hear_it_whose_tools_have_changed(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        async with served(folder) as (url, registry):
            sample = await stack.enter_async_context(acknowledged(url))
            other = await stack.enter_async_context(
                acknowledged(url.replace("/sample/mcp", "/other/mcp"))
            )
            default = await stack.enter_async_context(acknowledged(url.replace("/sample", "")))
            deaf = await stack.enter_async_context(
                acknowledged(url, wanted={"promptsListChanged": True})
            )
            edit(folder, 'title="Get item"', 'title="Fetch it"', "other")
            await registry.reload()
            assert await other.word() == await default.word() == CHANGED

        assert await sample.rest() == await deaf.rest() == [ENDED]
        assert await other.rest() == [ENDED]


@pytest.mark.requirement("LISTEN-GATE", "S2-43")
async def test_a_stream_ends_with_its_connector(folder: Path) -> None:
    async with served(folder) as (url, registry):
        other = url.replace("/sample/mcp", "/other/mcp")
        async with acknowledged(url) as gone, acknowledged(other) as kept:
            (folder / "sample.py").unlink()
            await registry.reload()
            words = await gone.rest()
            edit(folder, 'title="Get item"', 'title="Fetch it"', "other")
            await registry.reload()

            assert await kept.word() == CHANGED
    assert words == [ENDED]


@pytest.mark.requirement("MCP-LISTEN")
@FRAMINGS
async def test_only_the_era_that_can_hear_it_is_promised_it(folder: Path, framing: str) -> None:
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    async with served(folder, framing=framing) as (url, _):
        server = Running(int(url.split(":")[2].partition("/")[0]))
        today = await server.request(
            headers=modern_headers("server/discover"), body=modern("server/discover")
        )
        before = await server.request(headers=JSON_HEADERS, body=rpc("initialize", hello))
        old = (*JSON_HEADERS, ("Mcp-Protocol-Version", "2025-11-25"))
        refused = await server.request(headers=old, body=rpc(LISTEN, {"notifications": TOOLS}))

    assert today.json["result"]["capabilities"]["tools"] == {"listChanged": True}
    assert before.json["result"]["capabilities"]["tools"] == {"listChanged": False}
    assert refused.json["error"]["code"] == -32601


@pytest.mark.requirement("MCP-LISTEN")
@FRAMINGS
@pytest.mark.parametrize("why", ["nothing is ever loaded again", "there are to be no streams"])
async def test_where_nothing_could_be_told_nothing_is_promised(
    folder: Path, framing: str, why: str
) -> None:
    async with AsyncExitStack() as stack:
        if why == "there are to be no streams":
            url, _ = await stack.enter_async_context(served(folder, framing=framing, max_streams=0))
        else:
            running = await stack.enter_async_context(serving(offering(), framing=framing))
            url = running.url
        async with Client(url) as client, listening(url) as refused:
            error = (await refused.json())["error"]
            capabilities = client.server_capabilities

    assert error["code"] == -32601
    assert capabilities is not None
    assert capabilities.tools is not None
    assert not capabilities.tools.list_changed


@pytest.mark.requirement("LISTEN-BOUNDS")
@FRAMINGS
async def test_a_worker_keeps_only_so_many_streams(folder: Path, framing: str) -> None:
    async with served(folder, framing=framing, max_streams=2) as (url, _):
        async with acknowledged(url), acknowledged(url), listening(url) as third:
            answer = await third.json()
        # The places are free again as soon as the server sees that their clients have left.
        while True:
            async with listening(url) as later:
                if "event-stream" in later.response.headers["content-type"]:
                    break

    assert answer["id"] == "s-1"
    assert answer["error"]["code"] == -32000
    assert answer["error"]["message"].startswith("Too many open streams")


@pytest.mark.requirement("LISTEN-BOUNDS")
@FRAMINGS
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"identifier": "x" * 300}, 400),
        ({"wanted": {**TOOLS, "resourceSubscriptions": ["x" * 20_000]}}, 413),
        ({"wanted": {"toolsListChanged": []}}, 400),
        ({"headers": {"Accept": "application/json"}}, 406),
        ({"headers": {"Origin": "https://evil.example"}}, 403),
        ({"headers": {"Host": "evil.example"}}, 421),
    ],
)
async def test_what_is_no_fit_request_gets_no_stream(
    folder: Path, framing: str, asked: dict[str, Any], status: int
) -> None:
    async with served(folder, framing=framing) as (url, _), listening(url, **asked) as refused:
        assert refused.response.status == status
        assert refused.response.headers.get("content-type") != "text/event-stream"


@pytest.mark.requirement("LISTEN-ALIVE")
@FRAMINGS
async def test_no_proxy_is_to_hold_a_stream_back(folder: Path, framing: str) -> None:
    async with served(folder, framing=framing) as (url, _), acknowledged(url) as heard:
        headers = heard.response.headers

    assert headers["content-type"] == "text/event-stream"
    assert headers["x-accel-buffering"] == "no"
    assert "no-store" in ", ".join(headers.getall("cache-control"))
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.requirement("LISTEN-ALIVE")
async def test_a_silent_stream_shows_that_it_is_alive(folder: Path) -> None:
    async with served(folder, stream_ping_seconds=0.1) as (url, _), acknowledged(url) as heard:
        assert [await heard.frame() for _ in range(3)] == [b": ping"] * 3


@pytest.mark.requirement("LISTEN-BOUNDS")
async def test_whoever_reads_slowly_is_told_once_however_often_it_happened() -> None:
    upstreams = Upstreams(AiohttpTransport())
    caller = Caller(open_context(offering(), upstreams))
    streams = Streams()
    with streams.open(caller, wants_tools=True) as stream:
        told = [streams.tools_changed("sample") for _ in range(1000)]
        streams.end()
        words = [await stream.next() for _ in range(2)]

    assert set(told) == {1}
    assert words == ["changed", "ended"]
    assert streams.everyone() == []


@pytest.mark.requirement("LISTEN-GATE")
async def test_one_stream_that_cannot_be_looked_at_keeps_no_other_open() -> None:
    context = open_context(offering(), Upstreams(AiohttpTransport()))

    async def fails() -> bool:
        raise LookupError

    async def is_over() -> bool:
        return False

    streams = Streams()
    odd, over = (
        streams.open(Caller(context, may_stay=each), wants_tools=True) for each in (fails, is_over)
    )
    checks = StreamChecks(streams, every_s=0.01)
    with structlog.testing.capture_logs() as logs:
        await checks.start()
        async with asyncio.timeout(10):
            assert await over.next() == "ended"
        await checks.stop()

    assert streams.everyone() == [odd, over]
    assert {each["event"] for each in logs} == {"stream.not_checked", "stream.ended"}


@pytest.mark.requirement("MCP-LISTEN", "S2-43")
@pytest.mark.parametrize("how", ["watch", "signal"])
async def test_a_file_that_changes_is_told_to_clients(tmp_path: Path, how: str) -> None:
    folder = connectors_folder(tmp_path)
    options = ("--watch",) if how == "watch" else ()
    async with (
        asyncio.timeout(60),
        command("serve", "--no-auth", "--port", "0", *options, folder=folder) as process,
        Client(f"http://127.0.0.1:{await process.port()}/mcp") as client,
        client.listen(tools_list_changed=True) as changes,
    ):
        edit(folder, 'name="wait"', 'name="linger"')
        if how == "signal":
            process.process.send_signal(signal.SIGHUP)
        event = await anext(changes)
        after = await client.list_tools()

    assert event == ToolsListChanged()
    assert "linger" in {tool.name for tool in after.tools}


@pytest.mark.requirement("MCP-LISTEN", "S1-26")
async def test_every_worker_tells_its_own_clients_once_all_have_loaded(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    arguments = ("serve", "--no-auth", "--watch", "--workers", "2", "--port", str(free_port()))
    async with (
        asyncio.timeout(90),
        command(*arguments, folder=folder) as process,
        AsyncExitStack() as stack,
    ):
        url = f"http://127.0.0.1:{await process.port()}/mcp"
        streams = [await stack.enter_async_context(acknowledged(url)) for _ in range(12)]
        edit(folder, 'name="wait"', 'name="linger"')
        heard = [await each.word() for each in streams]
        lists: list[set[str]] = []
        for _ in range(8):
            async with Client(url) as client:
                lists.append({tool.name for tool in (await client.list_tools()).tools})
        process.process.terminate()
        rest = [await each.rest() for each in streams]
        status, _, logs = await process.end()

    assert heard == [CHANGED] * 12
    assert all("linger" in each for each in lists)
    assert rest == [[ENDED]] * 12
    assert (status, "Traceback" in logs) == (0, False)
