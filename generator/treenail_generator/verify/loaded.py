"""A generated module, imported from text.

What it offers is known through protocols alone, since the generator never imports the runtime; the
module itself brings the contract along.
"""

import json
import sys
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Protocol, cast

import jsonschema_rs

from treenail_generator.diagnostics import BuildError, Diagnostic, Location

from .compiling import statements

_PACKAGE: Final = "treenail_connectors"
"""Where the runtime puts the modules it loads, and so where hand-written ones import from."""
_CODE: Final = "custom-module"


class ArgumentsModel(Protocol):
    """A pydantic model class."""

    def model_validate(self, obj: object) -> Any:
        """An instance, or a `ValidationError`."""
        ...


class LoadedAnnotations(Protocol):
    """The contract's `Annotations`."""

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool

    @property
    def published(self) -> Mapping[str, bool]:
        """What clients are told."""
        ...


class LoadedTool(Protocol):
    """The contract's `Tool`."""

    name: str
    title: str | None
    description: str
    operation: str | None
    arguments: ArgumentsModel
    run: Callable[[Any, Any], Coroutine[Any, Any, Any]]
    annotations: LoadedAnnotations
    example: Mapping[str, Any]
    input_schema: dict[str, Any]
    exact_schema: dict[str, Any]
    named_types: tuple[str, ...]
    output_schema: Mapping[str, Any] | None
    scope: str | None
    required_scope: str


class LoadedCall(Protocol):
    """The contract's `CredentialCheck` and `Choices`."""

    run: Callable[[Any], Coroutine[Any, Any, Any]]


class LoadedField(Protocol):
    """The contract's `LoginField`."""

    name: str
    choices: LoadedCall | None


class LoadedConnector(Protocol):
    """The contract's `Connector`."""

    name: str
    title: str
    version: str
    instructions: str
    tools: Sequence[LoadedTool]
    custom_tools: Sequence[str]
    check: LoadedCall | None
    login: Sequence[LoadedField]


class Sender(Protocol):
    """Something that takes the place of the upstream."""

    def send(self, request: Any) -> Awaitable[Any]:
        """Take a request."""
        ...


class LoadedModule:
    """A module's connector, and contexts for its tools.

    Attributes:
        module: The module itself.
    """

    def __init__(self, module: types.ModuleType) -> None:
        """Take an imported module.

        Raises:
            LookupError: It is none that the generator made.
        """
        if "CONNECTOR" not in module.__dict__:
            raise LookupError("it has no CONNECTOR")
        self.module = module
        self.connector = cast("LoadedConnector", module.__dict__["CONNECTOR"])
        # A connector without a tool has no use for it.
        if self.connector.tools and "ToolContext" not in module.__dict__:
            raise LookupError("it has no ToolContext")
        self._context = cast("Callable[..., Any]", module.__dict__.get("ToolContext"))

    def take_examples(self, examples: Mapping[str, dict[str, Any]]) -> None:
        """Tell these examples, by tool, in place of those that the text has."""
        tools = [
            replace(cast("Any", tool), example=examples[tool.name])
            if tool.name in examples
            else tool
            for tool in self.connector.tools
        ]
        self.connector = cast("LoadedConnector", replace(cast("Any", self.connector), tools=tools))

    def complete(self, models: Iterable[str]) -> None:
        """Have these models made now, so that no model that holds one makes it anew."""
        for name in models:
            self.module.__dict__[name].model_rebuild()

    def context(self, connection: Mapping[str, str], sender: Sender) -> Any:
        """The contract's `ToolContext` over `sender`."""
        return self._context(connector=self.connector.name, connection=connection, upstream=sender)


def load(text: str, name: str) -> LoadedModule:
    """Import `text`, a module of connector `name` just made, without writing it anywhere.

    Raises:
        Exception: Whatever its code raises; its lines are not those of `text`.
    """
    return _loaded(statements(text, f"connectors/{name}.py"), name)


def load_committed(text: str, name: str) -> LoadedModule:
    """The same for a file that is there, in which somebody may look for the line of a fault.

    Raises:
        Exception: Whatever its code raises.
    """
    return _loaded([compile(text, f"connectors/{name}.py", "exec")], name)


def _loaded(codes: Iterable[types.CodeType], name: str) -> LoadedModule:
    module = types.ModuleType(f"treenail_built_{name}")
    with _importable(module):
        _run(module, codes)
    return LoadedModule(module)


def load_custom_tools(text: str, file: str, built: LoadedModule) -> tuple[LoadedTool, ...]:
    """The `TOOLS` of the hand-written module beside `built`, which it may import from.

    Raises:
        BuildError: It cannot be imported, or exports something else.
    """
    full_name = f"{_PACKAGE}.{built.connector.name}"
    module = types.ModuleType(f"{full_name}_custom")
    package = types.ModuleType(_PACKAGE)
    package.__path__ = []
    with _importable(package, module, **{full_name: built.module}):
        try:
            _run(module, [compile(text, file, "exec")])
        except (Exception, SystemExit) as error:  # noqa: BLE001  # told as a fault of that module
            raise BuildError([import_fault(error, file, _CODE)]) from None
        tools = module.__dict__.get("TOOLS")
        if not isinstance(tools, tuple):
            raise BuildError([Diagnostic(Location(file, 1, 1), _CODE, "exports no tuple TOOLS")])
        for tool in cast("tuple[Any, ...]", tools):
            _check_tool(tool, file)
    return cast("tuple[LoadedTool, ...]", tools)


def _check_tool(tool: Any, file: str) -> None:
    """Have all that is published made now, while what it refers to can be imported."""
    problem = "its arguments are no Input model"
    try:
        schema = tool.input_schema
        # The runtime makes validators late; one that cannot be made is a fault of this module.
        tool.arguments.model_rebuild()
        closed = tool.arguments.model_config.get("extra") == "forbid"
        sound = closed and schema.get("type") == "object"
        _ = (tool.annotations.read_only, tool.annotations.open_world)
        json.dumps((tool.name, tool.title, tool.description, tool.operation))
        answers = dict(cast("Mapping[str, Any]", tool.output_schema or {}))
        for published in (schema, answers):
            json.dumps(published)
            jsonschema_rs.Draft202012Validator(published)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it, its author has to know
        sound, problem = False, _told(error)
    if not sound:
        which = f"tool {getattr(tool, 'name', tool)!r}"
        fault = f"{which} cannot be published: {problem}"
        raise BuildError([Diagnostic(Location(file, 1, 1), _CODE, fault)])


def import_fault(
    error: BaseException, file: str, code: str, *, hint: str | None = None
) -> Diagnostic:
    """What kept `file` from being imported, at the last line of it that led there."""
    place = Location(file, 1, 1)
    if isinstance(error, SyntaxError) and error.filename == file:
        place = Location(file, error.lineno or 1, error.offset or 1)
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == file:
            place = Location(file, step.tb_lineno, 1)
        step = step.tb_next
    return Diagnostic(place, code, f"cannot be imported: {_told(error)}", hint=hint)


def _told(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text.strip().partition(chr(10))[0]}".removesuffix(": ")


def _run(module: types.ModuleType, codes: Iterable[types.CodeType]) -> None:
    for code in codes:
        exec(code, module.__dict__)  # noqa: S102  # the project's own modules


@contextmanager
def _importable(*modules: types.ModuleType, **by_name: types.ModuleType) -> Generator[None]:
    """Let `modules` be found by import, under their own names or those given, and no longer.

    pydantic looks up forward references there, too.
    """
    names = {**{module.__name__: module for module in modules}, **by_name}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
