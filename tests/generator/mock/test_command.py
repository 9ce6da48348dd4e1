"""`gen mock` as people start it: a process of its own, with its options."""

import json
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.support.mock_upstream import BUSINESS, CREDENTIALS
from tests.support.running import gen_mock
from treenail_generator.cli import gen

PATH = f"{BUSINESS}/branch"


def get(url: str) -> httpx.Response:
    with httpx.Client(auth=CREDENTIALS, trust_env=False) as http:
        return http.get(f"{url}{PATH}")


def test_it_serves_with_the_options_of_the_command_line() -> None:
    options = ("--fault", "503", "--fault-every", "2", "--latency", "300", "--seed", "7")
    with gen_mock("--port", "0", "--json", *options) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        began = time.monotonic()
        answers = [get(announced["url"]).status_code for _ in range(2)]
        lasted = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)

    assert set(announced) == {"connector", "url"}
    assert announced["connector"] == "phorest"
    assert announced["url"].endswith("/third-party-api-server")
    assert answers == [200, 503]
    assert lasted >= 0.6
    assert (process.returncode, out) == (0, "")


def test_the_seed_chooses_the_data() -> None:
    seen: list[bytes] = []
    for seed in ("7", "7", "8"):
        with gen_mock("--port", "0", "--seed", seed) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("mock phorest at http://127.0.0.1:")
            seen.append(get(line.split(" at ")[1].strip()).content)

    assert seen[0] == seen[1] != seen[2]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with gen_mock("--port", port) as process:
            out, err = process.communicate(timeout=20)
        with gen_mock("--port", port, "--json") as as_json:
            line, _ = as_json.communicate(timeout=20)

    assert (process.returncode, out) == (1, "")
    assert f"cannot listen at 127.0.0.1:{port}: " in err
    assert "--port 0 takes a free port" in err
    assert as_json.returncode == 1
    assert json.loads(line)["diagnostics"][0]["code"] == "cannot-listen"


@pytest.mark.parametrize(
    "options",
    [("--port", "70000"), ("--fault", "teapot"), ("--fault-every", "0"), ("--latency", "-1")],
)
def test_options_that_make_no_sense_are_refused(root: Path, options: tuple[str, str]) -> None:
    result = CliRunner().invoke(gen, ["mock", "phorest", "--project", str(root), *options])

    assert result.exit_code == 2
    assert options[0] in result.stderr


def test_a_connector_that_is_not_there_is_one_json_value_for_programs(tmp_path: Path) -> None:
    result = CliRunner().invoke(gen, ["mock", "salon", "--project", str(tmp_path), "--json"])

    assert result.exit_code == 1
    assert json.loads(result.stdout)["diagnostics"][0]["code"] == "no-connector"
