"""The README is true: each command in it runs, and its pictures match the folders."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from treenail_generator.cli import gen

# Commands that stay up, and what they say once they serve.
SERVING = {
    "mock": "mock phorest at http://127.0.0.1:",
    "serve": "serving phorest at http://127.0.0.1:",
}
READY_WITHIN_S = 60


def commands(root: Path) -> Iterator[str]:
    text = (root / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


def run(command: str, root: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def serve_once(command: str, root: Path, environment: Mapping[str, str], said: str) -> None:
    """Start a server on the port that the README names, until it says that it serves."""
    with subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"],
        cwd=root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(READY_WITHIN_S, process.kill)
        watchdog.start()
        try:
            line = process.stdout.readline()
            assert line.startswith(said), line or process.communicate()[1]
        finally:
            watchdog.cancel()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=READY_WITHIN_S)
        assert process.returncode == 0


def exported(command: str) -> dict[str, str]:
    assignments = command.removeprefix("export ").split()
    split = [assignment.partition("=") for assignment in assignments]
    return {name: value for name, _, value in split}


def test_each_command_of_the_readme_runs(root: Path) -> None:
    environment = dict(os.environ)
    seen = 0
    for command in commands(root):
        seen += 1
        if command.startswith("export "):
            environment |= exported(command)
            continue
        serving = next((said for word, said in SERVING.items() if f" {word} " in command), None)
        if serving is None:
            run(command, root, environment)
        else:
            serve_once(command, root, environment, serving)
    assert seen >= 8


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
    named = set(re.findall(r"`(\w+)`", row.partition(" | ")[2]))
    helpers = {"naming", "project", "diagnostics", "yaml_source", "tokens", "expressions"}

    assert named <= parts
    assert parts - named <= helpers


def test_every_link_of_the_documentation_leads_somewhere(root: Path) -> None:
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert not broken


def test_every_command_of_gen_stands_in_the_readme(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    names = gen.list_commands(gen.make_context("gen", ["--version"], resilient_parsing=True))

    assert not [name for name in names if f"`gen {name}`" not in text]
