"""A fault of the program itself reaches nobody as a stack trace."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from treenail_generator.cli.guarding import Guarded


@click.group(cls=Guarded)
def program() -> None:
    pass


@program.command()
def broken() -> None:
    raise KeyError("copy")


@program.command()
def refusing() -> None:
    raise click.ClickException("no such file")


@pytest.mark.requirement("CLI-OWN-FAULT")
def test_a_fault_of_the_program_is_told_in_two_lines() -> None:
    result = CliRunner().invoke(program, ["broken"])

    assert result.exit_code == 70
    assert result.stderr.splitlines() == [
        f"this is a fault of treenail: KeyError: 'copy' ({Path(__file__).name}:22)",
        "  hint: run it again with TREENAIL_TRACEBACK=1 and report what it prints",
    ]


@pytest.mark.requirement("CLI-OWN-FAULT")
def test_the_whole_trace_is_there_for_who_asks() -> None:
    result = CliRunner().invoke(program, ["broken"], env={"TREENAIL_TRACEBACK": "1"})

    assert isinstance(result.exception, KeyError)


@pytest.mark.requirement("CLI-OWN-FAULT")
def test_a_fault_of_the_files_stays_what_it_is() -> None:
    result = CliRunner().invoke(program, ["refusing"])

    assert (result.exit_code, result.stderr) == (1, "Error: no such file\n")


@pytest.mark.requirement("CLI-OWN-FAULT")
def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "treenail_generator", "schema", "--connector-file"]

    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (141, b"")
