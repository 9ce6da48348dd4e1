"""The lock check finds each way in which the lock files could stop saying what gets installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = ROOT / "scripts" / "check_lock.py"
EVERYTHING = "requirements.lock"
RUNTIME = "requirements-runtime.lock"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files that the check reads, free to be broken."""
    for file in ("pyproject.toml", EVERYTHING, RUNTIME):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def check(project: Path) -> tuple[int, str]:
    """The exit code of the check and the problems it printed."""
    done = subprocess.run(
        [sys.executable, CHECK, project], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def edit(file: Path, pattern: str, replacement: str) -> None:
    """Replace the only match of the pattern; `$` and `^` are ends of lines."""
    text, count = re.subn(
        pattern, replacement, file.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert count == 1
    file.write_text(text, encoding="utf-8")


def test_committed_lock_files_agree_with_the_project_and_the_environment(project: Path) -> None:
    assert check(project) == (0, "")


def test_requirement_without_a_pin_is_found(project: Path) -> None:
    edit(project / EVERYTHING, r"^pytest==(.+\\\n)+.+\n", "")

    code, problems = check(project)

    assert code == 1
    assert "pyproject.toml: pytest has no pin in requirements.lock; run `make lock`" in problems


def test_pin_outside_the_range_of_the_project_is_found(project: Path) -> None:
    edit(project / EVERYTHING, r"^pytest==[0-9.]+", "pytest==1.0")

    code, problems = check(project)

    assert code == 1
    assert re.search(
        r"^requirements\.lock:\d+: pytest 1\.0 is not pytest>=", problems, re.MULTILINE
    )


def test_pin_of_another_version_than_the_installed_one_is_found(project: Path) -> None:
    """Also for a package that only another package asks for."""
    edit(project / EVERYTHING, r"^iniconfig==[0-9.]+", "iniconfig==1.0")

    code, problems = check(project)

    assert code == 1
    assert re.search(r"iniconfig 1\.0, but [0-9.]+ is installed; run `make setup`", problems)


def test_dependency_of_a_dependency_without_a_pin_is_found(project: Path) -> None:
    edit(project / RUNTIME, r"^werkzeug==(.+\\\n)+.+\n", "")

    code, problems = check(project)

    assert code == 1
    assert re.search(
        r"^requirements-runtime\.lock: werkzeug [0-9.]+ is installed and has no pin", problems
    )


def test_pin_that_nothing_needs_is_found(project: Path) -> None:
    edit(project / "pyproject.toml", r'^    "syrupy.+\n', "")

    code, problems = check(project)

    assert code == 1
    assert re.search(r"^requirements\.lock:\d+: nothing needs syrupy ", problems)


def test_runtime_lock_that_differs_from_the_big_one_is_found(project: Path) -> None:
    edit(project / RUNTIME, r"^yarl==[0-9.]+", "yarl==1.0")

    code, problems = check(project)

    assert code == 1
    assert re.search(r"yarl 1\.0 is not in requirements\.lock", problems)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--index-url https://index.invalid/simple", "an address ties the lock to one place"),
        ("# from https://index.invalid/simple", "an address ties the lock to one place"),
        ("extra @ https://index.invalid/extra.whl", "an address ties the lock to one place"),
        ("--find-links ./wheels", "'--find-links ./wheels' is an option"),
        ("-e .", "'-e .' is an option"),
        ("extra==1.0", "extra==1.0 has no hash"),
        ("extra==1.0 --hash=md5:00", "extra==1.0 has a hash that is not sha256"),
        ("extra>=1.0 --hash=sha256:" + "0" * 64, "extra>=1.0 is not pinned with =="),
        ("extra==1.* --hash=sha256:" + "0" * 64, "extra==1.* is not pinned with =="),
        ("extra 1.0", "'extra 1.0' is not a requirement"),
        ("extra==1.0 \\", "extra==1.0 has no hash"),
    ],
)
def test_line_that_is_not_a_pin_with_hashes_is_found(
    project: Path, line: str, problem: str
) -> None:
    lock = project / EVERYTHING
    text = lock.read_text(encoding="utf-8")
    lock.write_text(f"{text}{line}\n", encoding="utf-8")

    code, problems = check(project)

    assert code == 1
    assert f"requirements.lock:{text.count(chr(10)) + 1}: {problem}" in problems


def test_all_problems_are_told_at_once(project: Path) -> None:
    edit(project / EVERYTHING, r"^pytest==[0-9.]+", "pytest==1.0")
    edit(project / RUNTIME, r"^yarl==[0-9.]+", "yarl==1.0")

    _, problems = check(project)

    assert "pytest 1.0" in problems
    assert "yarl 1.0" in problems
