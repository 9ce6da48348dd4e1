"""PINNED.yaml: the origin, date and hash of each document, written by people but for the hash."""

from dataclasses import dataclass
from pathlib import Path

from treenail_generator.build import Built
from treenail_generator.diagnostics import Location
from treenail_generator.project import Project
from treenail_generator.yaml_source import read_source

from .files import Outdated, read_text

_QUOTES = ('"', "'")


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a document is pinned.

    Attributes:
        outdated: What is wrong with it; None when nothing is.
        text: The whole file with the right hash; None when a person has to write it.
    """

    outdated: Outdated | None = None
    text: str | None = None


def read_pin(project: Project, built: Built) -> Pin:
    """The pin of the build's document; nothing is wrong where there is none, or no pins.

    Raises:
        BuildError: The file is no YAML.
    """
    if not built.plan.spec or not project.pins.is_file():
        return Pin()
    shown = project.shown(project.pins)
    text = read_text(project, project.pins)
    source = read_source(text, shown)
    entry = Path(built.plan.spec).name
    pinned = source.text_at((entry, "sha256"))
    if pinned == built.spec_sha256:
        return Pin()
    if pinned is None:
        missing, remedy = "entry", "add origin, date and sha256"
        if isinstance(source.value, dict) and entry in source.value:
            missing, remedy = "sha256", f"add {built.spec_sha256}"
        return Pin(Outdated(shown, f"has no {missing} for {built.plan.spec}", remedy))
    place = source.at((entry, "sha256"))
    reason = f"pins another hash of {built.plan.spec}"
    repinned = _replaced(text, place, pinned, built.spec_sha256)
    if repinned is None:
        return Pin(Outdated(shown, reason, f"write {built.spec_sha256}"))
    return Pin(Outdated(shown, reason, f"run `gen build {built.plan.name}`"), repinned)


def _replaced(text: str, place: Location, old: str, new: str) -> str | None:
    """The text with `new` for the value `old` at `place`; None when it is written otherwise."""
    lines = text.split("\n")
    if place.line > len(lines):
        return None
    line, start = lines[place.line - 1], place.column - 1
    if line.startswith(_QUOTES, start):
        start += 1
    if not line.startswith(old, start):
        return None
    lines[place.line - 1] = f"{line[:start]}{new}{line[start + len(old) :]}"
    return "\n".join(lines)
