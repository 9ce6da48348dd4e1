"""One tool call: validate, run, and tell what became of it. Every failure is an outcome."""

import asyncio
from collections.abc import Awaitable, Container, Mapping
from typing import Any, Final, cast

import structlog
from pydantic import ValidationError

from treenail_runtime.clock import monotonic
from treenail_runtime.contract import (
    Connector,
    Endpoint,
    InvalidArguments,
    JsonObject,
    Tool,
    ToolContext,
    ToolError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    WithFiles,
)
from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.telemetry import request_id

from .outcome import Answered, Block, Failed, Outcome, failure, file_block
from .problems import nearest, problems_of, shown_name
from .strict_json import write_json

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

LONGEST_S: Final = 60.0
"""What a tool may take, unless one of its endpoints alone may take longer."""

_MARGIN_S: Final = 5.0
"""So that an endpoint's own deadline, which tells more, passes first."""


class UnknownToolError(Exception):
    """No tool has this name; the text says which one may have been meant."""


class Calls:
    """The tools of one connector, ready to be called by name.

    Args:
        connector: Whose tools.
        longest_s: Seconds that a call may take.
        measures: Told of each call.
    """

    def __init__(
        self,
        connector: Connector,
        *,
        longest_s: float = LONGEST_S,
        measures: Measures = UNMEASURED,
    ) -> None:
        self.connector = connector
        self._measures = measures
        self._tools = {tool.name: tool for tool in connector.tools}
        # All tools of a module know the same endpoints.
        by_module = {id(known): known for tool in connector.tools if (known := tool.known)}
        allowed = {module: _longest_s(known, longest_s) for module, known in by_module.items()}
        self._longest_s = {
            tool.name: allowed.get(id(tool.known), longest_s) for tool in connector.tools
        }

    @property
    def names(self) -> Container[str]:
        """Of the tools."""
        return self._tools

    def tool(self, name: str) -> Tool:
        """The tool of that name.

        Raises:
            UnknownToolError: There is none.
        """
        found = self._tools.get(name)
        if found is None:
            near = nearest(name, list(self._tools))
            hint = f"; did you mean {near}?" if near else ""
            raise UnknownToolError(f"Unknown tool: {shown_name(name)}{hint}")
        return found

    async def call(
        self, name: str, arguments: Mapping[str, Any] | None, context: ToolContext
    ) -> Outcome:
        """What became of calling `name`; arguments are validated first, and nothing is sent if they are wrong.

        Raises:
            UnknownToolError: No tool has this name.
        """
        tool = self.tool(name)
        begun = monotonic()
        outcome = await self._outcome(tool, arguments, context)
        told = outcome.kind if isinstance(outcome, Failed) else "answered"
        self._measures.called(self.connector.name, name, told, monotonic() - begun)
        return outcome

    async def _outcome(
        self, tool: Tool, arguments: Mapping[str, Any] | None, context: ToolContext
    ) -> Outcome:
        name = tool.name
        try:
            structured = await _in_time(
                _run(tool, arguments or {}, context), self._longest_s[tool.name]
            )
            return self._answered(tool, structured)
        except ToolError as error:
            self._log_failure(error, name)
            if isinstance(error, UpstreamMalformed):
                context.forget()
            return failure(error, tool, self.connector)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            return self._crashed(name, error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the boundary
            # Whatever a tool raises becomes an answer, and its cause a log line.
            # SystemExit too: it would end the server for everybody.
            return self._crashed(name, error)

    def _crashed(self, tool: str, error: BaseException) -> Failed:
        reference = request_id()
        log.error(
            "tool.crashed",
            connector=self.connector.name,
            tool=tool,
            reference=reference,
            exc_info=error,
        )
        return Failed(
            "internal_error",
            f"The tool failed unexpectedly (reference {reference}).",
            "Do not repeat it blindly; tell the operator of this server the reference.",
        )

    def _answered(self, tool: Tool, structured: JsonObject) -> Answered:
        text = write_json(structured)
        files: tuple[Block, ...] = ()
        if isinstance(structured, WithFiles):
            files = tuple(file_block(file, tool.name) for file in structured.attachments)
        if tool.output_fit is None:
            return Answered(structured, text, files=files)
        fitting, taken = tool.output_fit.fitted(structured)
        if not taken:
            return Answered(structured, text, files=files)
        log.warning(
            "answer.drifted", connector=self.connector.name, tool=tool.name, places=taken[:20]
        )
        if tool.strict_output and tool.annotations.read_only:
            raise UpstreamMalformed(
                f"the upstream's answer is not what its document says: {', '.join(taken[:5])}"
            )
        # The text tells the whole answer; the structured one only what its schema allows.
        return Answered(fitting, write_json(fitting), text, files)

    def _log_failure(self, error: ToolError, tool: str) -> None:
        facts: dict[str, object] = {"kind": error.kind}
        if isinstance(error, UpstreamRefused):
            facts |= {"status": error.status, "error_code": error.code}
        log.info("tool.failed", connector=self.connector.name, tool=tool, **facts)


def _longest_s(known: Mapping[str, object], least: float) -> float:
    """Longer than each of the endpoints that are known may take."""
    endpoints = [each for each in known.values() if isinstance(each, Endpoint)]
    return max([least, *(endpoint.timeout_s + _MARGIN_S for endpoint in endpoints)])


def _is_cancelled() -> bool:
    """Whether somebody wants this task to end, rather than the tool having raised it itself."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def _in_time(running: Awaitable[JsonObject], longest_s: float) -> JsonObject:
    deadline = asyncio.timeout(longest_s)
    try:
        async with deadline:
            return await running
    except TimeoutError:
        if not deadline.expired():
            raise
        raise UpstreamTimeout(f"the tool did not finish within {longest_s:g} s") from None


async def _run(tool: Tool, arguments: Mapping[str, Any], context: ToolContext) -> JsonObject:
    try:
        validated = tool.arguments.model_validate(arguments)
    except ValidationError as error:
        raise InvalidArguments(
            problems_of(error, arguments, tool.exact_schema),
            advice="Nothing was sent. Correct these arguments, then call again.",
        ) from None
    answer = await tool.run(validated, context)
    # Hand-written tools are not type-checked by us.
    if not isinstance(cast("object", answer), dict):
        raise TypeError(f"the tool answered {type(answer).__name__}, not an object")
    return answer
