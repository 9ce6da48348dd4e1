"""Logs: events with facts, on stderr, one line each, without secrets.

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
from functools import lru_cache
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
_MOST_ITEMS: Final = 100
_MOST_TEXT: Final = 32_768

_PARAMETERS: Final = (
    "code|state|code_verifier|device_code|token|access_token|refresh_token|id_token"
    "|client_secret|client_assertion|assertion|csrf|csrf_token|txn|password|passwd|secret|api_key"
)
_KINDS: Final = "atk|rtk|cod|txn|csr|ses|sec|dev|bro|iak|ups|adm"
_SECRET_TEXTS: Final = (
    # Header fields, to the end of their line.
    (
        ("authorization", "cookie", "x-api-key"),
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(\s*[:=]\s*)[^\r\n]+"
        ),
    ),
    # RFC 9110 11.4: scheme and credentials, wherever they stand.
    (
        ("bearer", "basic", "dpop"),
        re.compile(r"(?i)\b(bearer|basic|dpop)(\s+)[a-z0-9._~+/=-]{8,}"),
    ),
    # Our own tokens (`crypto.opaque`); their kind may be told.
    (("_",), re.compile(rf"(_)((?:{_KINDS})_)[A-Za-z0-9_%-]{{4,}}")),
    # The same in the path of a URL that was escaped more than it had to be, perhaps twice.
    (
        ("5f",),
        re.compile(
            rf"(_|%(?:25)*5[Ff])((?:{_KINDS})(?:_|%(?:25)*5[Ff]))[A-Za-z0-9_%-]{{4,}}",
        ),
    ),
    # JWT and JWE: base64url of `{"`.
    (("eyj",), re.compile(r"()()\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}")),
    # User information of a URL, as in those of databases.
    (("@",), re.compile(r"(://)()[^/\s@\"'<>]+(?=@)")),
    # Parameters of a URL or form, percent-encoded where it stands inside another one.
    (
        ("=", "%3d"),
        re.compile(
            r"(?i)((?<![a-z0-9_-])|(?<=%3f)|(?<=%26))"
            rf"((?:{_PARAMETERS})(?:=|%3d))[^&\s\"'<>#;,)]+"
        ),
    ),
    # Members of JSON, or of a Python mapping in an exception's text, to the end of their line: in a
    # repr of a repr nobody can tell by a pattern where a value ends.
    (
        ("'", '"'),
        re.compile(rf"(?i)(?<=[\"'])((?:{_PARAMETERS})\\*[\"'])(\s*:\s*)[^\r\n]+"),
    ),
)
"""What a secret looks like in running text; two groups hold what stands before it.

Most texts hold none of a pattern's first marks, in lower case, and are not searched: 5 times faster.
"""

_WITHOUT_SECRET: Final = rf"\1\2{_REDACTED}"

# Whatever could end a line, colour a terminal, reorder text, or not be encoded.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


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
    # Tracebacks become text before secrets are looked for: messages of exceptions hold some. The
    # plain formatter, since the others print local variables.
    renderer: Processor = structlog.processors.JSONRenderer()
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        )
    return [structlog.processors.format_exc_info, redact, renderer]


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001  # structlog's signature
    """Take away what is secret by its name or its look, and what would break the line.

    Values of keys that name a secret and every `SecretStr` go; texts lose what looks like a token,
    a credential or an OAuth parameter, and have their control characters escaped. Tracebacks keep
    their lines, indented, so that no message can begin one.
    """
    return {
        key: _indented(value)
        if key in {"exception", "stack"} and isinstance(value, str)
        else _REDACTED
        if _names_secret(key)
        else _redacted(value, _DEEPEST)
        for key, value in event.items()
    }


def _redacted(value: object, depth: int) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return safe_text(value)
        case SecretStr() | SecretBytes():
            return _REDACTED
        case Mapping() if depth:
            items = cast("Mapping[object, object]", value).items()
            return {
                safe_text(str(key)): _REDACTED
                if _names_secret(str(key))
                else _redacted(item, depth - 1)
                for key, item in itertools.islice(items, _MOST_ITEMS)
            }
        case list() | tuple() if depth:
            parts = cast("list[object] | tuple[object, ...]", value)
            return [_redacted(item, depth - 1) for item in parts[:_MOST_ITEMS]]
        case _:
            return safe_text(_shown(value))


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # a log line must not end a request
        return f"<{type(value).__name__}>"


def safe_text(text: str) -> str:
    """`text` without what looks secret, on one line, no longer than a log line may be."""
    return _UNSAFE.sub(_escape, _scrubbed(text))


def _indented(text: str) -> str:
    return "\n".join(f"  {_UNSAFE.sub(_escape, line)}" for line in _scrubbed(text).split("\n"))


def _scrubbed(text: str) -> str:
    if len(text) > _MOST_TEXT:
        text = f"{text[:_MOST_TEXT]}... ({len(text) - _MOST_TEXT} more)"
    lower = text.lower()
    for marks, pattern in _SECRET_TEXTS:
        for mark in marks:
            if mark in lower:
                text = pattern.sub(_WITHOUT_SECRET, text)
                break
    return text


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


@lru_cache(maxsize=1024)
def _names_secret(key: str) -> bool:
    name = key.lower().replace("-", "_")
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
