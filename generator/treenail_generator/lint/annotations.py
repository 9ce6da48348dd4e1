"""The rule about annotations: do they agree with each other and with the HTTP method?"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from treenail_generator.verify import LoadedAnnotations

from .connector import LintedConnector
from .finding import Finding
from .tools import LintedTool
from .words import name_words

Hint: TypeAlias = Literal["read_only", "destructive", "idempotent"]

_WRITING: Final = frozenset({"PUT", "PATCH", "DELETE"})
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
_UNREPEATABLE: Final = frozenset({"POST", "PATCH"})  # RFC 9110 9.2.2, RFC 5789 2
_READING_VERBS: Final = frozenset(
    {"check", "count", "find", "get", "list", "lookup", "preview", "query", "read", "search"}
)


def annotations(connector: LintedConnector) -> Iterator[Finding]:
    """Annotations that a client, or a person who approves calls, would be misled by."""
    for tool in connector.tools:
        for message in _contradictions(tool.annotations):
            yield Finding(
                rule="annotations",
                severity="warning",
                tool=tool.name,
                message=message,
                hint="correct `annotations`",
                location=tool.location,
            )
        for about, message in _against_method(tool):
            meant = _is_explicit(tool, about)
            yield Finding(
                rule="annotations",
                severity="info" if meant else "warning",
                tool=tool.name,
                message=message,
                hint=None if meant else f"say `annotations: {{{about}: ...}}` if that is meant",
                location=tool.location,
            )


def _contradictions(hints: LoadedAnnotations) -> Iterator[str]:
    """Combinations that MCP 2026-07-28 gives no meaning (`ToolAnnotations`)."""
    if hints.read_only and hints.destructive:
        yield "is annotated read-only and destructive at once"
    if hints.read_only and not hints.idempotent:
        yield "is annotated read-only, but not idempotent"


def _against_method(tool: LintedTool) -> Iterator[tuple[Hint, str]]:
    if tool.operation is None:
        return
    method, hints = tool.operation.method, tool.annotations
    if hints.read_only:
        if method in _WRITING:
            yield "read_only", f"is annotated read-only, but {method} changes something"
        return
    if method in _READING:
        yield "read_only", f"is not annotated read-only, although {method} only reads"
    if method == "DELETE" and not hints.destructive:
        yield "destructive", "is not annotated destructive, although it deletes"
    if method in _UNREPEATABLE and hints.idempotent:
        yield "idempotent", f"is annotated idempotent, but {method} is not by itself"
    if method == "POST" and _verb(tool.name) in _READING_VERBS:
        yield "read_only", "reads by its name, but counts as a write because it is a POST"


def _verb(name: str) -> str:
    return next(iter(name_words(name)), "")


def _is_explicit(tool: LintedTool, about: Hint) -> bool:
    """Whether the connector file itself decided."""
    return tool.section is not None and getattr(tool.section.annotations, about) is not None
