"""`gen diff`: what a build, or another document of the upstream, would change, tool by tool."""

import difflib
import sys
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

import click

from treenail_generator.build import Built, build
from treenail_generator.diagnostics import BuildError
from treenail_generator.drift import Drift, as_markdown, compare, compare_documents
from treenail_generator.lock import Lock, published
from treenail_generator.project import Project

from .committed import Committed, read_committed
from .files import read_sources, read_text
from .options import as_json_option, name_argument, project_option
from .output import say, say_json, tell_faults

Format: TypeAlias = Literal["text", "json", "markdown"]

_CANNOT_TELL = 2


@click.command("diff")
@name_argument
@click.option(
    "--spec",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Another version of the upstream's document, to compare with the committed one.",
)
@click.option("--text", is_flag=True, help="Show the difference of the modules' text, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="For people, for programs, or for a pull request.",
)
@project_option
@as_json_option
def diff_command(  # one argument an option
    name: str, spec: Path | None, text: bool, form: Format, project: Project, as_json: bool
) -> None:
    """Tell, tool by tool, what a build would change, or with --spec what another document would.

    Status 0: nothing that agents see; 1: compatible changes; 2: breaking ones, or a fault.
    """
    form = "json" if as_json else form
    if spec is not None and text:
        raise click.UsageError("--text compares modules; with --spec there is none")
    if spec is not None:
        drift = _of_document(project, name, spec, form)
        _tell(drift, name, form, silent="no tool changes")
    else:
        built, committed = _both(project, name, form)
        drift = _of_build(built, committed)
        changed = committed.module != built.module or committed.lock_text != built.lock
        same = "no tool changes; the module or its lock reads differently"
        _tell(drift, name, form, silent=same if changed else "no change", changed=changed)
        if text and form == "text":
            _tell_text(committed.module, built.module, project.shown(project.module(name)))
    sys.exit(drift.status)


def _of_document(project: Project, name: str, spec: Path, form: Format) -> Drift:
    try:
        sources = read_sources(project, name)
        return compare_documents(sources, read_text(project, spec), project.shown(spec))
    except BuildError as error:
        _fail(error, form)


def _both(project: Project, name: str, form: Format) -> tuple[Built, Committed]:
    try:
        return build(read_sources(project, name)), read_committed(project, name)
    except BuildError as error:
        _fail(error, form)


def _fail(error: BuildError, form: Format) -> NoReturn:
    tell_faults(error, as_json=form == "json")
    sys.exit(_CANNOT_TELL)


def _of_build(built: Built, committed: Committed) -> Drift:
    return compare(
        committed.tools,
        [published(tool) for tool in built.tools],
        committed.lock,
        Lock.model_validate_json(built.lock),
        committed.version,
    )


def _tell(
    drift: Drift, name: str, form: Format, *, silent: str, changed: bool | None = None
) -> None:
    """Print the drift; `changed` says whether a build would write anything, where that is known."""
    match form:
        case "json":
            ok = not drift.changes if changed is None else not changed
            say_json({"ok": ok, "connector": name, **drift.as_json()})
        case "markdown":
            click.echo(as_markdown(drift, name), nl=False)
        case "text":
            for change in drift.changes:
                say(f"{change.severity:<10}  {change.subject}: {change.message}")
            if drift.changes:
                say(f"version {drift.version} -> {drift.proposed_version} is proposed")
            else:
                say(silent)


def _tell_text(old: str, new: str, path: str) -> None:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm=""
    )
    for line in lines:
        say(line)
