"""`treenail demo`: what a person sees, what a program reads, and that nothing stays behind."""

import asyncio
import json
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.phorest import CONNECTORS, ROOT, answered
from treenail_runtime.demo.authorizing import join
from treenail_runtime.demo.connection import made_up_login
from treenail_runtime.demo.driving import connected
from treenail_runtime.demo.person import Person
from treenail_runtime.loading import load_connector

TOOLS = [tool.name for tool in load_connector(CONNECTORS, "phorest").tools]
ERAS = ["2026-07-28", "2025-11-25"]
SECRET = "the-persons-own-password"  # noqa: S105  # made up
INVITATION = "claude mcp add --transport http treenail-demo "


@asynccontextmanager
async def demo(*options: str, folder: Path = ROOT, **environment: str) -> AsyncGenerator[Process]:
    """`treenail demo` in a project folder; killed if it outlives the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "treenail_runtime", "demo", *options),
        cwd=folder,
        stdout=PIPE,
        stderr=PIPE,
        env={"PHOREST_PASSWORD": SECRET, "TREENAIL_LEGACY_SESSIONS": "off", **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ended(process: Process) -> tuple[int | None, str, str]:
    """Exit status, stdout and stderr."""
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def run(*options: str, folder: Path = ROOT) -> tuple[int | None, str, str]:
    """Run it to its end."""
    async with demo(*options, folder=folder) as process:
        return await ended(process)


async def invited(process: Process, *, parts: int = 2) -> list[str]:
    """The URLs of the parts, the server last, once the demo stays up."""
    assert process.stdout is not None
    told: list[str] = []
    async with asyncio.timeout(60):
        while line := (await process.stdout.readline()).decode():
            told += re.findall(r"http://\S+", line)
            if INVITATION in line:
                *started, invitation = told
                assert (len(started), invitation) == (parts, started[-1])
                return started
    raise AssertionError("the demo did not stay up")


async def is_answering(url: str) -> bool:
    """Whether something listens at the port of `url`."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(url))
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def port_of(url: str) -> int:
    return httpx.URL(url).port or 0


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A project whose module asks for rooms where the document has none."""
    for name in ("connectors", "specs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    module = tmp_path / "connectors" / "phorest.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace('{branchId}/room"', '{branchId}/rooms"'), encoding="utf-8")
    return tmp_path


@pytest.mark.requirement("S0-01", "S0-45", "MCP-ERAS", "NO-SECRETS", "S0-05", "S1-01", "S1-02")
async def test_every_tool_succeeds_in_both_eras() -> None:
    status, out, err = await run("phorest", "--once", "--json")

    assert (status, out.count("\n")) == (0, 1), err
    told: dict[str, Any] = json.loads(out)
    assert {key: told[key] for key in told if key != "calls"} == {
        "tools": 20,
        "eras": ERAS,
        "oauth": {"registered": True, "refreshed": True, "revoked": True},
        "failures": 0,
    }
    assert len(told["calls"]) == 40
    for era in ERAS:
        calls = [call for call in told["calls"] if call["era"] == era]
        assert sorted(call["tool"] for call in calls) == sorted(TOOLS)
        assert all(set(call) == {"tool", "era", "ok", "ms"} for call in calls)
        assert all(call["ok"] is True and call["ms"] > 0 for call in calls)
    assert "40 of 40 calls succeeded" in err
    assert SECRET not in out + err
    for url in re.findall(r"http://\S+", err):
        assert not await is_answering(url)


@pytest.mark.requirement("S0-01", "DEMO-ALL")
@pytest.mark.parametrize("name", ["fergus", "open_meteo", "wikipedia", "samples"])
async def test_every_connector_works_against_what_stands_in_for_its_upstream(name: str) -> None:
    status, out, err = await run("--connector", name, "--once", "--json")

    assert status == 0, err
    told: dict[str, Any] = json.loads(out)
    tools = [tool.name for tool in load_connector(CONNECTORS, name).tools]
    assert (told["tools"], told["eras"], told["failures"]) == (len(tools), ERAS, 0)
    assert sorted(call["tool"] for call in told["calls"]) == sorted(tools * 2)
    assert all(call["ok"] for call in told["calls"])
    renewed = {"renewed": True} if name == "fergus" else {}
    assert told["oauth"] == {"registered": True, "refreshed": True, "revoked": True} | renewed
    parts = re.findall(r"^  (\w+) +http://127", err, re.MULTILINE)
    assert parts == {"fergus": ["provider", "mock", "server"], "samples": ["server"]}.get(
        name, ["mock", "server"]
    )


@pytest.mark.requirement("DEMO-ALL")
async def test_no_client_of_the_persons_own_goes_to_the_made_up_provider() -> None:
    async with demo("fergus", FERGUS_OAUTH_CLIENT_SECRET=SECRET) as process:
        provider, mock, url = await invited(process, parts=3)
        person = Person(made_up_login(load_connector(CONNECTORS, "fergus")))
        async with connected(url, "auto", join(url, person).provider) as client:
            company = await answered(client, "get_company")
        process.send_signal(signal.SIGINT)
        status, rest, err = await ended(process)

    assert company["name"]
    assert "made-up provider, which takes: username robin, password made-up-password" in rest
    assert (status, err) == (0, "")
    for each in (provider, mock, url):
        assert not await is_answering(each)


async def test_the_account_is_for_people_and_has_no_colours_in_a_pipe() -> None:
    status, out, err = await run("phorest", "--once")

    assert (status, err) == (0, "")
    for tool in TOOLS:
        assert len(re.findall(rf"✓ {tool} .*\d\.\d ms$", out, re.MULTILINE)) == 2
    assert "list_clients         email=aoife.marlowe@example.com  clients: 1, page 0 of 1" in out
    assert "MCP 2026-07-28  SDK client, mode auto: 20 tools, " in out
    assert "\x1b" not in out


async def test_it_stays_up_for_an_agent_until_it_is_told_to_stop() -> None:
    async with demo("phorest") as process:
        mock, url = await invited(process)
        person = Person(made_up_login(load_connector(CONNECTORS, "phorest")))
        async with connected(url, "auto", join(url, person).provider) as client:
            branches = await answered(client, "list_branches")
        process.send_signal(signal.SIGINT)
        status, rest, _ = await ended(process)

    assert len(branches["branches"]) == 45
    configuration, login = rest.splitlines()[-2:]
    assert json.loads(configuration) == {
        "mcpServers": {"treenail-demo": {"type": "http", "url": url}}
    }
    assert login.endswith("email robin@example.test, password made-up-password")
    assert status == 0
    assert not await is_answering(url)
    assert not await is_answering(mock)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_in_the_midst_of_it_stops_everything(number: signal.Signals) -> None:
    async with demo("phorest") as process:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            await process.stdout.readline()
            mock = (await process.stdout.readline()).decode().split()[1]
        process.send_signal(number)
        status, _, err = await ended(process)

    assert (status, err) == (128 + number, "")
    assert not await is_answering(mock)


async def test_nothing_outlives_a_demo_that_is_killed() -> None:
    async with demo("phorest") as process:
        links = [
            await asyncio.open_connection("127.0.0.1", port_of(url))
            for url in await invited(process)
        ]
        process.kill()

        async with asyncio.timeout(20):
            for reader, writer in links:
                assert await reader.read() == b""
                writer.close()


async def test_a_call_that_fails_is_told_with_what_the_agent_was_told(broken: Path) -> None:
    status, out, err = await run("phorest", "--once", "--json", folder=broken)

    told = json.loads(out)
    assert status == 1
    assert told["failures"] == 2
    assert {call["tool"] for call in told["calls"] if not call["ok"]} == {"list_rooms"}
    assert re.search(r"✗ list_rooms .* failed", err)
    assert "the upstream answered 404 Not Found" in err
    assert "Advice: No such record." in err
    assert re.search(r"the mock said:\n.*GET \S+/rooms 404", err, re.DOTALL)
    assert "the server said:" in err
    assert "38 of 40 calls succeeded" in err


async def test_a_mock_that_cannot_start_is_told_with_its_reason(broken: Path) -> None:
    (broken / "specs" / "phorest.yaml").unlink()

    status, out, err = await run("phorest", "--once", "--json", folder=broken)

    assert status == 1
    assert json.loads(out) == {
        "tools": 20,
        "calls": [],
        "eras": [],
        "oauth": {"registered": False, "refreshed": False, "revoked": False},
        "failures": 1,
    }
    assert "✗ the mock did not start" in err
    assert "✗ 0 of 40 calls succeeded" in err
    assert "specs/phorest.yaml" in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["phorset"], "connectors/phorset.py: there is no such module; did you mean 'phorest'?"),
        (["--connectors-dir", "nowhere"], "nowhere: which connector? there are none"),
    ],
)
async def test_a_connector_that_is_not_there_is_refused_in_one_line(
    options: list[str], told: str
) -> None:
    status, out, err = await run("--once", *options)

    assert (status, out, err) == (2, "", f"treenail: {told}\n")
