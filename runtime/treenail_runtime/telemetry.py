"""Logs: events with facts, on stderr, without secrets.

An event is a constant like `tool.failed`; its facts are keys. `request_id` and the like are bound
once per request and appear on every line of it.
"""

import itertools
import logging
import re
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final, Literal, TextIO, cast

import structlog
from pydantic import SecretBytes, SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

_REDACTED: Final = "[redacted]"

_SECRET_WORDS: Final = frozenset(
    {
        "authorization",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "passwd",
        "password",
        "secret",
        "secrets",
        "token",
        "tokens",
        "verifier",
    }
)
_SECRET_KEYS: Final = frozenset({"code", "api_key", "apikey", "auth_code", "client_assertion"})
"""Whole keys: `status_code` and `error_code` are no secrets, an OAuth `code` is one."""

# One variable with all facts: structlog's own take 15 µs per request for the same.
_request: ContextVar[Mapping[str, str]] = ContextVar("request", default=MappingProxyType({}))
_PROCESS: Final = secrets.token_hex(4)
_count: Final = itertools.count(1)

_OURS: Final = ("treenail_runtime", "treenail_generator")
_DEEPEST: Final = 6


def set_up_logging(
    level: Literal["debug", "info", "warning", "error"],
    style: Literal["console", "json"] | None = None,
    stream: TextIO | None = None,
) -> None:
    """Send our logs and those of the libraries to one stream, in one format.

    Libraries are heard from `warning` on, whatever `level` says and whatever they set themselves:
    below it they tell what we tell with its facts, and at `debug` hpack writes `Authorization`.

    Args:
        level: The least severe level that is written.
        style: Unless given, text for a terminal and JSON lines for anything else.
        stream: stderr unless given.
    """
    target = LastingStream(stream or sys.stderr)
    chosen = style or ("console" if target.isatty() else "json")
    severity = logging.getLevelNamesMapping()[level.upper()]
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_request,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    rendering = _rendering(chosen, colours=target.isatty())
    structlog.configure(
        processors=[*before, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", target)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    handler.addFilter(_is_heard)
    logging.basicConfig(level=max(severity, logging.WARNING), handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(severity)


def _is_heard(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS


class LastingStream:
    """A stream whose failure is nobody's: a full disk or a closed stderr must not end a request."""

    def __init__(self, stream: TextIO | None) -> None:
        """Write to `stream`; Python has none when it was started with stderr closed."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`, or drop it."""
        with suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, if that is possible."""
        with suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.flush()

    def isatty(self) -> bool:
        """Whether somebody may be reading along."""
        with suppress(OSError, ValueError):
            return self._stream is not None and self._stream.isatty()
        return False


def _rendering(style: Literal["console", "json"], *, colours: bool) -> list[Processor]:
    # Tracebacks as plain text: the other formatters print local variables, secrets among them.
    if style == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        )
    ]


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001  # structlog's signature
    """Take away the value of every key that names a secret, and every `SecretStr`."""
    return cast("EventDict", _redacted(event, _DEEPEST))


def _redacted(value: object, depth: int) -> object:
    if isinstance(value, SecretStr | SecretBytes):
        return _REDACTED
    if depth == 0:
        return value
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {
            key: _REDACTED if _names_secret(key) else _redacted(item, depth - 1)
            for key, item in items
        }
    if isinstance(value, list | tuple):
        # The type stays: `exc_info` is a tuple and has to remain one.
        parts = cast("list[object] | tuple[object, ...]", value)
        return type(parts)(_redacted(item, depth - 1) for item in parts)
    return value


def _names_secret(key: object) -> bool:
    name = str(key).lower().replace("-", "_")
    return name in _SECRET_KEYS or not _SECRET_WORDS.isdisjoint(re.split(r"[^a-z]+", name))


def bind_request(**facts: str) -> None:
    """Start the facts of a new request, with an id of its own."""
    _request.set({"request_id": f"{_PROCESS}-{next(_count):x}", **facts})


def request_id() -> str:
    """The id of the request that is being answered; a fresh one outside of any."""
    return _request.get().get("request_id") or f"{_PROCESS}-{next(_count):x}"


def add_request(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001  # structlog's signature
    """Put the facts of the current request on a log line."""
    return {**_request.get(), **event}
