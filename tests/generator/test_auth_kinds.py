"""Kinds of credentials: what the mock takes, what operations accept, what `gen init` proposes."""

from pathlib import Path
from typing import Literal, TypeAlias

import httpx
import pytest

from tests.support.mock_upstream import MockUpstream
from treenail_generator.build import Sources, build

CASES = Path(__file__).parent / "cases"
Tries: TypeAlias = list[tuple[dict[str, str], dict[str, str], int]]
"""Header fields and cookies, and the status that they get."""

TWO_WAYS: Tries = [
    ({}, {}, 401),
    ({"Authorization": "Bearer pasted"}, {}, 200),
    ({"Authorization": "Bearer wrong"}, {}, 401),
    ({"Authorization": "Basic YTpi"}, {}, 401),
]
BOTH_AT_ONCE: Tries = [
    ({"X-Tenant": "t"}, {}, 401),
    ({}, {"sid": "s"}, 401),
    ({"X-Tenant": "t"}, {"sid": "s"}, 200),
    ({"X-Tenant": "t"}, {"sid": "wrong"}, 401),
]
GRANTED: Tries = [({}, {}, 401), ({"Authorization": "Bearer granted"}, {}, 200)]


def unsecured(spec: Path, folder: Path) -> Path:
    """The same document, which says nothing of security, so that the connector file decides."""
    kept = (
        line for line in spec.read_text(encoding="utf-8").splitlines() if "security:" not in line
    )
    path = folder / "spec.yaml"
    path.write_text("\n".join(kept), encoding="utf-8")
    return path


@pytest.mark.requirement("AUTH-KINDS")
@pytest.mark.parametrize("declared_by", ["document", "connector"])
@pytest.mark.parametrize(
    ("case", "tries"),
    [
        ("auth_chain", TWO_WAYS),
        ("auth_chain_all", BOTH_AT_ONCE),
        ("auth_oauth_code", GRANTED),
        ("auth_oauth_client", GRANTED),
    ],
)
def test_the_mock_takes_what_the_connector_sends(
    tmp_path: Path,
    case: str,
    tries: Tries,
    declared_by: Literal["document", "connector"],
) -> None:
    folder = CASES / case
    spec = folder / "spec.yaml"
    if declared_by == "connector":
        spec = unsecured(spec, tmp_path)
    with MockUpstream(folder / "connector.yaml", spec) as mock:
        for headers, cookies, status in tries:
            with httpx.Client(headers=headers, cookies=cookies, trust_env=False) as http:
                assert http.get(f"{mock.url}/weather").status_code == status, (headers, cookies)


def notes(case: str, security: str) -> list[str]:
    """The codes of what a build tells, when the document asks for `security`."""
    folder = CASES / case
    spec = (folder / "spec.yaml").read_text(encoding="utf-8")
    lines = [line for line in spec.splitlines() if not line.startswith("security:")]
    built = build(
        Sources(
            connector=(folder / "connector.yaml").read_text(encoding="utf-8"),
            connector_name=f"connectors/{case}.yaml",
            spec="\n".join([*lines, f"security: {security}"]),
            spec_name="specs/spec.yaml",
        )
    )
    return [note.code for note in built.plan.notes]


@pytest.mark.requirement("AUTH-KINDS")
@pytest.mark.parametrize(
    ("case", "security", "told"),
    [
        ("auth_chain", "[{token: []}]", []),
        ("auth_chain", "[{grant: [read]}]", []),
        ("auth_chain", "[{token: [], other: []}]", ["security-differs"]),
        ("auth_chain_all", "[{tenant: [], session: []}]", []),
        ("auth_chain_all", "[{session: []}]", []),
        ("auth_chain_all", "[{tenant: [], other: []}]", ["security-differs"]),
        ("auth_oauth_client", "[{machine: [read]}]", []),
    ],
)
def test_an_operation_is_told_that_does_not_accept_what_is_sent(
    case: str, security: str, told: list[str]
) -> None:
    assert notes(case, security) == told


@pytest.mark.requirement("AUTH-NO-CLIENT")
@pytest.mark.parametrize("case", ["auth_oauth_code", "auth_chain"])
def test_a_login_at_a_provider_names_no_client(case: str) -> None:
    module = (CASES / case / "expected.py").read_text(encoding="utf-8")

    assert "client_" not in module


@pytest.mark.requirement("AUTH-NO-CLIENT")
def test_a_client_that_is_written_out_is_refused() -> None:
    told = (CASES / "fault_auth_all" / "expected.stderr").read_text(encoding="utf-8")

    assert "literal-secret" in told
    assert "written-out" not in told
