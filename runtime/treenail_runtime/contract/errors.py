"""What can go wrong in a tool call, as the agent may hear it.

    ToolError
      InvalidArguments      nothing was sent: an argument is unknown, missing or not allowed
      NotConfigured         nothing was sent: the connection lacks a value the tool needs
      UpstreamRefused       the upstream answered with an error status
      UpstreamTimeout       no answer within the tool's deadline
      UpstreamUnavailable   no connection, broken connection, or the circuit is open
      UpstreamMalformed     an answer that cannot be read, or is larger than allowed

`str(error)` is safe to show: it holds no credential and no stack trace.
"""

from collections.abc import Sequence


class ToolError(Exception):
    """A failed call. `advice` tells the agent what to do next, when there is something to do."""

    kind = "tool_error"

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class InvalidArguments(ToolError):  # noqa: N818  # the tree reads as a list of what happened
    """The arguments do not fit the tool; `problems` names each one."""

    kind = "invalid_arguments"

    def __init__(self, problems: Sequence[str], *, advice: str | None = None) -> None:
        super().__init__("; ".join(problems), advice=advice)
        self.problems = tuple(problems)


class NotConfigured(ToolError):  # noqa: N818  # as above
    """The connection has no value for something the request needs."""

    kind = "not_configured"


class UpstreamRefused(ToolError):  # noqa: N818  # as above
    """The upstream answered `status` (HTTP). `code` is its own error code, when it gave one.

    `maybe_done`: an earlier attempt of the same call may have been received, and made the change.
    """

    kind = "upstream_refused"

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        advice: str | None = None,
        retry_after_s: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message, advice=advice)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.maybe_done = maybe_done


class UpstreamTimeout(ToolError):  # noqa: N818  # as above
    """The deadline passed. Whether a write took place is unknown."""

    kind = "upstream_timeout"


class UpstreamUnavailable(ToolError):  # noqa: N818  # as above
    """The upstream could not be reached. `retry_after_s` is set when a wait is known to help."""

    kind = "upstream_unavailable"

    def __init__(
        self, message: str, *, advice: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, advice=advice)
        self.retry_after_s = retry_after_s


class UpstreamMalformed(ToolError):  # noqa: N818  # as above
    """The upstream's answer is not what its contract says, or exceeds the size limit."""

    kind = "upstream_malformed"
