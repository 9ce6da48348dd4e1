"""What became of a call: an answer, or a failure with advice."""

from base64 import b64encode
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, TypeAlias, assert_never
from urllib.parse import quote

from treenail_runtime.contract import (
    Attachment,
    Connector,
    InvalidArguments,
    JsonObject,
    Tool,
    ToolError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)

_TRY_AGAIN: Final = "Try again; if it stays, the upstream is at fault."
_LOOK_FIRST: Final = "It is not known whether it took place: look before you repeat it."
_CORRECT: Final = "Correct the arguments, then call again."
Block: TypeAlias = dict[str, Any]
"""A `ContentBlock`, which all eras spell alike."""

_MAYBE_DONE: Final = (
    "An earlier attempt of this same call may have made the change: read the current state first."
)


@dataclass(frozen=True, slots=True)
class Answered:
    """The call succeeded.

    Attributes:
        structured: Fits the tool's output schema, if it has one.
        json: `structured` as compact JSON.
        whole: The whole answer as compact JSON, when `structured` had to leave something out.
        files: Content blocks of the files beside it.
    """

    structured: JsonObject
    json: bytes
    whole: bytes | None = None
    files: tuple[Block, ...] = ()

    @property
    def content(self) -> list[Block]:
        """The content blocks: the answer as text, then its files."""
        return [{"type": "text", "text": self.text}, *self.files]

    @property
    def text(self) -> str:
        """For the agent, and for clients that read only text."""
        return (self.whole or self.json).decode()


@dataclass(frozen=True, slots=True)
class Failed:
    """The call did not succeed.

    Attributes:
        kind: For programs: the `ToolError.kind`, or `internal_error`.
        message: What happened, safe to show.
        advice: What to do next.
    """

    kind: str
    message: str
    advice: str

    @property
    def text(self) -> str:
        """For the agent."""
        return f"{self.message}\n\nAdvice: {self.advice}"


Outcome: TypeAlias = Answered | Failed


def failure(error: ToolError, tool: Tool, connector: Connector) -> Failed:
    """How `error` is told, with the most specific advice there is."""
    message = error.message
    if isinstance(error, InvalidArguments):
        message = "\n".join(error.problems)
    return Failed(error.kind, message, _advice(error, tool, connector))


def result_of(outcome: Outcome) -> dict[str, Any]:
    """The `CallToolResult` as both eras know it; what an era does not know, the SDK takes out."""
    match outcome:
        case Answered():
            return {
                "content": outcome.content,
                "structuredContent": outcome.structured,
                "isError": False,
                "resultType": "complete",
            }
        case Failed():
            return {
                "content": [{"type": "text", "text": outcome.text}],
                "isError": True,
                "resultType": "complete",
            }
        case _:
            assert_never(outcome)


def file_block(file: Attachment, tool: str) -> Block:
    """`file` as a content block (MCP 2026-07-28, Tools, "Tool Result")."""
    data = b64encode(file.data).decode()
    kind = file.media_type.partition("/")[0]
    if kind in ("image", "audio"):
        return {"type": kind, "data": data, "mimeType": file.media_type}
    uri = f"treenail://answers/{quote(tool, safe='')}/{quote(file.name or 'file', safe='')}"
    return {
        "type": "resource",
        "resource": {"uri": uri, "mimeType": file.media_type, "blob": data},
    }


def _advice(error: ToolError, tool: Tool, connector: Connector) -> str:
    if not isinstance(error, UpstreamRefused):
        return error.advice or _general(error, tool)
    advice = _declared(error, tool, connector) or error.advice or _general(error, tool)
    if error.maybe_done:
        advice = f"{_MAYBE_DONE} {advice}"
    if error.retry_after_s is None:
        return advice
    return f"{advice} The upstream asks to wait {ceil(error.retry_after_s)} s."


def _declared(error: UpstreamRefused, tool: Tool, connector: Connector) -> str | None:
    """What the connector's author wrote: the tool before the connector, the code before the status."""
    for advice in (tool.errors, connector.errors.advice):
        for key in (error.code, error.status):
            if key is not None and key in advice:
                return advice[key]
    return None


def _general(error: ToolError, tool: Tool) -> str:
    repeatable = tool.annotations.read_only or tool.annotations.idempotent
    match error:
        case InvalidArguments():
            return _CORRECT
        case UpstreamRefused(status=status) if 400 <= status < 500:  # noqa: PLR2004  # RFC 9110 15.5
            return _CORRECT
        case UpstreamUnavailable(retry_after_s=float(seconds)):
            return f"Try again in {seconds:.0f} s."
        case UpstreamRefused() | UpstreamTimeout() | UpstreamMalformed() if not repeatable:
            return _LOOK_FIRST
        case _:
            return _TRY_AGAIN
