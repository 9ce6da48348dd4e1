"""What an OpenTelemetry collector is sent, and what a server costs that sends nothing."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.collector import TAKEN, Collector, Seen, collector
from tests.support.commands import ENVIRONMENT, command, connectors_folder
from tests.support.loopback import Loopback, Reply, loopback, reply
from tests.support.ports import free_port
from tests.support.sample import CONNECTOR
from tests.support.serving import CANARY, offering, serving
from tests.support.wire import modern, modern_headers
from treenail_runtime.app.tracing import check_traces
from treenail_runtime.contract import Retries
from treenail_runtime.settings import ConfigurationError, read_settings

ITEM = reply(200, b'{"id":"i-1","name":"Comb"}')
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
CALL = "tools/call get_item"
UPSTREAM = "GET /items/{itemId}"
# Asks nothing by itself, and once more where it may.
SHOP = replace(CONNECTOR, check=None, retries=Retries(most=1, pause_s=0.001))


async def called(
    port: int,
    tool: str = "get_item",
    headers: Mapping[str, str] | None = None,
    meta: Mapping[str, str] | None = None,
    **arguments: Any,
) -> Any:
    """The answer to a call."""
    message = json.loads(modern("tools/call", {"name": tool, "arguments": arguments}))
    message["params"]["_meta"] |= meta or {}
    every = {**dict(modern_headers("tools/call", tool)), **(headers or {})}
    url = f"http://127.0.0.1:{port}/mcp"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=message, headers=every) as answer,
    ):
        return await answer.json()


@dataclass
class Shop:
    """A server in this process, its upstream and its collector."""

    port: int
    upstream: Loopback
    collector: Collector

    @property
    def spans(self) -> list[Seen]:
        return self.collector.spans

    def carried(self) -> list[str]:
        """What the upstream was told of traces."""
        names = {"traceparent", "tracestate", "baggage"}
        fields = [field for each in self.upstream.requests for field in each.fields]
        return [value for name, value in fields if name in names]


@asynccontextmanager
async def shop(
    patch: pytest.MonkeyPatch, *replies: Reply, takes: Sequence[Reply] = (TAKEN,), **settings: Any
) -> AsyncGenerator[Shop]:
    """The sample behind a server that sends its traces; all of them have arrived at the end."""
    async with (
        asyncio.timeout(30),
        collector(*takes) as kept,
        loopback(*(replies or (ITEM,))) as upstream,
    ):
        kept.ask_for(patch)
        async with serving(offering(f"{upstream.url}/v1", SHOP), **settings) as server:
            yield Shop(server.port, upstream, kept)


@pytest.mark.requirement("TRACES", "NO-SECRETS")
async def test_calls_of_two_workers_are_traces_from_the_client_to_the_upstream(
    tmp_path: Path,
) -> None:
    folder, port = connectors_folder(tmp_path), free_port()
    headers = {"traceparent": TRACEPARENT, "tracestate": "vendor=words", "baggage": "who=ann"}
    async with asyncio.timeout(60), collector() as kept, loopback(ITEM) as upstream:
        chosen = {"TREENAIL_WORKERS": "2", "TREENAIL_PORT": str(port), "OTEL_SERVICE_NAME": "shop"}
        environment = {**ENVIRONMENT, **kept.environment, **chosen}
        arguments = ("serve", "--no-auth", "--upstream-url", f"{upstream.url}/v1")
        async with command(*arguments, folder=folder, environment=environment) as server:
            await server.line()
            for _ in range(4):
                answer = await called(port, item_id="i-1", headers=headers)
                assert answer["result"]["structuredContent"]["name"] == "Comb"
            server.process.send_signal(signal.SIGTERM)
            assert (await server.end())[0] == 0

    by_id = {span.id: span for span in kept.spans}
    sent = [span for span in kept.spans if span.name == UPSTREAM]
    assert len(sent) == 4
    for span in sent:
        call = by_id[span.parent]
        asked = by_id[call.parent]
        assert (call.name, asked.name, asked.parent) == (CALL, "POST /mcp", PARENT)
        assert {span.trace, call.trace, asked.trace} == {TRACE}
        assert (span.kind, call.kind, asked.kind) == ("CLIENT", "SERVER", "SERVER")
    assert {span.resource["service.name"] for span in kept.spans} == {"shop"}
    # Each checks its credentials at the start.
    assert len({span.resource["service.instance.id"] for span in kept.spans}) == 2
    for word in (CANARY, "ann", "i-1", "Comb", "vendor=words", "asic "):
        assert word.encode() not in kept.bytes
    assert not [name for each in upstream.requests for name in each.names if name == "traceparent"]


@pytest.mark.requirement("TRACES")
async def test_spans_tell_places_and_outcomes_by_their_usual_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with shop(monkeypatch) as place:
        await called(place.port, item_id="i-1")

    found = {span.name: span.facts for span in place.spans}
    assert found["POST /mcp"] == {
        "http.request.method": "POST",
        "http.route": "/mcp",
        "http.response.status_code": "200",
        "treenail.connector": "sample",
    }
    assert found[CALL] == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2026-07-28",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_item",
    }
    assert found[UPSTREAM] == {
        "http.request.method": "GET",
        "url.template": "/items/{itemId}",
        "url.scheme": "http",
        "server.address": "127.0.0.1",
        "server.port": place.upstream.url.rpartition(":")[2],
        "http.response.status_code": "200",
        "treenail.connector": "sample",
    }
    assert not any(span.failed for span in place.spans)
    assert {span.resource["service.name"] for span in place.spans} == {"treenail"}
    assert place.carried() == []


@pytest.mark.requirement("TRACES")
@pytest.mark.parametrize("framing", ["kernel", "sdk"])
async def test_the_trace_that_a_message_names_goes_before_that_of_the_request(
    monkeypatch: pytest.MonkeyPatch, framing: str
) -> None:
    other = "f" * 32
    meta = {"traceparent": f"00-{other}-{PARENT}-01"}
    async with shop(monkeypatch, framing=framing) as place:
        await called(place.port, item_id="i-1", headers={"traceparent": TRACEPARENT}, meta=meta)

    found = {span.name: span for span in place.spans}
    assert found["POST /mcp"].trace == TRACE
    assert (found[CALL].trace, found[CALL].parent) == (other, PARENT)
    assert (found[UPSTREAM].trace, found[UPSTREAM].parent) == (other, found[CALL].id)


@pytest.mark.requirement("TRACES")
async def test_a_traceparent_that_is_none_begins_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = f"00-{'0' * 32}-{PARENT}-01"
    odd = ["", "00-zz", "x" * 5000, nobody, f"{TRACEPARENT}-{CANARY}"]
    async with shop(monkeypatch) as place:
        for each in odd:
            said = {"traceparent": each}
            answer = await called(place.port, item_id="i-1", headers=said, meta=said)
            assert answer["result"]["isError"] is False

    parents = [span.parent for span in place.spans if span.name == "POST /mcp"]
    assert parents == [""] * len(odd)
    assert CANARY.encode() not in place.collector.bytes


@pytest.mark.requirement("TRACES")
@pytest.mark.parametrize("framing", ["kernel", "sdk"])
async def test_failures_are_told_by_their_class_and_never_in_words(
    monkeypatch: pytest.MonkeyPatch, framing: str
) -> None:
    words = reply(500, b'{"error":{"message":"no such comb"}}')
    async with shop(monkeypatch, words, framing=framing) as place:
        await called(place.port, "create_item", name="Brush", amount=1)
        await called(place.port, item_id=["secret argument"])
        await called(place.port, "crash")
        await called(place.port, "no_such_tool", about="argument")

    found = {span.name: span for span in place.spans}
    assert found["POST /items"].facts["error.type"] == "500"
    outcomes = {
        "tools/call create_item": "upstream_refused",
        CALL: "invalid_arguments",
        "tools/call crash": "internal_error",
    }
    for name, outcome in outcomes.items():
        assert found[name].facts["error.type"] == "tool_error"
        assert found[name].facts.get("treenail.outcome") in {outcome, None}
        assert ("treenail.outcome" in found[name].facts) == (framing == "kernel")
    assert found["tools/call"].facts["error.type"] == "-32602"
    assert all(span.failed for name, span in found.items() if name != "POST /mcp")
    for word in (b"comb", b"argument", b"Brush", b"no_such_tool"):
        assert word not in place.collector.bytes.replace(b"invalid_arguments", b"")


@pytest.mark.requirement("TRACES")
async def test_only_a_connector_that_may_tells_its_upstream_the_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away, said = reply(503), {"traceparent": TRACEPARENT, "tracestate": "a=b", "baggage": "who=ann"}
    async with shop(monkeypatch, away, ITEM, trace_upstreams=("sample",)) as place:
        await called(place.port, item_id="i-1", headers=said)

    sent = [span for span in place.spans if span.name == UPSTREAM]
    assert place.carried() == [f"00-{TRACE}-{span.id}-01" for span in sent]
    assert [span.facts["http.response.status_code"] for span in sent] == ["503", "200"]
    assert [span.facts.get("http.request.resend_count") for span in sent] == [None, "1"]


@pytest.mark.requirement("TRACES")
async def test_a_collector_that_hangs_hurts_nobody_and_is_told_once(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    async with (
        asyncio.timeout(60),
        collector(Reply(then="hang")) as kept,
        loopback(ITEM) as upstream,
    ):
        chosen = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1", "TREENAIL_LOG_FORMAT": "json"}
        environment = {**ENVIRONMENT, **kept.environment, **chosen}
        arguments = ("serve", "--no-auth", "--port", "0", "--upstream-url", upstream.url)
        async with command(*arguments, folder=folder, environment=environment) as server:
            port = await server.port()
            first = await server.logged("traces.not_exported")
            for _ in range(30):
                assert "result" in await called(port, item_id="i-1")
            await kept.site.reaches(3)
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            status, _, err = await server.end()

    assert status == 0
    assert time.monotonic() - begun < 8
    assert json.loads(first)["reason"] == "ReadTimeout"
    assert "traces.not_exported" not in err
    assert "opentelemetry" not in err


@pytest.mark.requirement("TRACES")
async def test_spans_that_arrive_again_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shop(monkeypatch, takes=(reply(400), TAKEN)) as place:
        for count in (1, 2):
            await called(place.port, "get_connection_info")
            await place.collector.site.reaches(count)

    told = capsys.readouterr()
    lines = (told.out + told.err).splitlines()
    assert [("lost=" in line, "status 400" in line) for line in lines if "traces." in line] == [
        (False, True),
        (True, False),
    ]


@pytest.mark.requirement("TRACES")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TREENAIL_TRACING", "false"),
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ],
)
async def test_traces_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    tracing = read_settings().tracing
    async with shop(monkeypatch, tracing=tracing) as place:
        await called(place.port, item_id="i-1", headers={"traceparent": TRACEPARENT})

    assert place.spans == []


@pytest.mark.requirement("TRACES")
@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER: traces are sent by otlp"),
        (
            {"TREENAIL_TRACING": "true", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL: traces are sent by http/protobuf only",
        ),
    ],
)
def test_what_cannot_be_sent_is_told(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=told):
        check_traces(read_settings())


@pytest.mark.requirement("TRACES", "NO-SECRETS")
@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("OTEL_EXPORTER_OTLP_HEADERS", f"x-team: {CANARY}"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", f"x-team=shop,api-key=v1;{CANARY}"),
    ],
)
def test_a_key_of_a_collector_that_cannot_be_read_is_told_by_its_variable_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, written: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv(name, written)

    with pytest.raises(ConfigurationError, match=f"{name}: write name=value") as refused:
        check_traces(read_settings())

    assert CANARY not in str(refused.value) + caplog.text
    monkeypatch.setenv(name, "api-key=v1%3Bkey, x-team=our shop,")
    check_traces(read_settings())


WITHOUT = """
import sys
sys.modules["opentelemetry.sdk"] = None
from treenail_runtime.__main__ import main
sys.argv = ["treenail", "serve", "--no-auth", "--port", "0"]
main()
"""


@pytest.mark.requirement("TRACES")
def test_without_the_extra_its_name_is_told_at_the_start(tmp_path: Path) -> None:
    folder = str(connectors_folder(tmp_path))
    wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        env={**ENVIRONMENT, **wanted, "TREENAIL_CONNECTORS_DIR": folder},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 2
    assert "pip install 'treenail[tracing]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.requirement("TRACES")
def test_a_server_that_sends_nothing_loads_nothing_of_it() -> None:
    senders = ("opentelemetry.exporter", "opentelemetry.sdk.trace", "google.protobuf", "requests")
    program = (
        "import sys, treenail_runtime.app.serving, treenail_runtime.app.workers;"
        f"print([name for name in sys.modules if name.startswith({senders!r})])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
