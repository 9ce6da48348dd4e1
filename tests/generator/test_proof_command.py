"""`gen check --prove` and the progress of long work."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.project import run
from treenail_generator.build import Sources, build
from treenail_generator.cli.progress import Progress
from treenail_generator.cli.proving import prove_again
from treenail_generator.verify import Effort, load

FAULTY = '"firstName": MISSING if arguments.first_name is MISSING else "x",'


@pytest.mark.requirement("PROOF-COMMAND")
def test_the_proof_is_told_tool_by_tool(root: Path) -> None:
    result = run(root, "check", "phorest", "--prove", "--examples", "20", "--seed", "3", "--json")

    assert result.exit_code == 0, result.output
    [connector] = json.loads(result.stdout)["connectors"]
    proof = {each["tool"]: each for each in connector["proof"]}
    assert proof["list_clients"]["proven"] > 20
    assert proof["the credential check"]["proven"] == 1
    assert all(each["seconds"] > 0 for each in connector["proof"])
    assert not any("mismatch" in each for each in connector["proof"])


@pytest.mark.requirement("PROOF-COMMAND")
def test_without_the_option_nothing_is_said_of_the_proof(root: Path) -> None:
    result = run(root, "check", "phorest", "--json")

    [connector] = json.loads(result.stdout)["connectors"]
    assert "proof" not in connector


@pytest.mark.requirement("PROOF-COMMAND")
def test_a_mismatch_is_told_with_what_was_expected_and_what_was_read(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = build(
        Sources(
            connector=(root / "connectors/phorest.yaml").read_text(encoding="utf-8"),
            connector_name="connectors/phorest.yaml",
            spec=(root / "specs/phorest.yaml").read_text(encoding="utf-8"),
            spec_name="specs/phorest.yaml",
        )
    )
    text = built.module.replace('"firstName": arguments.first_name,', FAULTY)
    faulty = replace(built, loaded=load(text, "phorest"))
    proven = prove_again(faulty, Effort(examples=5), Progress(wanted=True))

    wrong = next(each for each in proven.as_json() if each["tool"] == "list_clients")["mismatch"]
    assert (wrong["expected"], wrong["decoded"]) == (wrong["arguments"]["first_name"], "x")
    assert wrong["operation"].startswith("specs/phorest.yaml:")
    assert json.loads(json.dumps(wrong)) == wrong
    assert "proven 1 of 20 tools" in capsys.readouterr().err


@pytest.mark.requirement("PROOF-COMMAND")
def test_progress_is_told_where_it_is_asked_for(root: Path) -> None:
    told = run(root, "check", "phorest", "--progress")
    silent = run(root, "check", "phorest")

    assert "reading the connector file and the document" in told.stderr
    assert silent.stderr == ""
