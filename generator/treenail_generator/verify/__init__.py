"""Rendered text to a verified module: importable, proven on the wire; and its final form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document import Document
from treenail_generator.plan import ConnectorPlan
from treenail_generator.yaml_source import JSON

from .decoding import NothingRead
from .formatting import formatted
from .loaded import (
    LoadedAnnotations,
    LoadedModule,
    LoadedTool,
    import_fault,
    load,
    load_committed,
    load_custom_tools,
)
from .proof import Effort, Proof, Watch, effort_of_build, ignore, proofs

__all__ = [
    "Effort",
    "LoadedAnnotations",
    "LoadedModule",
    "LoadedTool",
    "NothingRead",
    "Proof",
    "Verified",
    "Watch",
    "formatted",
    "ignore",
    "import_fault",
    "load",
    "load_committed",
    "load_custom_tools",
    "proofs",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Verified:
    """A module whose requests are proven.

    Attributes:
        unproven: A warning for each tool of which no request could be tried.
        doubts: A warning for each tool whose request openapi-core reads otherwise.
        better_examples: By tool: arguments to tell instead of its example, which it refuses; the
            module tells them already, its text does not.
    """

    module: LoadedModule
    unproven: Sequence[Diagnostic]
    doubts: Sequence[Diagnostic]
    better_examples: Mapping[str, dict[str, JSON]]


def verify(text: str, plan: ConnectorPlan, document: Document, watch: Watch = ignore) -> Verified:
    """The module that `text` makes, with every request proven.

    Raises:
        BuildError: A tool would send a request that says something else than its arguments.
    """
    module = load(text, plan.name)
    found = list(proofs(module, plan, document, effort_of_build(plan), watch))
    faults = [fault for each in found if (fault := each.diagnostic) is not None]
    if faults:
        raise BuildError(faults)
    better = {each.name: each.better_example for each in found if each.better_example is not None}
    if better:
        module.take_examples(better)
    return Verified(
        module=module,
        unproven=tuple(warning for each in found if (warning := each.unproven) is not None),
        doubts=tuple(warning for each in found if (warning := each.doubted) is not None),
        better_examples=better,
    )
