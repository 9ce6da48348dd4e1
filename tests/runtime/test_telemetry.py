"""Nothing secret reaches a log, under whatever key and however deep."""

import io
import json
import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal, TextIO

import pytest
import structlog
from pydantic import SecretStr
from typing_extensions import override

from treenail_runtime.telemetry import bind_request, redact, request_id, set_up_logging

CANARY = "s3cr3t-canary"


@contextmanager
def logging_to_text(
    style: Literal["console", "json"], level: Literal["debug", "info", "error"] = "info"
) -> Generator[io.StringIO]:
    """Logging as the product sets it up, into a text; undone at the end."""
    text = io.StringIO()
    with logging_to(text, style, level):
        yield text


@contextmanager
def logging_to(
    stream: TextIO | None,
    style: Literal["console", "json"] | None = None,
    level: Literal["debug", "info", "error"] = "info",
) -> Generator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    set_up_logging(level, style, stream)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:], level_before = before
        root.setLevel(level_before)
        for ours in ("treenail_runtime", "treenail_generator"):
            logging.getLogger(ours).setLevel(logging.NOTSET)


@pytest.mark.requirement("NO-SECRETS")
@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Authorization",
        "cookie",
        "set-cookie",
        "password",
        "user_password",
        "token",
        "access_token",
        "refresh-token",
        "client_secret",
        "code",
        "code_verifier",
        "api_key",
        "credentials",
    ],
)
@pytest.mark.parametrize("style", ["console", "json"])
def test_values_under_secret_names_are_not_written(
    style: Literal["console", "json"], key: str
) -> None:
    with logging_to_text(style) as text:
        log = structlog.get_logger()
        log.warning("area.happened", **{key: CANARY})
        log.warning("area.happened", request={"headers": [{key: CANARY}]}, pair=({key: CANARY},))
        log.warning("area.happened", value=SecretStr(CANARY), deep={"a": [SecretStr(CANARY)]})

    assert CANARY not in text.getvalue()
    assert text.getvalue().count("[redacted]") == 5


def test_harmless_facts_are_written() -> None:
    facts = {"event": "a.b", "status_code": 404, "error_code": "GONE", "codec": "x", "tokenised": 1}

    assert redact(None, "info", dict(facts)) == facts


def test_a_json_line_holds_the_event_its_facts_and_the_request() -> None:
    with logging_to_text("json") as text:
        bind_request(connector="sample")
        structlog.get_logger().info("tool.failed", tool="get_item")
        bound = request_id()

    line = json.loads(text.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "tool.failed",
        "level": "info",
        "tool": "get_item",
        "connector": "sample",
        "request_id": bound,
    }


def test_each_request_has_an_id_of_its_own() -> None:
    bind_request()
    first = request_id()
    bind_request()

    assert first != request_id()


def test_libraries_log_in_the_same_format() -> None:
    with logging_to_text("json") as text:
        logging.getLogger("mcp.server").warning("from the SDK: %s", 7)
        logging.getLogger("mcp.server").info("one line per request")

    line = json.loads(text.getvalue())
    assert (line["event"], line["logger"], line["level"]) == (
        "from the SDK: 7",
        "mcp.server",
        "warning",
    )


@pytest.mark.requirement("NO-SECRETS")
@pytest.mark.parametrize("name", ["hpack.hpack", "some.library", "treenail_runtimes", "hypercorn"])
def test_no_library_is_heard_below_warning(name: str) -> None:
    """At `debug` hpack writes the `Authorization` header."""
    library = logging.getLogger(name)
    with logging_to_text("json", "debug") as text:
        library.debug("Decoded %s", CANARY)
        library.info("Decoded %s", CANARY)
        library.setLevel(logging.DEBUG)
        library.debug("Decoded %s", CANARY)
        library.setLevel(logging.NOTSET)
        library.warning("the one line")

    assert json.loads(text.getvalue())["event"] == "the one line"


def test_our_own_loggers_follow_the_level() -> None:
    with logging_to_text("json", "debug") as text:
        logging.getLogger("treenail_runtime.demo").debug("one")
        structlog.get_logger().debug("two")

    assert [json.loads(line)["event"] for line in text.getvalue().splitlines()] == ["one", "two"]


def closed_stream() -> TextIO:
    stream = io.StringIO()
    stream.close()
    return stream


class BrokenPipe(io.StringIO):
    @override
    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("broken", [closed_stream, BrokenPipe])
def test_a_log_that_takes_nothing_stops_nobody(
    broken: Callable[[], TextIO], capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to(broken()):
        structlog.get_logger().error("tool.failed")
        logging.getLogger("some.library").error("failed")

    assert capsys.readouterr() == ("", "")


def test_a_process_without_stderr_logs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with logging_to(None):
        structlog.get_logger().error("tool.failed")
        logging.getLogger("some.library").error("failed")


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_shows_no_local_variable(style: Literal["console", "json"]) -> None:
    def fail() -> None:
        password = CANARY.replace("-", "+")
        raise RuntimeError(f"{len(password)} characters")

    with logging_to_text(style) as text:
        for log in (structlog.get_logger(), logging.getLogger("quart.app")):
            try:
                fail()
            except RuntimeError:
                log.exception("tool.crashed")

    assert text.getvalue().count("RuntimeError: 13 characters") == 2
    assert "s3cr3t+canary" not in text.getvalue()


def test_less_severe_lines_are_left_out() -> None:
    with logging_to_text("json", "error") as text:
        structlog.get_logger().warning("a.b")
        logging.getLogger("anything").warning("a.b")

    assert text.getvalue() == ""
