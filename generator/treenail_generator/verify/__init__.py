"""Rendered text to verified text: formatted, free of unused names, importable, proven on the wire."""

from dataclasses import dataclass

from treenail_generator.diagnostics import BuildError
from treenail_generator.document import Document
from treenail_generator.plan import ConnectorPlan

from .formatting import formatted
from .loaded import LoadedModule, LoadedTool, import_fault, load, load_custom_tools
from .proof import prove

__all__ = [
    "LoadedModule",
    "LoadedTool",
    "Verified",
    "import_fault",
    "load",
    "load_custom_tools",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Verified:
    """The final text of a module, and the same module imported from it."""

    text: str
    module: LoadedModule


def verify(text: str, plan: ConnectorPlan, document: Document) -> Verified:
    """The module as it will be written, with every request proven.

    Raises:
        BuildError: A tool would send a request that says something else than its arguments.
    """
    final = formatted(text)
    module = load(final, plan.name)
    faults = prove(module, plan, document)
    if faults:
        raise BuildError(faults)
    return Verified(final, module)
