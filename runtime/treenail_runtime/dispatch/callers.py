"""On whose behalf the request that is being served may use which tools."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from treenail_runtime.auth.scopes import allows
from treenail_runtime.contract import Tool, ToolContext


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is served.

    Attributes:
        context: The connection that tools run as.
        scopes: What was granted; None where there is no authorization.
        grant_id: The login; empty where there is no authorization.
        instance_id: Where; empty in the same case.
        may_stay: Whether the same caller would be served now, too; asked as long as an answer goes
            on. None where that cannot change. Raises `StoreUnavailableError`.
    """

    context: ToolContext
    scopes: frozenset[str] | None = None
    grant_id: str = ""
    instance_id: str = ""
    may_stay: Callable[[], Awaitable[bool]] | None = None


class InsufficientScopeError(Exception):
    """The caller was not granted the scope that the tool needs."""


class _Served:
    """Shared by the tasks of a request: what one of them lets go, none holds."""

    __slots__ = ("caller",)

    def __init__(self, caller: Caller) -> None:
        self.caller: Caller | None = caller


_current: Final[ContextVar[_Served]] = ContextVar("served")


def serve_as(caller: Caller) -> None:
    """Serve the rest of this request, and of the tasks it starts, as `caller`."""
    _current.set(_Served(caller))


def current_caller() -> Caller:
    """Whoever is being served.

    Raises:
        LookupError: Outside of any request, or the caller was let go.
    """
    caller = _current.get().caller
    if caller is None:
        raise LookupError("the caller was let go")
    return caller


def let_go() -> None:
    """Hold the caller no more, and no opened credentials: what is left to do calls no tool."""
    _current.get().caller = None


def current_context() -> ToolContext:
    """The connection of the request that is being served.

    Raises:
        LookupError: As `current_caller`.
    """
    return current_caller().context


def demand_scope(tool: Tool) -> None:
    """See to it that the caller may call `tool`.

    The edge has looked before, to answer with the right status; here nothing can come between.

    Raises:
        InsufficientScopeError: The caller may not.
    """
    if _current.get(None) is None:
        return
    caller = current_caller()
    if caller.scopes is None:
        return
    if not allows(caller.scopes, tool.required_scope):
        raise InsufficientScopeError(f"Insufficient scope: this tool needs {tool.required_scope}")
