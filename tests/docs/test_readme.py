"""The README is true: each command in it runs, and its pictures match the folders."""

import re
from pathlib import Path

import click
import pytest

from tests.support.terminal import checkout_copy, commands_of, terminal
from treenail_generator.cli import gen
from treenail_runtime.cli import treenail


@pytest.mark.requirement("S0-47")
def test_each_command_of_the_readme_runs(root: Path, tmp_path: Path) -> None:
    lines = commands_of(root / "README.md")
    state = tmp_path / "state"
    state.mkdir()
    with terminal(checkout_copy(root, tmp_path), state, programs=None) as shell:
        for line in lines:
            shell.type(line)

    assert len(lines) >= 8
    assert any(" serve " in line for line in lines)


@pytest.mark.parametrize(
    ("folder", "package"),
    [("generator", "treenail_generator"), ("runtime", "treenail_runtime")],
)
def test_the_folder_table_names_every_part_of_the_packages(
    root: Path, folder: str, package: str
) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| `{folder}/{package}/` |"))
    parts = {
        path.stem
        for path in (root / folder / package).iterdir()
        if not path.name.startswith(("_", "."))
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    named = set(re.findall(r"`(\w+)`", row.partition(" | ")[2])) - {"oauth"}
    helpers = {
        "naming",
        "project",
        "diagnostics",
        "yaml_source",
        "tokens",
        "expressions",
        "markdown",
        "patterns",
        "formats",
        "media_types",
        "collecting",
        "imports",
        "json_texts",
        "visible",
    }

    assert named <= parts
    assert parts - named <= helpers


@pytest.mark.parametrize("program", [gen, treenail], ids=["gen", "treenail"])
def test_every_command_stands_in_the_readme(root: Path, program: click.Group) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    names = program.list_commands(program.make_context("x", ["--help"], resilient_parsing=True))

    assert len(names) > 6
    assert not [name for name in names if f"`{program.name} {name}`" not in text]
