"""`gen init`: the first version of a connector file."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from treenail_generator.collecting import uncollected
from treenail_generator.diagnostics import BuildError, Diagnostic, Location
from treenail_generator.document import Document, Operation, read_document
from treenail_generator.document.values import items, mapping, text
from treenail_generator.init import (
    MOST_UNASKED,
    Proposal,
    SpecProposal,
    Trials,
    Wishes,
    choose,
    propose,
    proved,
    tag_counts,
    unmatched,
    written,
)
from treenail_generator.planning.reserved import RESERVED_NAMES
from treenail_generator.project import Project
from treenail_generator.visible import visible
from treenail_generator.yaml_source import JSON, read_source

from .files import inputs_of, read_text, replace_file
from .options import as_json_option, name_argument, project_option
from .output import say, say_json, tell, tell_faults

_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
_MOST_TOLD = 20


@click.command("init")
@name_argument
@click.option(
    "--spec",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The OpenAPI document; copied into specs/ unless it is there.",
)
@click.option(
    "--refs",
    type=click.Choice(["local", "file"]),
    help="file: the document may lead to other files in its folder or below.",
)
@click.option(
    "--overlay",
    "overlays",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="An overlay in the project to apply; may be repeated, in order.",
)
@click.option("--all", "everything", is_flag=True, help="Take every operation.")
@click.option("--tag", "tags", multiple=True, help="Take the operations with this tag.")
@click.option("--include", "includes", multiple=True, help="Take what matches, like 'GET /x/*'.")
@click.option("--exclude", "excludes", multiple=True, help="Leave out what matches.")
@click.option("--outputs", is_flag=True, help="Publish schemas of the answers, too.")
@click.option("--force", is_flag=True, help="Write over files that are there; names are kept.")
@project_option
@as_json_option
def init_command(
    name: str,
    spec: Path,
    refs: Literal["local", "file"] | None,
    overlays: tuple[Path, ...],
    everything: bool,
    tags: tuple[str, ...],
    includes: tuple[str, ...],
    excludes: tuple[str, ...],
    outputs: bool,
    force: bool,
    project: Project,
    as_json: bool,
) -> None:
    """Write connectors/NAME.yaml from a document: a start to curate, which builds at once.

    Without --all, --tag and --include it takes all operations of a small document, and of a large
    one tells the tags to choose from, with status 2.
    """
    try:
        _check_name(project, name, force=force)
        earlier = _earlier(project, name)
        placed = _place(project, name, spec)
        together = _together(project, placed, earlier, refs, overlays)
        wishes = Wishes(
            name=name,
            spec=together,
            everything=everything,
            tags=tags,
            includes=includes,
            excludes=excludes,
            outputs=outputs,
            kept_names=_kept_names(earlier),
        )
        proposal = _proposed(project, placed, wishes, as_json=as_json)
        _write(project, placed, proposal, force=force)
    except BuildError as error:
        tell_faults(error, as_json=as_json)
        sys.exit(1)
    if as_json:
        say_json(_as_json(project, proposal))
    else:
        _tell(project, proposal)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """The document, and where it stands in the project or will stand."""

    text: str
    path: Path
    shown: str
    is_there: bool


def _place(project: Project, name: str, spec: Path) -> _Placed:
    content = read_text(project, spec)
    folder = project.root / "specs"
    is_there = spec.resolve().is_relative_to(project.root.resolve())
    suffix = spec.suffix if spec.suffix in {".json", ".yaml", ".yml"} else ".yaml"
    path = spec if is_there else folder / f"{name}{suffix}"
    return _Placed(text=content, path=path, shown=project.shown(path), is_there=is_there)


def _check_name(project: Project, name: str, *, force: bool) -> None:
    shown = project.shown(project.connector_file(name))
    if not _NAME.fullmatch(name):
        hint = "small letters, digits and _; at most 20; a letter first"
        raise _fault(shown, "wrong-value", f"a connector cannot be called {name!r}", hint)
    if name in RESERVED_NAMES:
        hint = "name the connector after its upstream"
        raise _fault(shown, "reserved-name", f"{name!r} is something that the server has", hint)
    if project.connector_file(name).exists() and not force:
        hint = "--force writes over it, and keeps the names that it gives"
        raise _fault(shown, "exists", f"{shown} is there already", hint)


def _earlier(project: Project, name: str) -> Mapping[str, JSON]:
    """The data of the file to be replaced; empty when there is none."""
    path = project.connector_file(name)
    if not path.is_file():
        return {}
    return mapping(read_source(read_text(project, path), project.shown(path)).value)


def _together(
    project: Project,
    placed: _Placed,
    earlier: Mapping[str, JSON],
    refs: Literal["local", "file"] | None,
    overlays: Sequence[Path],
) -> SpecProposal:
    """The document with what is read together with it: as asked for, else as the file has it."""
    section = mapping(earlier.get("spec"))
    kept = [project.root / text(each) for each in items(section.get("overlays"))]
    if refs is None and section.get("refs") == "file":
        refs = "file"
    if refs == "file" and not placed.is_there:
        hint = "put its folder into specs/; --refs local reads this file alone"
        fault = "a document that leads to other files lies in the project"
        raise _fault(placed.shown, "no-spec", fault, hint)
    files = overlays or kept
    for file in files:
        if not (file.is_file() and file.resolve().is_relative_to(project.root.resolve())):
            hint = "put it into overlays/"
            raise _fault(project.shown(file), "no-spec", "no such overlay in the project", hint)
    shown = tuple(project.shown(file) for file in files)
    return SpecProposal(path=placed.shown, overlays=shown, refs=refs or "local")


def _kept_names(earlier: Mapping[str, JSON]) -> dict[str, str]:
    """The names that the file to be replaced gives to operations."""
    tools = [mapping(tool) for tool in items(earlier.get("tools"))]
    return {text(tool.get("operation")): text(tool["name"]) for tool in tools if tool.get("name")}


def _proposed(project: Project, placed: _Placed, wishes: Wishes, *, as_json: bool) -> Proposal:
    overlays = [project.root / each for each in wishes.spec.overlays]
    inputs = inputs_of(project, placed.path, overlays, refs=wishes.spec.refs == "file")
    with uncollected():
        document = read_document(placed.text, placed.shown, inputs)
        operations = _chosen(document, wishes, as_json=as_json)
        others = sum((project.root / file).stat().st_size for file in document.files)
        trials = Trials(document)
        proposal = propose(document, wishes, operations, trials)
        return proved(proposal, document, len(placed.text) + others, trials.readings)


def _chosen(document: Document, wishes: Wishes, *, as_json: bool) -> Sequence[Operation]:
    """The operations wished for; ends the command where there is nothing sensible to take."""
    idle = unmatched(document.operations, wishes)
    if idle:
        hint = "--all --json tells every operation; without options, tags are told"
        fault = f"nothing in the document matches {', '.join(map(repr, idle))}"
        raise _fault(document.file, "unknown-operation", fault, hint)
    operations = choose(document, wishes)
    if wishes.chooses or len(operations) <= MOST_UNASKED:
        return operations
    counts = tag_counts(document.operations)
    if as_json:
        tags = [{"tag": tag or None, "operations": count} for tag, count in counts]
        say_json({"ok": False, "operations": len(operations), "tags": tags})
    else:
        tell(
            f"{document.file} has {len(operations)} operations; an agent cannot choose among so many."
        )
        for tag, count in counts:
            say(visible(f"{count:6}  {tag or '(without a tag)'}"))
        tell("Choose with --tag TAG or --include 'GET /path/*', or take them with --all.")
    sys.exit(2)


def _write(project: Project, placed: _Placed, proposal: Proposal, *, force: bool) -> None:
    target = placed.path
    # As texts: line ends do not count.
    is_there = target.exists() and read_text(project, target) == placed.text
    if target.exists() and not force and not is_there:
        hint = "--force writes over it"
        raise _fault(placed.shown, "exists", f"{placed.shown} is there, with other content", hint)
    project.connectors.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not is_there:
        replace_file(target, placed.text)
    replace_file(project.connector_file(proposal.name), written(proposal))


def _as_json(project: Project, proposal: Proposal) -> dict[str, Any]:
    return {
        "ok": True,
        "connector": proposal.name,
        "wrote": project.shown(project.connector_file(proposal.name)),
        "spec": proposal.spec.path,
        "tools": len(proposal.tools),
        "tokens": proposal.tokens,
        "hidden": [
            {"tool": tool.name, "parameter": each.name, "code": each.code, "reason": each.reason}
            for tool in proposal.tools
            for each in tool.hidden
        ],
        "refused": [
            {
                "operation": each.operation,
                "endpoint": each.endpoint,
                "diagnostics": [fault.as_json() for fault in each.faults],
            }
            for each in proposal.refused
        ],
    }


def _tell(project: Project, proposal: Proposal) -> None:
    for refused in proposal.refused[:_MOST_TOLD]:
        why = f"{refused.faults[0].code}: {refused.faults[0].message}"
        tell(visible(f"refused: {refused.operation}: {why}"))
    if len(proposal.refused) > _MOST_TOLD:
        tell(f"and {len(proposal.refused) - _MOST_TOLD} more; the file names them all")
    hidden = sum(len(tool.hidden) for tool in proposal.tools)
    say(f"wrote {project.shown(project.connector_file(proposal.name))}")
    tell(
        f"{len(proposal.tools)} tools, about {proposal.tokens} tokens; "
        f"{len(proposal.refused)} operations refused, {hidden} optional parameters hidden"
    )
    notes = [region.note for region in proposal.regions if region.note]
    for note in (*notes, *proposal.auth.notes):
        tell(visible(f"look at it: {note}"))
    tell(f"next: gen build {proposal.name}")


def _fault(file: str, code: str, message: str, hint: str | None) -> BuildError:
    return BuildError([Diagnostic(Location(file, 1, 1), code, message, hint=hint)])
