"""`gen build`, `gen check`, `gen diff`: three thin callers of one pure function."""

import difflib
import sys
import time

import click

from treenail_generator.build import Built, build
from treenail_generator.diagnostics import BuildError
from treenail_generator.drift import Drift, compare
from treenail_generator.lock import published
from treenail_generator.project import Project
from treenail_generator.verify import load

from .common import built_or_exit
from .files import outdated, read_sources, write
from .options import as_json_option, name_argument, project_option
from .output import say, say_json, tell


@click.command("build")
@name_argument
@project_option
@as_json_option
def build_command(name: str, project: Project, as_json: bool) -> None:
    """Write connectors/NAME.py and its lock from connectors/NAME.yaml."""
    started = time.monotonic()
    built = built_or_exit(project, name, as_json=as_json)
    changed = write(project, built)
    if as_json:
        say_json({"ok": True, "connector": name, "tools": len(built.tools), "changed": changed})
        return
    for path in changed:
        say(f"wrote {path}")
    if not changed:
        say(f"{project.shown(project.module(name))} is up to date")
    tell(f"{len(built.tools)} tools in {time.monotonic() - started:.2f} s")


@click.command("check")
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every connector of the project.")
@project_option
@as_json_option
def check_command(
    names: tuple[str, ...],
    every: bool,
    project: Project,
    as_json: bool,
) -> None:
    """Prove that the committed modules, locks and pins are what their inputs give."""
    if every == bool(names):
        raise click.UsageError("name connectors, or say --all")
    failed = False
    results: list[dict[str, object]] = []
    for name in project.names() if every else names:
        try:
            built = build(read_sources(project, name))
        except BuildError as error:
            failed = True
            results.append(
                {"connector": name, "diagnostics": [d.as_json() for d in error.diagnostics]}
            )
            if not as_json:
                tell(str(error))
            continue
        stale = outdated(project, built)
        failed = failed or bool(stale)
        results.append({"connector": name, "outdated": [each.path for each in stale]})
        if not as_json:
            for each in stale:
                tell(f"{each.path} {each.reason}; run `gen build {name}`")
            if not stale:
                say(f"{name}: up to date, {len(built.tools)} tools")
    if as_json:
        say_json({"ok": not failed, "connectors": results})
    sys.exit(1 if failed else 0)


@click.command("diff")
@name_argument
@click.option("--text", is_flag=True, help="Show the difference of the modules' text, too.")
@project_option
@as_json_option
def diff_command(name: str, text: bool, project: Project, as_json: bool) -> None:
    """Tell, tool by tool, what a build would change. Status 1 when anything would."""
    built = built_or_exit(project, name, as_json=as_json)
    module, lock = project.module(name), project.lock(name)
    if not module.is_file():
        tell(f"{project.shown(module)} does not exist yet; run `gen build {name}`")
        sys.exit(1)
    committed = module.read_text(encoding="utf-8")
    locked = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    drift = _drift(built, committed, locked, name)
    changed = committed != built.module or locked != built.lock
    if as_json:
        say_json({"ok": not changed, "connector": name, **drift.as_json()})
    else:
        _tell_drift(drift, changed=changed)
        if text:
            _tell_text(committed, built.module, project.shown(module))
    sys.exit(1 if changed else 0)


def _drift(built: Built, committed: str, locked: str, name: str) -> Drift:
    old = load(committed, name).connector
    known = {tool.name for tool in old.tools}
    # Hand-written tools live outside the generated module; they do not drift with the upstream.
    new = [tool for tool in built.loaded.connector.tools if tool.name in known or tool.operation]
    return compare(
        [published(tool) for tool in old.tools],
        [published(tool) for tool in new],
        locked,
        built.lock,
        old.version,
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
