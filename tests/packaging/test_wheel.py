"""What a person gets from the package index: built from the source archive, alone, and complete.

Nothing here uses the network: the build backend and all dependencies are those of the environment
that runs the tests.
"""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import terminal
from tests.support.tutorial import follow

ROOT = Path(__file__).parents[2]
PACKAGES = {"treenail_generator": "generator", "treenail_runtime": "runtime"}


def run(*command: str | Path, cwd: Path) -> str:
    """What the command printed; a failure shows all of its output."""
    done = subprocess.run(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def files_below(folder: Path) -> Iterator[str]:
    """Relative paths of the files that belong in a wheel."""
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the unpacked source archive as an index or a distribution would."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT]
    run(*build, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment that has treenail from the wheel and only there.

    Dependencies come from the environment of the tests, by a `.pth` file: Python does not read the
    `.pth` files of a folder added in this way, so the editable treenail stays out of sight.
    """
    home = tmp_path_factory.mktemp("clean")
    venv.create(home)
    paths = sysconfig.get_paths("venv", vars={"base": str(home), "platbase": str(home)})
    dependencies = "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    Path(paths["purelib"], "dependencies.pth").write_text(dependencies, encoding="utf-8")
    python = Path(paths["scripts"], "python")
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-cache-dir", wheel]
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=home)
    return python.parent


def test_wheel_holds_the_two_packages_and_nothing_else(wheel: Path) -> None:
    expected = {
        f"{package}/{file}"
        for package, source in PACKAGES.items()
        for file in files_below(ROOT / source / package)
    }
    expected |= {f"treenail_generator/templates/{file}" for file in files_below(ROOT / "templates")}

    names = zipfile.ZipFile(wheel).namelist()

    about = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert set(names) - about == expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in about)


def test_wheel_tells_type_checkers_that_both_packages_are_typed(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)


def test_installed_packages_come_from_the_wheel(commands: Path, tmp_path: Path) -> None:
    program = "import sys; [print(__import__(name).__file__) for name in sys.argv[1:]]"

    printed = run(commands / "python", "-c", program, *PACKAGES, cwd=tmp_path)

    places = printed.splitlines()
    assert len(places) == len(PACKAGES)
    assert all(Path(place).is_relative_to(commands.parent) for place in places)


def test_treenail_command_starts(commands: Path, tmp_path: Path) -> None:
    assert "serve" in run(commands / "treenail", "--help", cwd=tmp_path)


def test_project_outside_the_repository_gets_the_committed_module(
    commands: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    (tmp_path / "connectors").mkdir()
    shutil.copy(ROOT / "connectors" / "phorest.yaml", tmp_path / "connectors")

    run(commands / "gen", "build", "phorest", cwd=tmp_path)

    built = (tmp_path / "connectors" / "phorest.py").read_bytes()
    assert built == (ROOT / "connectors" / "phorest.py").read_bytes()


async def test_the_tutorial_alone_leads_from_an_empty_folder_to_an_agent(
    commands: Path, tmp_path: Path
) -> None:
    state, empty = tmp_path / "state", tmp_path / "empty"
    state.mkdir()
    empty.mkdir()
    with terminal(empty, state, programs=commands) as shell:
        await follow(ROOT / "docs" / "tutorial.md", shell, has_checkout=False)

    made = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "tasks").rglob("*.*")}
    assert {f"tasks/connectors/tasks.{kind}" for kind in ("yaml", "py", "lock")} <= made
