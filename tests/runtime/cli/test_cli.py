"""The command line: what it refuses, what it prints, and with which status it ends."""

import asyncio
import base64
import json
import re
import secrets
import socket
from pathlib import Path

import pytest

from tests.support.commands import ENVIRONMENT, command, connectors_folder, run
from tests.support.loopback import loopback, reply
from tests.support.phorest import CONNECTORS
from tests.support.serving import CANARY, Running
from tests.support.wire import modern, modern_headers

ITEM = reply(200, '{"id":"a","name":"Ärmel"}'.encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return connectors_folder(tmp_path)


REFUSALS: dict[tuple[str, ...], list[str]] = {
    ("serve",): ["AUTH_SECRETS is not set"],
    ("serve", "--no-auth", "--host", "10.0.0.1"): ["10.0.0.1 is no loopback address"],
    ("serve", "--no-auth", "--host", "a.test", "--workers", "2", "--port", "0"): [
        "a.test is no loopback address",
        "several workers need a port",
    ],
    ("serve", "--no-auth", "sampel"): ["did you mean 'sample'?"],
    ("serve", "--no-auth", "--port", "70000"): ["TREENAIL_PORT: "],
    ("call", "sample", "get_itme"): ["Unknown tool: get_itme; did you mean get_item?"],
    ("call", "sample", "get_item", "item_id"): ["'item_id' is not NAME=VALUE"],
    ("call", "sample", "get_item", "--args", "{"): ["--args is no JSON: "],
    ("call", "sample", "get_item", "--args", "[]"): ["--args is no JSON object"],
}


@pytest.mark.requirement("NO-AUTH")
async def test_what_cannot_be_done_is_told_in_one_line_each(folder: Path) -> None:
    ended = await asyncio.gather(*(run(*arguments, folder=folder) for arguments in REFUSALS))

    for (status, out, err), told in zip(ended, REFUSALS.values(), strict=True):
        assert (status, out) == (2, "")
        for line, part in zip(err.strip().split("\n"), told, strict=True):
            assert line.startswith("treenail: ")
            assert part in line


async def test_missing_credentials_are_told_at_once(folder: Path) -> None:
    status, _, err = await run("serve", "--no-auth", folder=folder, environment={})

    assert status == 2
    assert err == (
        "treenail: SAMPLE_EMAIL: is not set (E-mail)\n"
        "treenail: SAMPLE_PASSWORD: is not set (Password)\n"
    )


@pytest.mark.requirement("NO-SECRETS")
async def test_credentials_that_cannot_be_sent_are_told_without_them(folder: Path) -> None:
    environment = {**ENVIRONMENT, "SAMPLE_PASSWORD": f"{CANARY}\x07"}
    status, out, err = await run("serve", "--no-auth", folder=folder, environment=environment)

    assert status == 2
    assert "treenail: sample: the stored password holds a control character\n" in err
    assert CANARY not in out + err


async def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = await run("serve", "--no-auth", "--port", str(port), folder=folder)

    assert status == 2
    assert f"treenail: cannot listen at 127.0.0.1:{port}: Address already in use" in err


@pytest.mark.requirement("S2-41")
async def test_without_names_every_connector_of_the_folder_is_served(folder: Path) -> None:
    environment = second_connector(folder)
    async with (
        asyncio.timeout(30),
        command(
            "serve", "--no-auth", "--port", "0", folder=folder, environment=environment
        ) as server,
    ):
        first, second = await server.line(), await server.line()

    assert re.fullmatch(r"serving other at http://127\.0\.0\.1:\d+/mcp", first)
    assert re.fullmatch(r"serving sample at http://127\.0\.0\.1:\d+/sample/mcp", second)


@pytest.mark.requirement("S2-41", "S2-43")
async def test_a_broken_connector_that_nobody_named_is_left_out_and_told(folder: Path) -> None:
    (folder / "other.py").write_text("", encoding="utf-8")
    async with (
        asyncio.timeout(30),
        command("serve", "--no-auth", "--port", "0", folder=folder) as server,
    ):
        line = await server.logged("connector.not_loaded")
        served = await server.line()

    assert "other.py: it has no CONNECTOR of type Connector" in line
    assert re.fullmatch(r"serving sample at http://127\.0\.0\.1:\d+/mcp", served)


@pytest.mark.parametrize(("client", "warnings"), [({}, 1), ({"FERGUS_OAUTH_CLIENT_ID": "c"}, 0)])
async def test_a_missing_client_at_the_provider_is_told_at_the_start(
    tmp_path: Path, client: dict[str, str], warnings: int
) -> None:
    environment = {
        "AUTH_SECRETS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "DATABASE_URL": f"sqlite:///{tmp_path}/serve.db",
        **client,
    }
    async with (
        asyncio.timeout(30),
        command(
            "serve", "fergus", "--port", "0", folder=CONNECTORS, environment=environment
        ) as server,
    ):
        served = await server.line()
        server.process.terminate()
        _, err = await server.process.communicate()

    assert served.startswith("serving fergus at ")
    told = [line for line in err.decode().splitlines() if "provider.no_client" in line]
    assert len(told) == warnings
    assert all("FERGUS_OAUTH_CLIENT_ID is not set" in line for line in told)


@pytest.mark.requirement("S2-43")
async def test_a_broken_connector_that_is_named_is_refused(folder: Path) -> None:
    (folder / "other.py").write_text("", encoding="utf-8")
    status, _, err = await run("serve", "sample", "other", "--no-auth", folder=folder)

    assert status == 2
    assert "other.py: it has no CONNECTOR of type Connector" in err


async def test_a_folder_without_a_connector_that_can_be_served_is_refused(folder: Path) -> None:
    (folder / "sample.py").write_text("1 +", encoding="utf-8")
    (folder / "other.py").write_text("", encoding="utf-8")
    status, _, err = await run("serve", "--no-auth", folder=folder)

    assert status == 2
    assert len(err.strip().split("\n")) == 2

    (folder / "sample.py").unlink()
    (folder / "other.py").unlink()
    status, _, err = await run("serve", "--no-auth", folder=folder)
    assert (status, "there are no connectors" in err) == (2, True)


def second_connector(folder: Path) -> dict[str, str]:
    """Beside `sample`, the same again as `other`; the environment that both need."""
    text = (folder / "sample.py").read_text(encoding="utf-8")
    (folder / "other.py").write_text(
        text.replace('name="sample"', 'name="other"'), encoding="utf-8"
    )
    return {**ENVIRONMENT, **{f"OTHER_{name[7:]}": each for name, each in ENVIRONMENT.items()}}


async def test_each_of_several_connectors_tells_where_it_is_served(folder: Path) -> None:
    environment = second_connector(folder)
    async with (
        asyncio.timeout(30),
        command(
            "serve", "other", "sample", "--no-auth", "--port", "0",
            folder=folder, environment=environment,
        ) as server,
    ):  # fmt: skip
        first, second = await server.line(), await server.line()
        port = int(re.findall(r":(\d+)/", first)[0])
        answer = await Running(port).request(
            path="/sample/mcp", headers=modern_headers("tools/list"), body=modern("tools/list")
        )

    assert re.fullmatch(r"serving other at http://127\.0\.0\.1:\d+/mcp", first)
    assert re.fullmatch(r"serving sample at http://127\.0\.0\.1:\d+/sample/mcp", second)
    assert answer.status == 200


async def test_one_upstream_url_does_not_get_the_credentials_of_several_connectors(
    folder: Path,
) -> None:
    status, _, err = await run(
        "serve", "other", "sample", "--no-auth", "--upstream-url", "http://127.0.0.1:9",
        folder=folder, environment=second_connector(folder),
    )  # fmt: skip

    assert status == 2
    assert "one URL would get the credentials of every connector" in err


async def test_one_provider_does_not_get_the_clients_of_several_connectors(folder: Path) -> None:
    environment = second_connector(folder) | {"TREENAIL_PROVIDER_URL": "http://127.0.0.1:9"}

    status, _, err = await run(
        "serve", "other", "sample", "--no-auth", folder=folder, environment=environment
    )

    assert status == 2
    assert "one provider would get the clients of every connector" in err


@pytest.mark.requirement("NO-AUTH", "NO-SECRETS")
async def test_serving_without_authorization_is_said_loudly(folder: Path) -> None:
    async with (
        asyncio.timeout(30),
        loopback(ITEM) as upstream,
        command(
            "serve",
            "sample",
            "--no-auth",
            "--port",
            "0",
            "--upstream-url",
            upstream.url,
            folder=folder,
        ) as server,
    ):
        announced = await server.line()
        found = re.fullmatch(r"serving sample at http://127\.0\.0\.1:(\d+)/mcp", announced)
        assert found is not None
        answer = await Running(int(found[1])).request(
            headers=modern_headers("tools/call", "get_item"),
            body=modern("tools/call", {"name": "get_item", "arguments": {"item_id": "a"}}),
        )
        server.process.terminate()
        status, out, err = await server.end()

    assert answer.json["result"]["structuredContent"] == {"id": "a", "name": "Ärmel"}
    assert status == 0
    assert out == ""
    assert "NO AUTHORIZATION" in err
    assert "connection.accepted" in err
    assert CANARY not in err


async def test_the_loopback_address_of_ip_version_6_is_served(folder: Path) -> None:
    async with (
        asyncio.timeout(30),
        command("serve", "--no-auth", "--host", "::1", "--port", "0", folder=folder) as server,
    ):
        assert re.fullmatch(r"serving sample at http://\[::1\]:\d+/mcp", await server.line())


async def test_a_call_from_the_shell_prints_the_answer(folder: Path) -> None:
    ways = (
        ("item_id=a", "page=3"),
        ("--args", '{"item_id":"b","page":3}', "item_id=a"),
        ("item_id=a", "page=3", 'colour={"red":1,"green":2}', 'tags=["x"]'),
    )
    async with loopback(ITEM) as upstream:
        call = ("call", "sample", "get_item", "--upstream-url", upstream.url)
        ended = await asyncio.gather(*(run(*call, *way, folder=folder) for way in ways))

    for status, out, err in ended:
        assert (status, err) == (0, "")
        assert out == '{\n  "id": "a",\n  "name": "Ärmel"\n}\n'
    assert [request.target for request in upstream.requests] == ["/items/a?page=3"] * 3


async def test_text_arguments_are_text_whatever_they_look_like(folder: Path) -> None:
    async with loopback(ITEM) as upstream:
        url = upstream.url
        status, out, _ = await run(
            "call",
            "sample",
            "get_item",
            "item_id=007",
            "--json",
            "--upstream-url",
            url,
            folder=folder,
        )

    assert (status, out) == (0, '{"id":"a","name":"Ärmel"}\n')
    assert upstream.requests[0].target == "/items/007"


async def test_a_failed_call_from_the_shell_ends_with_status_1(folder: Path) -> None:
    refusal = reply(404, b'{"error":{"code":"NO_ITEM","message":"No such item"}}')
    async with loopback(refusal) as upstream:
        call = ("call", "sample", "get_item", "item_id=a", "--upstream-url", upstream.url)
        status, out, err = await run(*call, folder=folder)
        json_status, json_out, json_err = await run(*call, "--json", folder=folder)

    assert (status, out) == (1, "")
    assert "No such item" in err
    assert "Advice: List the items first." in err
    assert (json_status, json_err) == (1, "")
    assert json.loads(json_out)["error"]["kind"] == "upstream_refused"
    assert json.loads(json_out)["error"]["advice"] == "List the items first."


async def test_wrong_arguments_from_the_shell_are_told_like_an_agent_is(folder: Path) -> None:
    status, _, err = await run("call", "sample", "get_item", "itemid=a", folder=folder)

    assert status == 1
    assert "itemid: unknown argument, did you mean item_id?" in err


async def test_a_crash_is_told_without_a_stack_trace(folder: Path) -> None:
    status, _, err = await run(
        "call", "sample", "crash", folder=folder, environment={**ENVIRONMENT}
    )

    assert status == 1
    assert "The tool failed unexpectedly" in err


async def test_the_version_tells_what_is_spoken(folder: Path) -> None:
    status, out, _ = await run("version", folder=folder)

    assert status == 0
    assert re.fullmatch(r"treenail \S+\ncontract 2\nMCP 2026-07-28, 2025-11-25, .*\n", out)
