"""Commands that cannot do what they were asked tell so in one line."""

import asyncio
import base64
import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.commands import connectors_folder
from tests.support.forking import ended
from tests.support.loopback import loopback, reply

KEYS = f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
NO_TABLES = "treenail: the database has no tables yet: run `treenail db init`\n"


@dataclass(frozen=True)
class Said:
    exit_code: int
    stdout: str
    stderr: str


def said(folder: Path, *arguments: str) -> Said:
    variables = {
        "DATABASE_URL": f"sqlite:///{folder}/treenail.db",
        "AUTH_SECRETS": KEYS,
        "TREENAIL_CONNECTORS_DIR": str(folder / "connectors"),
    }
    status, out, err = ended(*arguments, environment=variables, seconds=60, typed=b"s")
    return Said(status, out.decode(), err.decode())


@pytest.mark.requirement("TOLD-COMMANDS")
@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize(
    "command",
    [
        "cleanup",
        "connectors list --served",
        "connectors forget sample",
        "admin revoke-all --yes",
        "admin tokens list",
        "cache clear --instance acme",
        "clients list",
        "instances list",
        "keys check",
    ],
)
def test_a_database_without_tables_is_told(tmp_path: Path, command: str, is_there: bool) -> None:
    connectors_folder(tmp_path)
    if is_there:
        (tmp_path / "treenail.db").touch()

    result = said(tmp_path, *command.split())

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", NO_TABLES)
    assert (tmp_path / "treenail.db").exists() == is_there


@pytest.mark.requirement("TOLD-COMMANDS")
@pytest.mark.parametrize(
    ("held", "problem"),
    [(b"\xff", "the file is no text in UTF-8"), (b"\n", "the file is empty")],
)
def test_a_file_that_holds_no_token_is_told(tmp_path: Path, held: bytes, problem: str) -> None:
    (tmp_path / "token").write_bytes(held)

    result = said(tmp_path, "cache", "show", "--token-file", f"{tmp_path}/token")

    assert (result.exit_code, result.stderr) == (2, f"treenail: --token-file: {problem}\n")


@pytest.mark.requirement("TOLD-COMMANDS")
@pytest.mark.parametrize("command", ["connectors reload", "cache clear --all", "cache show"])
@pytest.mark.parametrize("answer", [b"{}", b'{"loaded": 7, "told": 7, "caches": 7}', b"<html>"])
async def test_what_answers_and_is_no_server_of_ours_is_told(
    tmp_path: Path, command: str, answer: bytes
) -> None:
    (tmp_path / "token").write_text("t")
    async with loopback(reply(200, answer)) as stranger:
        given = ("--token-file", f"{tmp_path}/token", "--server", stranger.url)

        result = await asyncio.to_thread(said, tmp_path, *command.split(), *given)

    problem = f"{stranger.url} answers 200, and not as a server"
    assert (result.exit_code, result.stderr) == (2, f"treenail: {problem}\n")


@pytest.mark.requirement("TOLD-COMMANDS")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("set", "a", "--limit", "mcp"), "--limit is not NAME=VALUE"),
        (("set", "a", "email"), "an argument is not NAME=VALUE"),
        (("create", "b", "--service", "none"), "there is no such service; there are: sample"),
        (("set", "a", "--title", "x", "--unset", "title"), "--unset title: it is set by the same"),
        (("set", "a", "--limit", "mcp=1/1s", "--unset", "limits.mcp"), "--unset limits.mcp: it is"),
        (
            ("set", "a", "--client-secret-file", "-", "--unset", "client-secret"),
            "--unset client-secret: it is set by the same command",
        ),
    ],
)
def test_what_a_command_cannot_take_is_told_by_its_name(
    tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    connectors_folder(tmp_path)
    said(tmp_path, "db", "init")
    made = said(tmp_path, "instances", "create", "a", "--service", "sample")
    assert made.exit_code == 0

    result = said(tmp_path, "instances", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"treenail: {problem}")
