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
        may_stay: Whether the same caller would be served now, too; asked as long as an answer goes
            on. None where that cannot change. Raises `StoreUnavailableError`.
    """

    context: ToolContext
    scopes: frozenset[str] | None = None
    grant_id: str = ""
    may_stay: Callable[[], Awaitable[bool]] | None = None


class InsufficientScopeError(Exception):
    """The caller was not granted the scope that the tool needs."""


_current: Final[ContextVar[Caller]] = ContextVar("caller")


def serve_as(caller: Caller) -> None:
    """Serve the rest of this request, and of the tasks it starts, as `caller`."""
    _current.set(caller)


def current_caller() -> Caller:
    """Whoever is being served.

    Raises:
        LookupError: Outside of any request.
    """
    return _current.get()


def current_context() -> ToolContext:
    """The connection of the request that is being served.

    Raises:
        LookupError: Outside of any request.
    """
    return _current.get().context


def demand_scope(tool: Tool) -> None:
    """See to it that the caller may call `tool`.

    The edge has looked before, to answer with the right status; here nothing can come between.

    Raises:
        InsufficientScopeError: The caller may not.
    """
    caller = _current.get(None)
    if caller is None or caller.scopes is None:
        return
    if not allows(caller.scopes, tool.required_scope):
        raise InsufficientScopeError(f"Insufficient scope: this tool needs {tool.required_scope}")
