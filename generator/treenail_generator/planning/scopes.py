"""The scopes of a connector, and which of them each tool needs."""

from collections.abc import Iterable, Sequence
from typing import Final

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.diagnostics import nearest
from treenail_generator.plan import ToolPlan

from .faults import Faults

READ_SCOPE: Final = "mcp.tools.read"
CALL_SCOPE: Final = "mcp.tools.call"
RESERVED_SCOPES: Final = frozenset({READ_SCOPE, CALL_SCOPE, "offline_access", "openid"})
"""As in the contract, which the generator does not import; a test compares both."""


def plan_scopes(
    request: ConnectorRequest, tools: Sequence[ToolPlan], faults: Faults
) -> tuple[tuple[str, str], ...]:
    """The connector's own scopes with their words; reports what tools say wrongly about them."""
    file = request.file
    own = {name: " ".join(words.split()) for name, words in file.scopes.items()}
    reads = {tool.name: tool.annotations.read_only for tool in tools}
    for index, section in enumerate(file.tools):
        at = request.at("tools", index, "scope")
        if section.scope is None:
            continue
        if is_unknown(section.scope, own):
            close = nearest(section.scope, known_scopes(own))
            faults.add(
                at,
                "unknown-scope",
                f"there is no scope {section.scope!r}",
                hint=f"did you mean {close!r}?" if close else f"scopes: {{{section.scope}: ...}}",
            )
        elif is_too_weak(section.scope, reads=reads.get(section.name, True)):
            faults.add(
                at,
                "weak-scope",
                f"{section.name} changes something, and {READ_SCOPE} is for reading",
                hint=f"leave it out for {CALL_SCOPE}, or declare a scope of its own",
            )
    _tell_unusable(request, own, faults)
    return tuple(own.items())


def known_scopes(own: Iterable[str]) -> tuple[str, ...]:
    """All scopes that a tool may name."""
    return (*own, READ_SCOPE, CALL_SCOPE)


def is_unknown(scope: str, own: Iterable[str]) -> bool:
    """Whether no tool may name `scope`."""
    return scope not in known_scopes(own)


def is_too_weak(scope: str, *, reads: bool) -> bool:
    """Whether `scope` is for reading, and its tool does more."""
    return scope == READ_SCOPE and not reads


def _tell_unusable(request: ConnectorRequest, own: dict[str, str], faults: Faults) -> None:
    """Report scopes that mean something else already, or that nothing needs."""
    used = {tool.scope for tool in request.file.tools}
    for name, words in own.items():
        if name in RESERVED_SCOPES:
            faults.add(
                request.key_at("scopes", name),
                "reserved-scope",
                f"{name!r} means the same at every connector",
                hint="choose another name",
            )
        elif not words:
            faults.add(request.at("scopes", name), "wrong-value", f"scopes.{name} says nothing")
        elif name not in used and not request.file.custom_tools:
            faults.add(
                request.key_at("scopes", name),
                "unused-scope",
                f"no tool needs {name!r}, so nobody should be asked for it",
                hint="name it at a tool: scope: ...",
            )
