"""Operations with servers of their own, from the document to the wire."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from tests.support.loopback import loopback, reply
from treenail_generator.cli import gen
from treenail_runtime.app.upstreams import Upstreams
from treenail_runtime.contract import Connector, ToolContext, ToolError
from treenail_runtime.loading import connection_from_environment, load_connector
from treenail_runtime.testing import capture
from treenail_runtime.upstream import AiohttpTransport

_DONE: Any = {"responses": {"200": {"description": "Done.", "content": {"application/json": {}}}}}
_ENVIRONMENT = {"SMALL_TOKEN": "t0ken"}


def _built(folder: Path, main: str, uploads: str, *others: str) -> Connector:
    document: Any = {
        "openapi": "3.1.1",
        "info": {"title": "Small", "version": "1"},
        "servers": [{"url": f"{main}/v1"}],
        "paths": {
            "/things": {"get": {"operationId": "getThings", **_DONE}},
            "/files": {
                "servers": [{"url": f"{uploads}/up/"}],
                "get": {"operationId": "getFiles", **_DONE},
            },
            "/status": {
                "servers": [{"url": "/public"}],
                "get": {"operationId": "getStatus", **_DONE},
            },
        },
    }
    names = {"getThings": "get_things", "getFiles": "get_files", "getStatus": "get_status"}
    connector: Any = {
        "schema": 1,
        "name": "small",
        "title": "Small",
        "version": "1.0.0",
        "instructions": "Small.",
        "spec": "specs/small.json",
        "servers": {
            "default": "main",
            "regions": {"main": {"title": "Main", "url": f"{main}/v1"}},
            "others": [f"{uploads}/up", *others],
        },
        "auth": {"kind": "bearer", "value": "{token}"},
        "login": {"fields": [{"name": "token", "label": "Token", "type": "password"}]},
        "defaults": {"retries": {"max": 0}},
        "tools": [
            {"operation": key, "name": name, "title": name, "description": name}
            for key, name in names.items()
        ],
    }
    for place, data in (("connectors/small.yaml", connector), ("specs/small.json", document)):
        (folder / place).parent.mkdir()
        (folder / place).write_text(json.dumps(data), encoding="utf-8")
    result = CliRunner().invoke(gen, ["build", "small", "--project", str(folder)])
    assert result.exit_code == 0, result.output
    return load_connector(folder / "connectors", "small")


async def _called(connector: Connector, context: ToolContext, *names: str) -> None:
    tools = {tool.name: tool for tool in connector.tools}
    for name in names:
        await tools[name].run(tools[name].arguments.model_validate({}), context)


@pytest.mark.requirement("WIRE-SERVER")
async def test_each_operation_is_sent_to_its_own_server_with_the_credentials(
    tmp_path: Path,
) -> None:
    async with loopback() as main, loopback() as uploads, AiohttpTransport() as wire:
        connector = _built(tmp_path, main.url, uploads.url)
        connection = connection_from_environment(connector, _ENVIRONMENT)
        context = Upstreams(wire).context(connector, connection)
        await _called(connector, context, "get_things", "get_files", "get_status")

    assert [each.target for each in main.requests] == ["/v1/things", "/public/status"]
    assert [each.target for each in uploads.requests] == ["/up/files"]
    assert uploads.requests[0].value("Authorization") == "Bearer t0ken"


@pytest.mark.requirement("WIRE-SERVER")
async def test_an_upstream_url_takes_the_place_of_every_server(tmp_path: Path) -> None:
    async with loopback() as mock, AiohttpTransport() as wire:
        connector = _built(tmp_path, "https://api.example.com", "https://uploads.example.com")
        connection = connection_from_environment(
            connector, _ENVIRONMENT, upstream_url=f"{mock.url}/mock"
        )
        context = Upstreams(wire).context(connector, connection)
        await _called(connector, context, "get_things", "get_files", "get_status")

    assert [each.target for each in mock.requests] == [
        "/mock/things",
        "/mock/files",
        "/mock/status",
    ]


@pytest.mark.requirement("WIRE-SERVER", "RS-04")
async def test_a_server_that_is_down_does_not_rest_the_other(tmp_path: Path) -> None:
    async with (
        loopback() as main,
        loopback(reply(503)) as uploads,
        AiohttpTransport() as wire,
    ):
        connector = _built(tmp_path, main.url, uploads.url)
        connection = connection_from_environment(connector, _ENVIRONMENT)
        context = Upstreams(wire).context(connector, connection)
        for _ in range(20):
            with pytest.raises(ToolError):
                await _called(connector, context, "get_files")
        await _called(connector, context, "get_things")

    assert len(uploads.requests) < 20
    assert len(main.requests) == 1


@pytest.mark.requirement("WIRE-SERVER", "WIRE-CAPTURE")
async def test_a_captured_request_goes_to_the_operations_server(tmp_path: Path) -> None:
    connector = _built(tmp_path, "https://api.example.com", "https://uploads.example.com")

    captured = [await capture(connector, name, {}) for name in ("get_files", "get_status")]

    assert [each.url for each in captured] == [
        httpx.URL("https://uploads.example.com/up/files"),
        httpx.URL("https://api.example.com/public/status"),
    ]


@pytest.mark.requirement("WIRE-SERVER")
def test_a_server_of_no_operation_in_use_is_told(tmp_path: Path) -> None:
    _built(tmp_path, "https://a.example.com", "https://b.example.com", "https://c.example.com")

    result = CliRunner().invoke(gen, ["build", "small", "--project", str(tmp_path)])

    assert "unused-server: 'https://c.example.com'" in result.output
