"""What all pages have in common: their links lead somewhere, and their commands exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from treenail_runtime.cli import treenail


def pages(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def anchor(heading: str) -> str:
    """The name of a heading in a link, as GitHub makes it."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def links(page: Path) -> Iterator[tuple[str, str]]:
    """File (empty for the page itself) and anchor of each link within the documentation."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            name, _, part = target.partition("#")
            yield name, part


def test_every_link_of_the_documentation_leads_somewhere(root: Path) -> None:
    broken: list[str] = []
    for page in pages(root):
        for name, part in links(page):
            target = (page.parent / name) if name else page
            if not target.exists():
                broken.append(f"{page.name}: {name}")
            elif part and target.suffix == ".md":
                text = target.read_text(encoding="utf-8")
                headings = {anchor(found) for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
                if part not in headings:
                    broken.append(f"{page.name}: {name}#{part}")

    assert not broken


def test_every_page_of_the_documentation_is_in_its_index(root: Path) -> None:
    index = root / "docs/README.md"
    listed = {(index.parent / name).resolve() for name, _ in links(index)}
    there = {path.resolve() for path in (root / "docs").rglob("*.md")} - {index.resolve()}

    assert not there - listed


@pytest.mark.requirement("S1-11")
def test_every_command_of_treenail_that_a_page_names_exists(root: Path) -> None:
    """With its subcommand and its options, also in compose.yaml's `command`."""
    unknown: list[str] = []
    seen = 0
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        for words in re.findall(r"\btreenail ((?:[a-z-]+ ?)+(?:[^`\n]*)?)", text):
            named = words.split()
            command = _command(named)
            if command is None:
                continue
            seen += 1
            known = {option for each in command.params for option in each.opts} | {"--help"}
            unknown += [
                f"{page.name}: treenail {words}"
                for word in named
                if word.startswith("--") and word.partition("=")[0].rstrip(".,;:)") not in known
            ]

    assert seen > 40
    assert not unknown


def _command(words: list[str]) -> click.Command | None:
    """What the words call; None where they are prose."""
    context = click.Context(treenail)
    found: click.Command | None = treenail.get_command(context, words[0])
    while isinstance(found, click.Group):
        rest = [word.strip("`.,;:()") for word in words[1:]]
        if not rest or rest[0] not in found.commands:
            return found
        words = rest
        found = found.commands[rest[0]]
    return found
