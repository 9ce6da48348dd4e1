"""`gen diff`: what a build would change, tool by tool."""

import difflib
import sys

import click

from treenail_generator.build import Built
from treenail_generator.diagnostics import BuildError
from treenail_generator.drift import Drift, compare
from treenail_generator.lock import Lock, published
from treenail_generator.project import Project

from .committed import Committed, read_committed
from .common import built_or_exit
from .options import as_json_option, name_argument, project_option
from .output import say, say_json, tell_faults


@click.command("diff")
@name_argument
@click.option("--text", is_flag=True, help="Show the difference of the modules' text, too.")
@project_option
@as_json_option
def diff_command(name: str, text: bool, project: Project, as_json: bool) -> None:
    """Tell, tool by tool, what a build would change. Status 1 when anything would."""
    built = built_or_exit(project, name, as_json=as_json)
    try:
        committed = read_committed(project, name)
    except BuildError as error:
        tell_faults(error, as_json=as_json)
        sys.exit(1)
    drift = _drift(built, committed)
    changed = committed.module != built.module or committed.lock_text != built.lock
    if as_json:
        say_json({"ok": not changed, "connector": name, **drift.as_json()})
    else:
        _tell_drift(drift, changed=changed)
        if text:
            _tell_text(committed.module, built.module, project.shown(project.module(name)))
    sys.exit(1 if changed else 0)


def _drift(built: Built, committed: Committed) -> Drift:
    return compare(
        committed.tools,
        [published(tool) for tool in built.tools],
        committed.lock,
        Lock.model_validate_json(built.lock),
        committed.version,
    )


def _tell_drift(drift: Drift, *, changed: bool) -> None:
    for change in drift.changes:
        say(f"{change.severity:<10}  {change.tool}: {change.message}")
    if drift.changes:
        say(f"version {drift.version} -> {drift.proposed_version} is proposed")
    elif changed:
        say("no tool changes; the module or its lock reads differently")
    else:
        say("no change")


def _tell_text(old: str, new: str, path: str) -> None:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm=""
    )
    for line in lines:
        say(line)
