"""Every folder of cases/ through the command line: inputs beside what must come out.

`UPDATE_CASES=1 pytest tests/generator/test_cases.py` writes the expectations again; the diff is
what a reviewer reads.
"""

import os
import shutil
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest
from click.testing import CliRunner

from treenail_generator.cli import gen
from treenail_generator.verify.loaded import load
from treenail_runtime.contract.schemas import by_pydantic

CASES = Path(__file__).parent / "cases"
UPDATE = os.environ.get("UPDATE_CASES") == "1"


def _project(case: Path, folder: Path) -> Path:
    (folder / "connectors").mkdir()
    (folder / "specs").mkdir()
    shutil.copy(case / "connector.yaml", folder / "connectors" / f"{case.name}.yaml")
    shutil.copy(case / "spec.yaml", folder / "specs" / "spec.yaml")
    if (case / "custom.py").exists():
        shutil.copy(case / "custom.py", folder / "connectors" / f"{case.name}_custom.py")
    return folder


def _expect(path: Path, text: str) -> None:
    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.requirement(
    "GEN-FAULTS",
    "GEN-REFUSED",
    "GEN-NARROWING",
    "GEN-BUDGET",
    "GEN-CUSTOM",
    "GEN-REMOTE-REF",
    "OAS-READONLY",
    "OAS-HEADERS",
    "T-125",
    "V-11",
    "WIRE-BODY",
    "WIRE-NAMES",
    "WIRE-PATH",
    "WIRE-SERVER",
)
@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_build_gives_the_expected_module_or_the_expected_faults(case: Path, tmp_path: Path) -> None:
    project = _project(case, tmp_path)

    result = CliRunner().invoke(gen, ["build", case.name, "--project", str(project)])

    module = project / "connectors" / f"{case.name}.py"
    if case.name.startswith("fault_"):
        assert (result.exit_code, module.exists()) == (1, False)
        assert sorted(path.suffix for path in (project / "connectors").iterdir()) == [".yaml"]
        _expect(case / "expected.stderr", result.stderr)
    else:
        assert result.exit_code == 0, result.output
        _expect(case / "expected.py", module.read_text(encoding="utf-8"))
        lock = project / "connectors" / f"{case.name}.lock"
        _expect(case / "expected.lock", lock.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", sorted(CASES.glob("*/expected.py")), ids=lambda path: path.parent.name
)
def test_each_published_schema_stands_on_its_own(path: Path) -> None:
    module = load(path.read_text(encoding="utf-8"), path.parent.name)

    for tool in module.connector.tools:
        for schema in (tool.input_schema, tool.output_schema or {}):
            jsonschema_rs.Draft202012Validator(dict(schema))


@pytest.mark.parametrize(
    "path", sorted(CASES.glob("*/expected.py")), ids=lambda path: path.parent.name
)
def test_each_published_schema_is_what_pydantic_would_write(path: Path) -> None:
    module = load(path.read_text(encoding="utf-8"), path.parent.name)

    for tool in module.connector.tools:
        assert tool.exact_schema == by_pydantic(cast("Any", tool.arguments))
