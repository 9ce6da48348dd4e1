#!/usr/bin/env python
"""Prove, without the network, that pyproject.toml, the lock files and what is installed agree.

Usage: check_lock.py [FOLDER]. Prints every problem with its place and the command that mends it;
exits 1 when there is one.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

from packaging.dependency_groups import resolve_dependency_groups
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

EVERYTHING = "requirements.lock"
RUNTIME = "requirements-runtime.lock"
RELOCK = "run `make lock`"
REINSTALL = "run `make setup`"


@dataclass(frozen=True, slots=True)
class Pin:
    """One entry of a lock file: the only version of a package that may be installed."""

    place: str
    requirement: Requirement
    version: Version

    @property
    def name(self) -> NormalizedName:
        """The package, spelt as indexes compare names."""
        return canonicalize_name(self.requirement.name)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def is_for_here(self) -> bool:
        """Whether this Python on this platform installs it."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate()


@dataclass(frozen=True, slots=True)
class Lock:
    """The pins of a lock file, and what is wrong with the entries that are none."""

    file: str
    pins: tuple[Pin, ...]
    problems: tuple[str, ...]


def main(folder: Path) -> int:
    """Print the problems, or that there are none; the exit code."""
    problems = check(folder)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if not problems:
        sys.stdout.write("The lock files agree with pyproject.toml and with what is installed.\n")
    return 1 if problems else 0


def check(folder: Path) -> Sequence[str]:
    """Every disagreement, each as one line for a person."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    # The image, too, has every extra.
    extras = project["project"].get("optional-dependencies", {}).values()
    asked = [*project["project"]["dependencies"], *chain.from_iterable(extras)]
    runtime = [Requirement(text) for text in asked]
    groups = resolve_dependency_groups(project["dependency-groups"], "dev")
    everything = [*runtime, *map(Requirement, groups)]

    big, small = read_lock(folder, EVERYTHING), read_lock(folder, RUNTIME)
    return [
        *big.problems,
        *small.problems,
        *unlocked(big, everything),
        *unlocked(small, runtime),
        *misinstalled(big, installed_closure(everything)),
        *misinstalled(small, installed_closure(runtime)),
        *strangers(small, big),
    ]


def read_lock(folder: Path, file: str) -> Lock:
    """What the file pins; anything but `name==version` with hashes is a problem."""
    pins: list[Pin] = []
    problems: list[str] = []
    for number, entry in _entries((folder / file).read_text(encoding="utf-8")):
        place = f"{file}:{number}"
        try:
            pins.append(_pin(place, entry))
        except ValueError as error:
            problems.append(f"{place}: {error}; {RELOCK}")
    return Lock(file, tuple(pins), tuple(problems))


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Entries, continuation lines joined, and where they start; comments only if they hold a URL."""
    for found in re.finditer(r"(?:[^\n]*\\\n)*[^\n]+", text):
        entry = re.sub(r"\\(\n|$)", " ", found[0]).strip()
        if not entry.startswith("#") or "://" in entry:
            yield text.count("\n", 0, found.start()) + 1, entry


def _pin(place: str, entry: str) -> Pin:
    """The pin that the entry is.

    Raises:
        ValueError: It is none; says why.
    """
    if "://" in entry:
        raise ValueError("an address ties the lock to one place")
    if entry.startswith("-"):
        raise ValueError(f"{entry!r} is an option, and a lock holds only pins")
    text, *hashes = re.split(r"\s+--hash=", entry)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise ValueError(f"{text!r} is not a requirement") from None
    pinned = re.fullmatch(r"==([^*,]+)", str(requirement.specifier))
    if pinned is None:
        raise ValueError(f"{requirement} is not pinned with ==")
    if not hashes:
        raise ValueError(f"{requirement} has no hash")
    if not all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes):
        raise ValueError(f"{requirement} has a hash that is not sha256")
    return Pin(place, requirement, Version(pinned[1]))


def unlocked(lock: Lock, wanted: Iterable[Requirement]) -> Iterator[str]:
    """Requirements of pyproject.toml that no pin meets."""
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        pins = [pin for pin in lock.pins if pin.name == name]
        if not pins:
            yield f"pyproject.toml: {requirement.name} has no pin in {lock.file}; {RELOCK}"
        elif not any(requirement.specifier.contains(pin.version, prereleases=True) for pin in pins):
            yield f"{pins[0].place}: {pins[0]} is not {requirement}; {RELOCK}"


def misinstalled(lock: Lock, installed: Mapping[NormalizedName, Version | None]) -> Iterator[str]:
    """Where the lock and the installed closure of what it is made for differ."""
    pins = {pin.name: pin for pin in lock.pins if pin.is_for_here}
    for name, version in installed.items():
        pin = pins.get(name)
        if version is None:
            yield f"{lock.file}: {name} is needed and not installed; {REINSTALL}"
        elif pin is None:
            yield f"{lock.file}: {name} {version} is installed and has no pin; {RELOCK}"
        elif pin.version != version:
            yield f"{pin.place}: {pin}, but {version} is installed; {REINSTALL}"
    if None not in installed.values():
        for pin in pins.values():
            if pin.name not in installed:
                yield f"{pin.place}: nothing needs {pin}; {RELOCK}"


def installed_closure(wanted: Iterable[Requirement]) -> Mapping[NormalizedName, Version | None]:
    """The version of every package needed on this Python and platform; None if not installed."""
    versions: dict[NormalizedName, Version | None] = {}
    pending = [(each, "") for each in wanted]
    seen: set[tuple[NormalizedName, str]] = set()
    while pending:
        requirement, extra = pending.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for asked in {"", *requirement.extras}:
            if (name, asked) in seen:
                continue
            seen.add((name, asked))
            try:
                found = distribution(name)
            except PackageNotFoundError:
                versions[name] = None
                continue
            versions[name] = Version(found.version)
            pending += [(Requirement(text), asked) for text in found.requires or ()]
    return versions


def strangers(small: Lock, big: Lock) -> Iterator[str]:
    """Pins of the small lock that the big one does not share."""
    shared = {(pin.name, pin.version) for pin in big.pins}
    for pin in small.pins:
        if (pin.name, pin.version) not in shared:
            yield f"{pin.place}: {pin} is not in {big.file}; {RELOCK}"


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2])))
