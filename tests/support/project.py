"""A project folder of a test's own, and the commands of `gen` over it."""

import json
import shutil
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from treenail_generator.cli import gen

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/generator/cases"

STATUS = {"invisible": 0, "compatible": 1, "breaking": 2}
"""Of `gen diff`, by the severity that it tells."""


def phorest_project(folder: Path) -> Path:
    """`folder` with the committed connector and its document."""
    for name in ("connectors", "specs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (*(ROOT / name).glob("phorest*"), *(ROOT / name).glob("PINNED.yaml")):
            shutil.copy(path, folder / name)
    return folder


def case_project(case: str, folder: Path) -> Path:
    """`folder` with the inputs of one golden case, not built yet."""
    (folder / "connectors").mkdir(parents=True)
    (folder / "specs").mkdir()
    shutil.copy(CASES / case / "connector.yaml", folder / f"connectors/{case}.yaml")
    shutil.copy(CASES / case / "spec.yaml", folder / "specs/spec.yaml")
    if (CASES / case / "custom.py").exists():
        shutil.copy(CASES / case / "custom.py", folder / f"connectors/{case}_custom.py")
    return folder


def run(project: Path, *arguments: str) -> Result:
    """`gen ARGUMENTS --project PROJECT`."""
    return CliRunner().invoke(gen, [*arguments, "--project", str(project)])


def told(result: Result) -> dict[str, Any]:
    """The one line of JSON on stdout."""
    (line,) = result.stdout.splitlines()
    return json.loads(line)


def replace(path: Path, old: str, new: str) -> None:
    """Edit the first occurrence of `old`."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
