"""Reading and writing a project's files; the only place where the generator touches the disk."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from treenail_generator.build import Built, Sources
from treenail_generator.diagnostics import BuildError, Diagnostic, Location, nearest
from treenail_generator.document import Inputs, ReadOther, TextFile
from treenail_generator.project import Project
from treenail_generator.reference import reference_page
from treenail_generator.yaml_source import Pointer, Source, read_source


@dataclass(frozen=True, slots=True)
class Outdated:
    """A committed file that is not what a build gives, and what to do about it."""

    path: str
    reason: str
    remedy: str


def read_sources(project: Project, name: str) -> Sources:
    """The inputs of the connector `name`.

    Raises:
        BuildError: A file is missing or is no UTF-8 text.
    """
    path = project.connector_file(name)
    if name not in project.names():
        close = nearest(name, project.names())
        known = ", ".join(project.names()) or "none yet"
        raise _fault(
            project.shown(path),
            "no-connector",
            f"there is no connector {name!r}",
            f"did you mean {close!r}?" if close else f"connectors here: {known}",
        )
    source = read_source(read_text(project, path), project.shown(path))
    spec, inputs = read_inputs(project, source)
    custom = project.custom_module(name)
    return Sources(
        connector=source,
        connector_name=project.shown(path),
        spec=read_text(project, spec) if spec is not None else None,
        spec_name=project.shown(spec) if spec is not None else "",
        inputs=inputs,
        custom=read_text(project, custom) if custom.is_file() else None,
        custom_name=project.shown(custom),
    )


def read_inputs(project: Project, source: Source) -> tuple[Path | None, Inputs]:
    """The path of the document that a connector file names, and what is read together with it.

    Without `spec` there is none.

    Only the shape that leads to files is looked at; the rest is the build's.

    Raises:
        BuildError: A file is missing, lies outside the project, or is no UTF-8 text.
    """
    root = cast("dict[str, Any]", source.value) if isinstance(source.value, dict) else {}
    given = root.get("spec")
    pointer: Pointer = ("spec",)
    section: dict[str, Any] = {}
    if isinstance(given, dict):
        section, pointer = cast("dict[str, Any]", given), ("spec", "path")
        given = section.get("path")
    if given is None and not section:
        return None, Inputs()
    if not isinstance(given, str):
        fault, hint = "spec needs the path of a document", "spec: specs/<name>.yaml"
        raise BuildError([Diagnostic(source.at(pointer), "missing-key", fault, hint=hint)])
    spec = _inside(project, source, pointer, given)
    listed: object = section.get("overlays")
    overlays = cast("list[object]", listed) if isinstance(listed, list) else []
    files = [
        _inside(project, source, ("spec", "overlays", index), each)
        for index, each in enumerate(overlays)
        if isinstance(each, str)
    ]
    return spec, inputs_of(project, spec, files, refs=section.get("refs") == "file")


def inputs_of(project: Project, spec: Path, overlays: Sequence[Path], *, refs: bool) -> Inputs:
    """What is read together with the document at `spec`.

    Args:
        project: Whose files these are.
        spec: The document; other files lie in its folder or below.
        overlays: In the order in which they are applied.
        refs: Whether the document may lead to other files beside it.

    Raises:
        BuildError: An overlay is no UTF-8 text.
    """
    texts = [TextFile(read_text(project, file), project.shown(file)) for file in overlays]
    return Inputs(overlays=texts, read_other=_reader(project, spec.parent) if refs else None)


def _inside(project: Project, source: Source, pointer: Pointer, given: str) -> Path:
    """The file that the connector file names at the pointer; it lies inside the project."""
    path = project.root / given
    fault, hint = None, None
    if not path.is_file():
        fault, hint = f"{given} does not exist", "give its path from the project's folder"
    elif not path.resolve().is_relative_to(project.root.resolve()):
        fault = f"{given} lies outside the project"
    if fault is not None:
        raise BuildError([Diagnostic(source.at(pointer), "no-spec", fault, hint=hint)])
    return path


def _reader(project: Project, folder: Path) -> ReadOther:
    """Reads files in the folder and below it, wherever links lead."""

    def read_other(path: str) -> str | None:
        file = (folder / path).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            return None
        return read_text(project, file)

    return read_other


def read_text(project: Project, path: Path) -> str:
    """The file's text.

    Raises:
        BuildError: It is not UTF-8, or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _fault(project.shown(path), "not-text", "the file is not UTF-8", None) from None
    except OSError as error:
        fault = f"the file cannot be read: {error.strerror}"
        raise _fault(project.shown(path), "not-text", fault, None) from None


def _fault(file: str, code: str, message: str, hint: str | None) -> BuildError:
    return BuildError([Diagnostic(Location(file, 1, 1), code, message, hint=hint)])


def write(project: Project, built: Built, *, pins: str | None) -> list[str]:
    """Write module, lock and `pins` where they differ; the changed files, as people see them."""
    name = built.plan.name
    wanted = [(project.module(name), built.module), (project.lock(name), built.lock)]
    if pins is not None:
        wanted.append((project.pins, pins))
    changed: list[str] = []
    for path, text in wanted:
        if not path.is_file() or path.read_bytes() != text.encode():
            replace_file(path, text)
            changed.append(project.shown(path))
    return changed


def replace_file(path: Path, text: str) -> None:
    """Write whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def outdated(project: Project, built: Built) -> list[Outdated]:
    """The committed files that a build would change, and the page if the project keeps one."""
    name = built.plan.name
    found: list[Outdated] = []
    for path, text in ((project.module(name), built.module), (project.lock(name), built.lock)):
        if not path.is_file():
            reason = "is missing"
        elif path.read_bytes() != text.encode():
            reason = "is not what the inputs give"
        else:
            continue
        found.append(Outdated(project.shown(path), reason, f"run `gen build {name}`"))
    page = project.page(name)
    if page.is_file() and page.read_bytes() != reference_page(built).encode():
        reason = "is not what the tools are"
        found.append(Outdated(project.shown(page), reason, f"run `gen docs {name}`"))
    return found
