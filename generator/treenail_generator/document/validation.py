"""Strict validation of what a connector uses, and of nothing else."""

from collections.abc import Iterable
from textwrap import shorten
from typing import TYPE_CHECKING

from treenail_generator.diagnostics import Diagnostic, nearest
from treenail_generator.document.document import Document
from treenail_generator.document.model import Operation
from treenail_generator.document.pruning import Pruned
from treenail_generator.document.values import mapping
from treenail_generator.yaml_source import Pointer

if TYPE_CHECKING:
    from treenail_generator.document.spec_validator import SpecFault

_CLOSING = ("additionalProperties", "unevaluatedProperties")
_ALTERNATIVES = ("anyOf", "oneOf")
_PATH_HINT = "the path and the parameters must name the same path parameters"
_LONGEST_MESSAGE = 200


def validate_operations(
    document: Document, operations: Iterable[Operation]
) -> tuple[Diagnostic, ...]:
    """What in these operations, or in what they reach, is not valid OpenAPI (`invalid-openapi`).

    Warnings, in the order of the file; empty when all is well. Faults elsewhere in the document,
    in callbacks and in links do not count. Takes some milliseconds for each operation.
    """
    from treenail_generator.document.spec_validator import spec_faults  # noqa: PLC0415  # 0.2 s

    pruned = Pruned(document.references, document.version, operations)
    faults = spec_faults(pruned.document, document.version)
    found = {_diagnostic(document, pruned.origin(fault.path), fault) for fault in faults}
    return tuple(sorted(found, key=lambda fault: (fault.location, fault.message)))


def _diagnostic(document: Document, pointer: Pointer, fault: "SpecFault") -> Diagnostic:
    if fault.keyword in _CLOSING and (unknown := _unknown_key(fault)):
        meant = nearest(unknown, fault.allowed_keys)
        location = document.locate_key((*pointer, unknown))
        message, hint = f"{unknown!r} is not allowed here", meant and f"did you mean {meant!r}?"
    else:
        is_scalar = isinstance(fault.value, (str, int, float))
        location = document.locate(pointer) if is_scalar else document.locate_key(pointer)
        message = _message(fault)
        hint = _PATH_HINT if message.startswith("Path parameter ") else None
    return Diagnostic(location, "invalid-openapi", message, hint=hint, severity="warning")


def _unknown_key(fault: "SpecFault") -> str | None:
    """The first key that its mapping must not have."""
    return next((key for key in mapping(fault.value) if repr(key) in fault.message), None)


def _message(fault: "SpecFault") -> str:
    """The validator's words, without the whole value that they sometimes hold."""
    if fault.keyword in _ALTERNATIVES:
        return f"this is none of the forms that OpenAPI allows here ({fault.keyword})"
    return shorten(fault.message, _LONGEST_MESSAGE, placeholder=" …")
