"""What is committed has to pass its own lint."""

from pathlib import Path

import pytest

from treenail_generator.build import Sources, build
from treenail_generator.lint import as_json, lint


@pytest.mark.requirement("LINT-READY")
def test_phorest_has_no_errors_and_every_argument_described(root: Path) -> None:
    built = build(
        Sources(
            connector=(root / "connectors" / "phorest.yaml").read_text(encoding="utf-8"),
            connector_name="connectors/phorest.yaml",
            spec=(root / "specs" / "phorest.yaml").read_text(encoding="utf-8"),
            spec_name="specs/phorest.yaml",
        )
    )
    findings = lint(built)

    assert [str(each) for each in findings if each.severity == "error"] == []
    assert as_json(findings, built)["described"] == 1.0
