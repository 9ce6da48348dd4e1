"""`gen build` and `gen check`: two thin callers of one pure function."""

import gc
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from treenail_generator.build import Built, build
from treenail_generator.diagnostics import BuildError, Diagnostic, Location
from treenail_generator.document import validate_operations
from treenail_generator.project import Project
from treenail_generator.verify import Effort

from .common import built_or_exit
from .files import Outdated, outdated, read_sources, write
from .options import as_json_option, name_argument, project_option
from .output import (
    say,
    say_json,
    tell,
    tell_faults,
    tell_notes,
    tell_rules,
    tell_unproven,
    tell_warnings,
)
from .pins import read_pin
from .progress import Progress, progress_option
from .proving import Proven, prove_again


@click.command("build")
@name_argument
@project_option
@as_json_option
@progress_option
def build_command(name: str, project: Project, as_json: bool, progress: bool | None) -> None:
    """Write connectors/NAME.py and its lock from connectors/NAME.yaml."""
    started = time.monotonic()
    built = built_or_exit(project, name, as_json=as_json, progress=Progress(wanted=progress))
    try:
        changed = write(project, built, pins=read_pin(project, built).text)
    except BuildError as error:
        tell_faults(error, as_json=as_json)
        sys.exit(1)
    warnings = (*built.document.warnings, *built.doubts)
    if as_json:
        facts = {"ok": True, "connector": name, "tools": len(built.tools), "changed": changed}
        notes = _as_json((*built.document.notes, *built.plan.notes))
        counted = {"unproven": len(built.unproven)}
        told = _as_json((*warnings, *built.unproven))
        say_json({**facts, **counted, "warnings": told, "notes": notes})
        return
    tell_notes(built.document.notes)
    tell_rules(built.plan.notes)
    tell_warnings(warnings)
    tell_unproven(built.unproven)
    for path in changed:
        say(f"wrote {path}")
    if not changed:
        say(f"{project.shown(project.module(name))} is up to date")
    tell(f"{len(built.tools)} tools in {time.monotonic() - started:.2f} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What is wrong with one connector: nothing when both tuples are empty."""

    name: str
    tools: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    outdated: tuple[Outdated, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    unproven: tuple[Diagnostic, ...] = ()
    proven: Proven | None = None

    @property
    def is_ok(self) -> bool:
        return not self.diagnostics and not self.outdated

    def as_json(self) -> dict[str, Any]:
        return {
            "connector": self.name,
            "ok": self.is_ok,
            "diagnostics": _as_json(self.diagnostics),
            "outdated": [{"path": each.path, "reason": each.reason} for each in self.outdated],
            "unproven": len(self.unproven),
            "warnings": _as_json((*self.warnings, *self.unproven)),
            **({"proof": self.proven.as_json()} if self.proven is not None else {}),
        }


@click.command("check")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every connector of the project.")
@click.option("--prove", is_flag=True, help="Try the requests with many more arguments.")
@click.option(
    "--examples",
    type=click.IntRange(0, 100_000),
    default=100,
    show_default=True,
    help="With --prove: edge cases tried for each tool.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="With --prove: which edge cases."
)
@project_option
@as_json_option
@progress_option
def check_command(  # one for each option
    names: tuple[str, ...],
    every: bool,
    prove: bool,
    examples: int,
    seed: int,
    project: Project,
    as_json: bool,
    progress: bool | None,
) -> None:
    """Prove that the committed modules, locks and pins are what their inputs give."""
    if every == bool(names):
        raise click.UsageError("name connectors, or say --all")
    chosen = project.names() if every else names
    if not chosen:
        tell_faults(_no_connectors(project), as_json=as_json)
        sys.exit(1)
    effort = Effort(examples=examples, seed=seed) if prove else None
    results: list[_Checked] = []
    for name in chosen:
        results.append(_checked(project, name, effort, Progress(wanted=progress)))
        gc.collect()
        if not as_json:
            _tell_checked(results[-1])
    is_ok = all(each.is_ok for each in results)
    if as_json:
        say_json({"ok": is_ok, "connectors": [each.as_json() for each in results]})
    sys.exit(0 if is_ok else 1)


def _no_connectors(project: Project) -> BuildError:
    folder = project.shown(project.connectors)
    place, fault = Location(folder, 1, 1), "there are no connectors here"
    hint = "write connectors/<name>.yaml, or name the folder that holds connectors/ by --project"
    return BuildError([Diagnostic(place, "no-connector", fault, hint=hint)])


def _checked(project: Project, name: str, effort: Effort | None, progress: Progress) -> _Checked:
    try:
        built = build(read_sources(project, name), progress)
        pin = read_pin(project, built).outdated
    except BuildError as error:
        return _Checked(name=name, diagnostics=error.diagnostics)
    finally:
        progress.end()
    proven = prove_again(built, effort, progress) if effort is not None else None
    return _Checked(
        name=name,
        tools=len(built.tools),
        diagnostics=(*proven.diagnostics, *proven.unproven, *proven.doubts)
        if proven is not None
        else (),
        proven=proven,
        outdated=(*outdated(project, built), *([pin] if pin is not None else [])),
        warnings=_warnings(built),
        unproven=built.unproven if proven is None else proven.unproven,
    )


def _warnings(built: Built) -> tuple[Diagnostic, ...]:
    """Every fault of the document that a build bears; strict about the operations in use."""
    document = built.document
    keys = dict.fromkeys(endpoint.operation for endpoint in built.plan.endpoints)
    used = [found for key in keys if (found := document.operation(key)) is not None]
    return (*document.all_warnings(), *validate_operations(document, used), *built.doubts)


def _tell_checked(checked: _Checked) -> None:
    tell_warnings(checked.warnings)
    if checked.proven is None:
        tell_unproven(checked.unproven)
    for diagnostic in checked.diagnostics:
        tell(str(diagnostic))
    for each in checked.outdated:
        tell(f"{each.path} {each.reason}; {each.remedy}")
    if checked.proven is not None:
        say(f"{checked.name}: {checked.proven.summary}")
    if checked.is_ok:
        say(f"{checked.name}: up to date, {checked.tools} tools")


def _as_json(diagnostics: Sequence[Diagnostic]) -> list[dict[str, str | int | None]]:
    return [each.as_json() for each in diagnostics]
