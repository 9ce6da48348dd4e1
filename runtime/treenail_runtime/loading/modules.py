"""Import a committed connector module by its path, and the hand-written tools beside it."""

import dataclasses
import difflib
import importlib.util
import re
import sys
import types
from collections import Counter
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Final, TypeGuard, cast

from treenail_runtime.contract import CONTRACT_VERSION, Auth, Connector, Tool
from treenail_runtime.settings import ConfigurationError

from .collecting import uncollected
from .fitness import auth_misfit, misfit, told
from .interrupts import heeding_interrupts

_PACKAGE: Final = "treenail_connectors"
_CUSTOM: Final = "_custom"
_CONNECTOR_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class ConnectorLoadError(ConfigurationError):
    """A connector that cannot be served: what is wrong, where, and what to do about it."""

    def __init__(self, what: str, *, where: Path, remedy: str) -> None:
        super().__init__(printable(f"{where}: {what}; {remedy}"))
        self.what = what
        self.where = where
        self.remedy = remedy


def printable(text: str) -> str:
    """The text, with what cannot be printed, sent or kept in a database spelled out."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


@uncollected()
def load_connector(directory: Path, name: str) -> Connector:
    """The connector of `directory/<name>.py`, its custom tools behind the generated ones.

    Raises:
        ConnectorLoadError: The module is missing, broken, made for another contract, or its custom
            tools are not exactly those it names.
    """
    with heeding_interrupts():
        try:
            return _load(directory, name)
        except ConnectorLoadError:
            raise
        except BaseException as error:  # whatever a module brings must not end the server
            path = directory / f"{name}.py"
            raise ConnectorLoadError(
                f"it cannot be served: {_told(error, path)}",
                where=path,
                remedy=f"run `gen build {name}`",
            ) from error


def _load(directory: Path, name: str) -> Connector:
    path = directory / f"{name}.py"
    if not _CONNECTOR_NAME.fullmatch(name) or name.endswith(_CUSTOM):
        raise ConnectorLoadError(
            f"{name!r} is no connector name",
            where=directory,
            remedy=f"use small letters, digits and '_', without {_CUSTOM!r} at the end",
        )
    if not path.is_file():
        raise ConnectorLoadError(
            "there is no such module", where=path, remedy=_instead(directory, name)
        )
    connector = getattr(_imported(directory, name), "CONNECTOR", None)
    if not isinstance(connector, Connector):
        raise ConnectorLoadError(
            "it has no CONNECTOR of type Connector", where=path, remedy=f"run `gen build {name}`"
        )
    _check_contract(connector, path)
    if connector.name != name:
        raise ConnectorLoadError(
            f"its CONNECTOR is called {connector.name!r}",
            where=path,
            remedy=f"name the file {connector.name}.py or run `gen build {name}`",
        )
    _check_fields(path, connector)
    _check_auth(path, connector.auth)
    _check_fields(path, *connector.tools)
    custom = _custom_tools(directory, connector)
    connector = dataclasses.replace(connector, tools=(*connector.tools, *custom))
    _check_tools(connector.tools, path)
    return connector


def _instead(directory: Path, name: str) -> str:
    there = sorted(path.stem for path in directory.glob("*.py") if not path.stem.endswith(_CUSTOM))
    near = difflib.get_close_matches(name, there, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are: {', '.join(there)}" if there else f"run `gen build {name}`"


def _imported(directory: Path, name: str) -> types.ModuleType:
    """The module, also known as `treenail_connectors.<name>`, so that others can import from it."""
    path = directory / f"{name}.py"
    full_name = f"{_PACKAGE}.{name}"
    package = sys.modules.setdefault(_PACKAGE, types.ModuleType(_PACKAGE))
    package.__path__ = [str(directory)]
    before = sys.modules.get(full_name)
    loader = (SourceFileLoader if before is None else _Anew)(full_name, str(path))
    spec = importlib.util.spec_from_file_location(full_name, path, loader=loader)
    if spec is None or spec.loader is None:
        raise ConnectorLoadError("it is no Python module", where=path, remedy="restore it")
    module = importlib.util.module_from_spec(spec)
    # Before it runs: pydantic and dataclasses look their own module up there.
    sys.modules[full_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # as above
        if before is None:
            sys.modules.pop(full_name, None)
        else:
            # It is served on, and its types may still have to be looked up.
            sys.modules[full_name] = before
        raise ConnectorLoadError(
            f"it cannot be imported: {_told(error, path)}",
            where=path,
            remedy="correct it" if name.endswith(_CUSTOM) else f"run `gen build {name}`",
        ) from error
    return module


class _Anew(SourceFileLoader):
    """Reads the source even where there is bytecode of it.

    Bytecode is taken for that of a source of the same size and second, so that a module which is
    written twice within a second would stay what it was.
    """

    def get_code(self, fullname: str) -> types.CodeType:
        """The code of the source."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _told(error: BaseException, path: Path) -> str:
    """The error with the last line of `path` that led to it."""
    line = getattr(error, "lineno", None)
    step = error.__traceback__
    while step is not None:
        if Path(step.tb_frame.f_code.co_filename) == path:
            line = step.tb_lineno
        step = step.tb_next
    place = f" (line {line})" if line else ""
    try:
        text = str(error).strip().partition("\n")[0]
    except Exception:  # noqa: BLE001  # an error of the module's own, which cannot even be told
        text = "(without a text)"
    return f"{type(error).__name__}: {text}{place}"


def _check_contract(connector: Connector, path: Path) -> None:
    if connector.contract != CONTRACT_VERSION:
        raise ConnectorLoadError(
            f"it was generated for contract {connector.contract}, "
            f"this treenail speaks contract {CONTRACT_VERSION}",
            where=path,
            remedy=f"run `gen build {connector.name}` with this version",
        )


def _custom_tools(directory: Path, connector: Connector) -> Sequence[Tool]:
    """The tools of `<name>_custom.py`, in the order in which the connector names them."""
    name = connector.name + _CUSTOM
    path = directory / f"{name}.py"
    named = list(connector.custom_tools)
    if not path.is_file():
        if named:
            raise ConnectorLoadError(
                f"custom tools are named but not there: {', '.join(named)}",
                where=path,
                remedy="write them, or take them out of `custom_tools`",
            )
        return ()
    tools = getattr(_imported(directory, name), "TOOLS", None)
    if not _are_tools(tools):
        raise ConnectorLoadError(
            "it has no TOOLS of type tuple[Tool, ...]", where=path, remedy="add it"
        )
    _check_fields(path, *tools)
    _check_validators(tools, path)
    by_name = {tool.name: tool for tool in tools}
    if Counter(named) != Counter(tool.name for tool in tools):
        raise ConnectorLoadError(
            f"TOOLS holds {_names(by_name)}, `custom_tools` names {_names(named)}",
            where=path,
            remedy="make them equal, each name once",
        )
    return [by_name[each] for each in named]


def _are_tools(value: object) -> TypeGuard[tuple[Tool, ...]]:
    return isinstance(value, tuple) and all(
        isinstance(item, Tool) for item in cast("tuple[object, ...]", value)
    )


def _names(names: Sequence[str] | dict[str, Tool]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _check_tools(tools: Sequence[Tool], path: Path) -> None:
    for name, times in Counter(tool.name for tool in tools).items():
        if times > 1:
            raise ConnectorLoadError(
                f"tool {name!r} is there {times} times", where=path, remedy="rename one"
            )
    for tool in tools:
        if not _TOOL_NAME.fullmatch(tool.name):
            raise ConnectorLoadError(
                f"{tool.name!r} is no tool name",
                where=path,
                remedy="use 1 to 64 letters, digits, '_', '-' and '.'",
            )
        _check_arguments(tool, path)
        _check_told(tool, path)


def _check_fields(path: Path, *values: Connector | Tool) -> None:
    for each in values:
        if (wrong := misfit(each)) is not None:
            called = f"tool {each.name!r}" if isinstance(each, Tool) else "CONNECTOR"
            raise ConnectorLoadError(f"{called}: {wrong}", where=path, remedy="correct it")


def _check_auth(path: Path, auth: Auth) -> None:
    if (wrong := auth_misfit(auth)) is not None:
        raise ConnectorLoadError(f"`auth` of CONNECTOR: {wrong}", where=path, remedy="correct it")


def _check_told(tool: Tool, path: Path) -> None:
    """See that agents can be told of it."""
    try:
        told(tool)
    except Exception as error:
        raise ConnectorLoadError(
            f"tool {tool.name!r} cannot be told as JSON: {_told(error, path)}",
            where=path,
            remedy="correct it",
        ) from error


def _check_validators(tools: Sequence[Tool], path: Path) -> None:
    """Have the validators of hand-written arguments made; the generator has tried its own."""
    for tool in tools:
        try:
            tool.arguments.model_rebuild()
        except Exception as error:
            raise ConnectorLoadError(
                f"the arguments of tool {tool.name!r} cannot be checked: {_told(error, path)}",
                where=path,
                remedy="correct them",
            ) from error


def _check_arguments(tool: Tool, path: Path) -> None:
    try:
        sound = tool.input_schema.get("type") == "object"
    except Exception as error:
        raise ConnectorLoadError(
            f"tool {tool.name!r} has no input schema: {_told(error, path)}",
            where=path,
            remedy="correct its arguments",
        ) from error
    if not sound:
        raise ConnectorLoadError(
            f"the arguments of tool {tool.name!r} are no object",
            where=path,
            remedy="derive them from Input",
        )
