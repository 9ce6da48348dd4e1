"""`treenail connectors list`: what can be served, and what is wrong with what cannot."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.commands import connectors_folder, run
from tests.support.deployment import deployment


@pytest.mark.requirement("S2-34", "S2-43")
async def test_each_connector_of_the_folder_is_listed_with_its_health(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)
    (folder / "broken.py").write_text("1 +", encoding="utf-8")
    text = (folder / "sample.py").read_text(encoding="utf-8")
    (folder / "edited.py").write_text(
        text.replace('name="sample"', 'name="edited"'), encoding="utf-8"
    )
    lock = {"format": 1, "operations": {}, "tools": {"get_item": {"sha256": "0" * 64}}}
    (folder / "edited.lock").write_text(json.dumps(lock), encoding="utf-8")

    status, out, _ = await run("connectors", "list", folder=folder, environment={})

    broken, edited, sample = out.splitlines()
    assert status == 0
    assert broken.startswith("broken  unhealthy  -          ")
    assert "SyntaxError" in broken
    assert edited.startswith("edited  degraded   1.2.3      edited: not what edited.lock says: ")
    assert "create_item" in edited
    assert sample == "sample  healthy    1.2.3"


async def test_every_connector_of_this_repository_is_what_its_lock_says() -> None:
    folder = Path(__file__).parents[3] / "connectors"
    status, out, _ = await run("connectors", "list", folder=folder, environment={})

    assert (status, {line.split()[1] for line in out.splitlines()}) == (0, {"healthy"})


@pytest.mark.requirement("TOLD-COMMANDS")
async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "none"

    assert await run("connectors", "list", folder=folder, environment={}) == (
        2,
        "",
        f"treenail: {folder}: there is no such folder\n",
    )


async def test_the_list_is_one_array_of_json(tmp_path: Path) -> None:
    folder = connectors_folder(tmp_path)

    _, out, _ = await run("connectors", "list", "--json", folder=folder, environment={})

    (sample,) = json.loads(out)
    assert sample["name"] == "sample"
    assert sample["status"] == "healthy"
    assert len(sample["sha256"]) == 64


@pytest.mark.requirement("S2-43")
async def test_what_servers_have_loaded_is_kept(tmp_path: Path) -> None:
    async with deployment(tmp_path, f"sqlite:///{tmp_path}/site.db") as site, site.server():
        status, out = await site.run("connectors", "list", "--served")

    assert (status, out.strip()) == (0, "sample  healthy    1.2.3")


@pytest.mark.requirement("S2-43", "TOLD-COMMANDS")
async def test_what_is_kept_of_a_connector_that_is_gone_is_forgotten_on_command(
    tmp_path: Path,
) -> None:
    async with deployment(tmp_path, f"sqlite:///{tmp_path}/site.db") as site:
        async with site.server():
            pass
        forgot = await site.run("connectors", "forget", "sample")
        listed = await site.run("connectors", "list", "--served")
        again, _ = await site.run("connectors", "forget", "sample")

    assert (forgot, listed, again) == ((0, "forgot sample\n"), (0, ""), 2)


@pytest.mark.requirement("S2-34")
async def test_a_tool_that_needs_another_scope_than_was_reviewed_is_told(
    tmp_path: Path, root: Path
) -> None:
    for name in ("samples.py", "samples_custom.py", "samples.lock"):
        shutil.copy(root / "connectors" / name, tmp_path / name)
    _, same, _ = await run("connectors", "list", folder=tmp_path, environment={})
    lock = json.loads((tmp_path / "samples.lock").read_text(encoding="utf-8"))
    lock["tools"]["calculator"]["scope"] = "samples.calculate"
    (tmp_path / "samples.lock").write_text(json.dumps(lock), encoding="utf-8")
    _, other, _ = await run("connectors", "list", folder=tmp_path, environment={})

    assert same.split()[:2] == ["samples", "healthy"]
    assert other.split()[:2] == ["samples", "degraded"]
    assert "not what samples.lock says: calculator;" in other
