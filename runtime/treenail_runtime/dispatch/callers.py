"""On whose behalf the request that is being served may use which tools."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from treenail_runtime.contract import ToolContext


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is served.

    Attributes:
        context: The connection that tools run as.
    """

    context: ToolContext


_current: Final[ContextVar[Caller]] = ContextVar("caller")


def serve_as(caller: Caller) -> None:
    """Serve the rest of this request, and of the tasks it starts, as `caller`."""
    _current.set(caller)


def current_context() -> ToolContext:
    """The connection of the request that is being served.

    Raises:
        LookupError: Outside of any request.
    """
    return _current.get().context
