"""The house rules that no linter knows."""

import re
import subprocess
from pathlib import Path

from treenail_generator import naming, render
from treenail_runtime import contract

MOST_LINES = 500
GENERATED = (
    "connectors/phorest.py",
    "connectors/fergus.py",
    "docs/connectors/",
    "specs/",
    "tests/generator/cases/",
)
SNAPSHOTS = "__snapshots__"


def tracked(root: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [root / name for name in listed if (root / name).is_file()]


def test_no_file_that_people_write_is_longer_than_500_lines(root: Path) -> None:
    """Documents of upstreams, generated modules, snapshots and locks are as long as they are."""
    long = {
        str(path.relative_to(root)): count
        for path in tracked(root)
        if path.suffix in {".py", ".jinja", ".yaml", ".yml", ".toml", ".md"}
        and not str(path.relative_to(root)).startswith(GENERATED)
        and SNAPSHOTS not in path.parts
        and (count := path.read_text(encoding="utf-8").count("\n")) > MOST_LINES
    }

    assert not long


def test_every_suppression_names_its_code_and_its_reason(root: Path) -> None:
    bare = [
        f"{path.relative_to(root)}:{number}"
        for path in tracked(root)
        if path.suffix == ".py" and path.name != "test_house.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"#\s*(noqa|type:\s*ignore|pyright:\s*ignore)", line)
        and not re.search(r"#\s*(noqa: [A-Z0-9, ]+|pyright: ignore\[\w+\])\s+# \S+", line)
    ]

    assert not bare


def test_the_contract_exports_what_it_says_and_what_templates_use() -> None:
    assert len(set(contract.__all__)) == len(contract.__all__)
    assert all(hasattr(contract, name) for name in contract.__all__)
    assert set(naming.CONTRACT_NAMES) <= set(contract.__all__)
    assert contract.CONTRACT_VERSION == render.CONTRACT_VERSION


def test_what_the_template_leaves_out_is_what_the_contract_assumes() -> None:
    endpoint = contract.Endpoint("GET", "/")

    assert endpoint.timeout_s == render.DEFAULT_TIMEOUT_S
    assert endpoint.max_bytes == render.DEFAULT_MAX_BYTES
