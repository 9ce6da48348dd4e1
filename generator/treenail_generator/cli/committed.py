"""What is committed beside a connector file: a module and a lock that anybody may have edited."""

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from treenail_generator.diagnostics import BuildError, Diagnostic, Location
from treenail_generator.lock import Lock, published
from treenail_generator.project import Project
from treenail_generator.verify import import_fault, load_committed

from .files import read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The committed module and lock of one connector.

    Attributes:
        lock_text: None when there is no lock; then `lock` is None, too.
        tools: The generated tools as tools/list tells them.
    """

    module: str
    lock_text: str | None
    version: str
    tools: tuple[dict[str, Any], ...]
    lock: Lock | None


def read_committed(project: Project, name: str) -> Committed:
    """The committed state of the connector `name`.

    Raises:
        BuildError: There is no module yet, or a file is not what a build wrote.
    """
    path, hint = project.module(name), f"run `gen build {name}`"
    if not path.is_file():
        fault = f"{project.shown(path)} does not exist yet"
        raise BuildError([Diagnostic(_top(project.shown(path)), "not-built", fault, hint=hint)])
    module = read_text(project, path)
    lock_text = read_text(project, project.lock(name)) if project.lock(name).is_file() else None
    faults: list[Diagnostic] = []
    version, tools, lock = "", (), None
    try:
        version, tools = _surface(module, name)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # anybody's code may stand there
        found = import_fault(error, f"connectors/{name}.py", "committed-module", hint=hint)
        faults.append(found)
    try:
        lock = _lock(lock_text, project.shown(project.lock(name)), hint)
    except BuildError as error:
        faults.extend(error.diagnostics)
    if faults:
        raise BuildError(faults)
    return Committed(module=module, lock_text=lock_text, version=version, tools=tools, lock=lock)


def _surface(module: str, name: str) -> tuple[str, tuple[dict[str, Any], ...]]:
    connector = load_committed(module, name).connector
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", connector.version):
        raise ValueError(f"its version is {connector.version!r}")
    return connector.version, tuple(published(tool) for tool in connector.tools)


def _lock(text: str | None, file: str, hint: str) -> Lock | None:
    if text is None:
        return None
    try:
        return Lock.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        place = Location(file, error.lineno, error.colno)
        problem = f"is no JSON: {error.msg}"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        place, problem = _top(file), f"is no lock: {where or 'the file'}: {first['msg']}"
    except RecursionError:
        place, problem = _top(file), "is nested too deep"
    raise BuildError([Diagnostic(place, "committed-lock", problem, hint=hint)])


def _top(file: str) -> Location:
    return Location(file, 1, 1)
