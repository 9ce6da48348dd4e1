"""Connectors that change while they are served."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.commands import ENVIRONMENT, command, connectors_folder
from tests.support.deployment import until
from tests.support.gate import gated
from tests.support.holding import Hold
from tests.support.loopback import loopback, reply
from tests.support.ports import free_port
from tests.support.serving import Running, serving_app
from tests.support.wire import Answer, modern, modern_headers
from treenail_runtime.app.composition import create_app
from treenail_runtime.app.connecting import Offering
from treenail_runtime.app.registry import Registry, open_registry
from treenail_runtime.settings import Settings


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("treenail_connectors")]:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample, which asks nothing of an upstream before it is called."""
    made = connectors_folder(tmp_path)
    edit(made, "check=CredentialCheck(run=check),", "")
    return made


def edit(folder: Path, old: str, new: str, name: str = "sample") -> None:
    path = folder / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def add_other(folder: Path) -> dict[str, str]:
    """A second connector; the environment that both need."""
    text = (folder / "sample.py").read_text(encoding="utf-8")
    (folder / "other.py").write_text(
        text.replace('name="sample"', 'name="other"'), encoding="utf-8"
    )
    return {**ENVIRONMENT, **{f"OTHER_{name[7:]}": each for name, each in ENVIRONMENT.items()}}


def registry_of(folder: Path, **settings: Any) -> tuple[Settings, Registry]:
    environment = {**ENVIRONMENT, "OTHER_EMAIL": "ann@example.test", "OTHER_PASSWORD": "p4ssw0rd"}
    chosen = Settings(no_auth=True, connectors_dir=folder, **settings)
    return chosen, open_registry(chosen, environment)


async def listed(server: Running, path: str = "/mcp") -> Answer:
    return await server.request(
        path=path, headers=modern_headers("tools/list"), body=modern("tools/list")
    )


async def called(server: Running, tool: str) -> Any:
    body = modern("tools/call", {"name": tool, "arguments": {}})
    headers = dict(modern_headers("tools/call", tool))
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.url, data=body, headers=headers) as answer,
    ):
        return await answer.json()


def titles(answer: Answer) -> list[str]:
    return [tool["title"] for tool in answer.json["result"]["tools"]]


@pytest.mark.requirement("S2-41", "S2-43")
@pytest.mark.parametrize("framing", ["kernel", "sdk"])
async def test_a_module_that_is_written_again_is_served_after_a_reload(
    folder: Path, framing: str
) -> None:
    settings, registry = registry_of(folder, framing=framing)
    async with serving_app(create_app(settings, registry)) as server:
        assert "Get item" in titles(await listed(server))
        # Of the same length and within the same second: bytecode would be taken for current.
        edit(folder, 'title="Get item"', 'title="Fetch it"')

        assert await registry.reload() == ["sample"]

        assert "Fetch it" in titles(await listed(server))
        assert await registry.reload() == []


async def test_what_a_reload_replaces_is_not_left_running(folder: Path) -> None:
    settings, registry = registry_of(folder, framing="sdk")
    async with serving_app(create_app(settings, registry)) as server:
        await listed(server)
        before = len(asyncio.all_tasks())
        for _ in range(5):
            await registry.reload("sample")

        assert (await listed(server)).status == 200
        await until(lambda: len(asyncio.all_tasks()) <= before, 5)


@pytest.mark.requirement("S2-43")
@pytest.mark.parametrize("framing", ["kernel", "sdk"])
async def test_a_call_finishes_on_the_module_that_it_began_with(folder: Path, framing: str) -> None:
    async with asyncio.timeout(20), gated() as upstream:
        settings, registry = registry_of(folder, upstream_url=upstream.url, framing=framing)
        async with serving_app(create_app(settings, registry)) as server:
            calling = asyncio.create_task(called(server, "wait"))
            await upstream.reached.wait()
            edit(folder, 'name="wait"', 'name="linger"')
            await registry.reload()
            names = [each["name"] for each in (await listed(server)).json["result"]["tools"]]
            upstream.opened.set()
            answer = await calling

    assert "linger" in names
    assert "wait" not in names
    assert answer["result"]["structuredContent"] == {"late": True}


async def test_a_connector_that_is_loaded_again_gives_no_answer_that_was_held(folder: Path) -> None:
    edit(
        folder, "many=True), reads=True,", "many=True), reads=True, repeatable=True, cache_s=60.0,"
    )
    async with loopback(reply(200, b'{"items":[]}')) as upstream:
        settings, registry = registry_of(folder, upstream_url=upstream.url)
        async with serving_app(create_app(settings, registry)) as server:
            for _ in range(2):
                await called(server, "list_items")
            assert len(upstream.requests) == 1
            await registry.reload("sample")

            await called(server, "list_items")

    assert len(upstream.requests) == 2


@pytest.mark.requirement("S2-34", "S2-43")
async def test_a_module_that_breaks_is_told_and_what_was_loaded_is_served_on(folder: Path) -> None:
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:
        whole = (folder / "sample.py").read_text(encoding="utf-8")
        (folder / "sample.py").write_text("1 +", encoding="utf-8")

        assert await registry.reload() == []

        (service,) = registry.services()
        assert service.status == "degraded"
        assert "what was loaded before is served" in str(service.reason)
        assert (await listed(server)).status == 200

        (folder / "sample.py").write_text(whole + "\n", encoding="utf-8")
        assert await registry.reload() == ["sample"]
        assert [each.status for each in registry.services()] == ["healthy"]


@pytest.mark.requirement("S2-43")
async def test_a_reload_that_ended_halfway_is_made_up_for(folder: Path) -> None:
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:
        edit(folder, 'title="Get item"', 'title="Fetch it"')
        hold = Hold(folder)
        reloading = asyncio.create_task(registry.reload())
        await hold.reached()
        reloading.cancel()
        await asyncio.gather(reloading, return_exceptions=True)
        hold.let_go()

        assert await registry.reload() == ["sample"]

        assert "Fetch it" in titles(await listed(server))


BROKEN = [
    ("    tools=(\n", "    tools=None,\n)\n_X = dict(x=(\n"),
    ("annotations=READS", "annotations=None"),
    ("from ", "raise KeyboardInterrupt\nfrom "),
    ('title="Get item"', 'title="\\udcff"'),
]


@pytest.mark.requirement("S2-34", "S2-43")
@pytest.mark.parametrize(("old", "new"), BROKEN)
async def test_a_connector_that_breaks_is_told_and_the_others_are_loaded(
    folder: Path, old: str, new: str
) -> None:
    add_other(folder)
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:
        edit(folder, old, new, "other")
        edit(folder, 'title="Get item"', 'title="Fetch it"')

        assert await registry.reload() == ["sample"]

        assert "Fetch it" in titles(await listed(server, "/sample/mcp"))
        assert "Get item" in titles(await listed(server, "/other/mcp"))
    assert registry.health() == {"other": "degraded", "sample": "healthy"}


@pytest.mark.requirement("S2-34")
@pytest.mark.parametrize(("old", "new"), BROKEN)
async def test_a_connector_that_nobody_named_keeps_no_server_from_starting(
    folder: Path, old: str, new: str
) -> None:
    add_other(folder)
    edit(folder, old, new, "other")

    settings, registry = registry_of(folder)

    async with serving_app(create_app(settings, registry)) as server:
        assert (await listed(server)).status == 200
    assert registry.health() == {"other": "unhealthy", "sample": "healthy"}


# What the system will not read, and what it will not look for, root or not.
UNREADABLE = [("other_custom.py", "/proc/self/mem"), ("other.py", "x" * 300)]


@pytest.mark.requirement("S2-34", "S2-43")
@pytest.mark.parametrize(("file", "target"), UNREADABLE)
async def test_a_file_that_cannot_be_read_is_told_and_the_others_are_served(
    folder: Path, file: str, target: str
) -> None:
    add_other(folder)
    edit(folder, 'name="sample"', 'name="taken_after_it"')
    (folder / "sample.py").rename(folder / "taken_after_it.py")
    link = folder / file
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    registry = open_registry(Settings(connectors_dir=folder), {})

    assert registry.health() == {"other": "unhealthy", "taken_after_it": "healthy"}

    edit(folder, 'title="Get item"', 'title="Fetch it"', "taken_after_it")
    assert await registry.reload() == ["taken_after_it"]
    assert await registry.reload("other") == []
    link.unlink()


@pytest.mark.requirement("S2-34", "S2-43")
def test_a_login_at_no_provider_is_not_served_nor_asked_about_by_upkeep(folder: Path) -> None:
    add_other(folder)
    auth = 'OAuthCodeAuth(provider=OAuthProvider(preset="gogle"))'
    edit(folder, 'BasicAuth("global/{email}", "{password}")', auth, "other")
    edit(folder, "    BasicAuth,", "    OAuthCodeAuth, OAuthProvider,", "other")

    registry = open_registry(Settings(connectors_dir=folder), {})

    assert registry.health() == {"other": "unhealthy", "sample": "healthy"}
    assert list(registry.connectors) == ["sample"]


@pytest.mark.requirement("S2-34", "S2-43")
async def test_what_cannot_be_served_after_all_leaves_everything_as_it_was(folder: Path) -> None:
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:

        async def refuse(offering: Offering) -> None:
            if "Fetch it" in [tool.title for tool in offering.connector.tools]:
                raise ValueError("of all things")

        registry.on_change(refuse)
        edit(folder, 'title="Get item"', 'title="Fetch it"')

        assert await registry.reload() == []

        assert "Get item" in titles(await listed(server))
        (service,) = registry.services()
        assert service.status == "degraded"
        assert "sample: it cannot be served: ValueError: of all things" in str(service.reason)

        add_other(folder)
        assert await registry.reload() == []
        assert registry.offered() == ["sample"]
        assert registry.health() == {"other": "unhealthy", "sample": "degraded"}
        assert (await listed(server, "/other/mcp")).status == 404


@pytest.mark.requirement("S2-34", "S2-43")
async def test_what_cannot_be_put_back_either_keeps_no_other_from_being_loaded(
    folder: Path,
) -> None:
    add_other(folder)
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:

        async def refuse(offering: Offering) -> None:
            if offering.connector.name == "other":
                raise ValueError("of all things")

        registry.on_change(refuse)
        for name in ("other", "sample"):
            edit(folder, 'title="Get item"', 'title="Fetch it"', name)

        assert await registry.reload() == ["sample"]

        assert "Fetch it" in titles(await listed(server, "/sample/mcp"))
        assert "Get item" in titles(await listed(server, "/other/mcp"))
    assert registry.health() == {"other": "degraded", "sample": "healthy"}


@pytest.mark.requirement("S2-41", "S2-43")
async def test_a_connector_that_comes_later_is_served_at_its_own_path(folder: Path) -> None:
    settings, registry = registry_of(folder)
    async with serving_app(create_app(settings, registry)) as server:
        assert (await listed(server, "/other/mcp")).status == 404
        add_other(folder)

        assert await registry.reload() == ["other"]

        assert (await listed(server, "/other/mcp")).status == 200
        # The first one stays where clients know it.
        assert (await listed(server)).status == 200
        ready = await server.request("GET", "/readyz")
        assert ready.json["connectors"] == ["sample", "other"]


async def test_a_connector_that_comes_later_gets_no_upstream_of_another(folder: Path) -> None:
    settings, registry = registry_of(folder, upstream_url="http://127.0.0.1:9")
    async with serving_app(create_app(settings, registry)) as server:
        add_other(folder)

        assert await registry.reload() == []

        assert (await listed(server, "/other/mcp")).status == 404
    other, sample = registry.services()
    assert (other.status, sample.status) == ("unhealthy", "healthy")
    assert "one URL would get the credentials of every connector" in str(other.reason)


@pytest.mark.requirement("S2-34")
async def test_a_connector_is_degraded_while_its_upstream_is_left_alone(folder: Path) -> None:
    settings, registry = registry_of(folder, upstream_url="http://127.0.0.1:9")
    async with serving_app(create_app(settings, registry)) as server:
        for _ in range(10):
            await called(server, "list_items")

        (service,) = registry.services()

    assert service.status == "degraded"
    assert service.reason == "left alone after many failures: http://127.0.0.1:9"


@pytest.mark.requirement("S2-43")
async def test_a_server_that_watches_sees_files_change(folder: Path) -> None:
    async with (
        asyncio.timeout(40),
        command("serve", "--no-auth", "--watch", "--port", "0", folder=folder) as process,
    ):
        server = Running(await process.port())
        edit(folder, 'title="Get item"', 'title="Fetch item"')
        await process.logged("connector.loaded")

        assert "Fetch item" in titles(await listed(server))


@pytest.mark.requirement("S2-43")
async def test_sighup_has_a_server_load_its_connectors_again(folder: Path) -> None:
    async with (
        asyncio.timeout(40),
        command("serve", "--no-auth", "--port", "0", folder=folder) as process,
    ):
        server = Running(await process.port())
        edit(folder, 'title="Get item"', 'title="Fetch item"')
        process.process.send_signal(signal.SIGHUP)
        await process.logged("connectors.reloaded")

        assert "Fetch item" in titles(await listed(server))


def waiting_workers(folder: Path) -> dict[str, str]:
    """Have the first worker wait at `folder/workers` before it has loaded anything of ours."""
    gate = folder / "workers"
    os.mkfifo(gate)
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import pathlib, sys\n"
        f"gate = pathlib.Path({str(gate)!r})\n"
        "if '--multiprocessing-fork' in sys.orig_argv and gate.exists():\n"
        "    gate.read_text()\n",
        encoding="utf-8",
    )
    return {"PYTHONPATH": str(site)}


@pytest.mark.requirement("HELD-BACK")
@pytest.mark.parametrize("workers", [1, 2])
async def test_sighup_while_a_server_starts_is_obeyed_once_it_has(
    folder: Path, workers: int
) -> None:
    gate = folder.parent / "gate"
    os.mkfifo(gate)
    module = folder / "sample.py"
    waiting = f"\nimport pathlib\npathlib.Path({str(gate)!r}).read_text()"
    text = module.read_text(encoding="utf-8")
    module.write_text(text + waiting, encoding="utf-8")
    arguments = ("serve", "--no-auth", "--workers", str(workers), "--port", str(free_port()))
    environment = {**ENVIRONMENT, **waiting_workers(folder.parent)}
    async with (
        asyncio.timeout(60),
        command(*arguments, folder=folder, environment=environment, own_group=True) as process,
    ):
        # It can be opened for writing once the process has come to the module.
        writer = await asyncio.to_thread(os.open, gate, os.O_WRONLY)
        module.write_text(text, encoding="utf-8")
        process.process.send_signal(signal.SIGHUP)
        os.close(writer)
        if workers > 1:
            writer = await asyncio.to_thread(os.open, folder.parent / "workers", os.O_WRONLY)
            os.killpg(process.process.pid, signal.SIGHUP)
            (folder.parent / "workers").unlink()
            os.close(writer)
        await process.port()
        for _ in range(workers):
            await process.logged("connectors.reloaded")
        process.process.terminate()
        status, _, _ = await process.end()

    assert status == 0


@pytest.mark.requirement("S2-43")
async def test_sighup_of_the_parent_reaches_every_worker(folder: Path) -> None:
    arguments = ("serve", "--no-auth", "--workers", "2", "--port", str(free_port()))
    async with asyncio.timeout(60), command(*arguments, folder=folder) as process:
        server = Running(await process.port())
        edit(folder, 'title="Get item"', 'title="Fetch item"')
        process.process.send_signal(signal.SIGHUP)
        for _ in range(2):
            await process.logged("connectors.reloaded")

        told = [titles(await listed(server)) for _ in range(8)]
        process.process.terminate()
        status, _, _ = await process.end()

    assert all("Fetch item" in each for each in told)
    assert status == 0
