"""Rendered text to verified text: formatted, free of unused names, importable, proven on the wire."""

from treenail_generator.diagnostics import BuildError
from treenail_generator.document import Document
from treenail_generator.plan import ConnectorPlan

from .formatting import formatted
from .loaded import LoadedModule, LoadedTool, import_fault, load, load_custom_tools
from .proof import prove

__all__ = ["LoadedModule", "LoadedTool", "import_fault", "load", "load_custom_tools", "verify"]


def verify(text: str, plan: ConnectorPlan, document: Document) -> str:
    """The final text of the module.

    Raises:
        BuildError: A tool would send a request that says something else than its arguments.
    """
    final = formatted(text)
    faults = prove(load(final, plan.name), plan, document)
    if faults:
        raise BuildError(faults)
    return final
