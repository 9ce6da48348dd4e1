"""Nothing secret reaches a log, under whatever key and however deep."""

import base64
import hashlib
import io
import json
import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal, NoReturn, TextIO, get_args

import pytest
import structlog
from pydantic import SecretStr
from typing_extensions import override

from tests.support.canary import Canaries
from treenail_runtime.crypto.opaque import TokenKind, new_token
from treenail_runtime.telemetry import (
    bind_request,
    redact,
    request_id,
    safe_text,
    set_up_logging,
)

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


@pytest.mark.requirement("S4-07")
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


TOKEN = "phmcp_atk_" + "Zx9-w_Q7" * 5 + "Zx9" + "a1B2c3"
SECRET = "q8Zt-Lw3_vN5xR1m"  # noqa: S105  # nobody's
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJlLW9mLXRoaXM"


def fail(error: Exception, cause: Exception | None = None) -> NoReturn:
    raise error from cause


def canaries() -> Canaries:
    found = Canaries()
    for name, secret in {"token": TOKEN, "secret": SECRET, "jwt": JWT}.items():
        found.add(name, secret)
    return found


@pytest.mark.requirement("T-151", "NO-SECRETS", "Z-04")
@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"unknown token {TOKEN}.",
        f"cut: {TOKEN[:18]}",
        f"Authorization: Bearer {TOKEN}",
        f"authorization: {SECRET}",
        f"sent Bearer {SECRET} twice",
        f"sent bearer  {SECRET}",
        f"Basic {SECRET}=",
        f"Cookie: theme=1; __Host-treenail={SECRET}",
        f"http://127.0.0.1:3000/cb?code={SECRET}&state={SECRET}&iss=x",
        f"grant_type=authorization_code&code_verifier={SECRET}",
        f"/login?next=https%3A%2F%2Fa.example%2Fcb%3Fcode%3D{SECRET}%26state%3D{SECRET}",
        f"postgresql://treenail:{SECRET}@db.example/treenail",
        f'{{"access_token": "{SECRET}", "token_type": "x"}}',
        f"{{'password': '{SECRET}', 'email': 'ann@example.test'}}",
        f"{{'client_secret': b'{SECRET}'}}",
        f"{{'password': 'a\\'{SECRET}'}}",
        f"{{'password': '{SECRET}",
        repr(repr({"password": f"a'{SECRET}"})),
        json.dumps(json.dumps({"code": f'a"{SECRET}'})),
        f"upstream said {JWT}",
    ],
)
def test_what_looks_secret_is_not_written_wherever_it_stands(
    style: Literal["console", "json"], text: str
) -> None:
    with logging_to_text(style) as output:
        log = structlog.get_logger()
        log.warning("area.happened", reason=text, deep=[{"x": (text,)}], raw=text.encode())
        log.warning("area.happened", error=ValueError(text))
        logging.getLogger("some.library").warning("said: %s", text)
        for each in (log, logging.getLogger("some.library")):
            try:
                fail(RuntimeError(text), KeyError(text))
            except RuntimeError:
                each.exception("area.crashed")

    assert output.getvalue().count("[redacted]") >= 9
    assert canaries().leaks("log", output.getvalue()) == []


@pytest.mark.requirement("T-151", "NO-SECRETS")
@pytest.mark.parametrize("kind", get_args(TokenKind))
def test_a_token_of_ours_of_any_kind_is_not_written(kind: TokenKind) -> None:
    token = new_token("sample", kind)
    random = token.rpartition(f"_{kind}_")[2]

    for text in (f"/mcp/{token}", f"/{token.replace('_', '%5F')}/mcp", f"no {token!r} here"):
        assert random[:8] not in safe_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "status_code=404 error_code=GONE",
        "the upstream could not be reached; nothing was sent",
        "tools/call get_item",
        "https://api.example/v1/items?page=2",
        "client_id=https://agent.example/client.json",
        "phmcp_atk_",
        "Grüße, 你好",
    ],
)
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


HOSTILE = 'x\r\n{"event": "forged"}\x1b[31m\x9b2J\u2028\u202e\x00\ud800 "} end'


@pytest.mark.requirement("T-152")
@pytest.mark.parametrize("style", ["console", "json"])
def test_a_hostile_text_stays_on_its_line(style: Literal["console", "json"]) -> None:
    with logging_to_text(style) as output:
        structlog.get_logger().info(
            "area.happened", path=HOSTILE, deep={HOSTILE: [HOSTILE]}, odd=KeyError(HOSTILE)
        )
        logging.getLogger("some.library").warning(HOSTILE)
    text = output.getvalue()

    assert text.count("\n") == 2
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.requirement("T-152")
@pytest.mark.parametrize("style", ["console", "json"])
def test_the_message_of_an_exception_cannot_begin_a_line(style: Literal["console", "json"]) -> None:
    with logging_to_text(style) as output:
        try:
            fail(RuntimeError(HOSTILE))
        except RuntimeError:
            structlog.get_logger().exception("area.crashed")
    first, *others = output.getvalue().splitlines()

    assert "area.crashed" in first
    assert all(line.startswith("  ") for line in others)
    assert not set(output.getvalue()) & set("\x1b\x9b\x00\r\u2028\u202e")


@pytest.mark.parametrize(
    "text", ["_atk_" * 20_000, "://" * 90_000, "'code':'" * 20_000, "Cookie:" * 20_000, "x" * 10**6]
)
def test_a_line_has_an_end(text: str) -> None:
    assert len(safe_text(text)) < 3 * 32_768


class Unprintable:
    @override
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_what_cannot_be_shown_does_not_stop_a_line() -> None:
    with logging_to_text("json") as output:
        structlog.get_logger().info("area.happened", odd=Unprintable())

    assert json.loads(output.getvalue())["odd"] == "<Unprintable>"


def test_the_search_for_secrets_finds_them_in_every_form() -> None:
    found = canaries()
    shown = {
        "as it is": f"x{SECRET}y",
        "in hex": SECRET.encode().hex(),
        "in base64, shifted by 0": base64.b64encode(SECRET.encode()).decode(),
        "in base64, shifted by 1": base64.urlsafe_b64encode(f"u{SECRET}:x".encode()).decode(),
        "in base64, shifted by 2": base64.b64encode(f"u:{SECRET}".encode()).decode(),
        "reversed": SECRET[::-1],
    }

    for form, text in shown.items():
        assert [leak.form for leak in found.leaks("x", text)] == [form]
    assert [leak.form for leak in found.leaks("x", f"tok {TOKEN[10:18]}")] == ["its beginning"]
    assert found.leaks("x", hashlib.sha256(TOKEN.encode()).hexdigest()) == []
