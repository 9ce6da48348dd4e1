"""A generated module, imported from text.

What it offers is known through protocols alone, since the generator never imports the runtime; the
module itself brings the contract along.
"""

import re
import sys
import types
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, cast


class SentRequest(Protocol):
    """The contract's `Request`, as far as the proof looks at it."""

    @property
    def path(self) -> str:
        """Percent-encoded."""
        ...

    @property
    def query(self) -> str:
        """Percent-encoded, without "?"."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """Name and value."""
        ...

    @property
    def body(self) -> bytes | None:
        """JSON text; None for no body."""
        ...


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


class LoadedTool(Protocol):
    """The contract's `Tool`."""

    name: str
    title: str
    description: str
    operation: str | None
    arguments: ArgumentsModel
    run: Callable[[Any, Any], Coroutine[Any, Any, Any]]
    annotations: LoadedAnnotations
    example: Mapping[str, Any]
    input_schema: dict[str, Any]
    output_schema: Mapping[str, Any] | None


class LoadedCheck(Protocol):
    """The contract's `CredentialCheck`."""

    run: Callable[[Any], Coroutine[Any, Any, Any]]


class LoadedConnector(Protocol):
    """The contract's `Connector`."""

    name: str
    title: str
    version: str
    instructions: str
    tools: Sequence[LoadedTool]
    check: LoadedCheck | None


class Sender(Protocol):
    """Something that takes the place of the upstream."""

    def send(self, request: Any) -> Awaitable[Any]:
        """Take a request."""
        ...


class LoadedModule:
    """A module's connector, and contexts for its tools."""

    def __init__(self, module: types.ModuleType) -> None:
        self._context = cast("Callable[..., Any]", module.__dict__["ToolContext"])
        self.connector = cast("LoadedConnector", module.__dict__["CONNECTOR"])

    def context(self, connection: Mapping[str, str], sender: Sender) -> Any:
        """The contract's `ToolContext` over `sender`."""
        return self._context(connector=self.connector.name, connection=connection, upstream=sender)


def load(text: str, name: str) -> LoadedModule:
    """Import `text`, which the generator has just made, without writing it anywhere."""
    module_name = f"treenail_built_{name}"
    module = types.ModuleType(module_name)
    # pydantic looks up forward references through sys.modules.
    sys.modules[module_name] = module
    try:
        exec(compile(text, f"connectors/{name}.py", "exec"), module.__dict__)  # noqa: S102  # our own text
    finally:
        del sys.modules[module_name]
    return LoadedModule(module)


def load_custom_tools(text: str, file: str) -> tuple[tuple[LoadedTool, ...], str | None]:
    """The `TOOLS` of a hand-written module, and what is wrong with it, if anything."""
    module_name = f"treenail_built_{re.sub(r'[^a-z0-9_]', '_', file)}"
    module = types.ModuleType(module_name)
    sys.modules[module_name] = module
    try:
        exec(compile(text, file, "exec"), module.__dict__)  # noqa: S102  # the project's own module
    except Exception as error:  # noqa: BLE001  # told as a fault of that module
        return (), f"cannot be imported: {type(error).__name__}: {error}"
    finally:
        del sys.modules[module_name]
    tools = module.__dict__.get("TOOLS")
    if not isinstance(tools, tuple):
        return (), "exports no tuple TOOLS"
    return cast("tuple[LoadedTool, ...]", tools), None
