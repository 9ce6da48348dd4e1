"""compose.yaml and the Dockerfile, as far as they can be read without Docker."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from treenail_runtime.settings import PLAIN_NAMES, PREFIX, Settings


@pytest.fixture
def compose(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]


def known(name: str) -> bool:
    """Whether the server reads a variable of that name."""
    fields = {PREFIX + field.upper() for field in Settings.model_fields}
    return name in fields | PLAIN_NAMES.keys()


def test_the_server_gets_settings_that_exist_and_secrets_from_a_file(
    services: dict[str, Any],
) -> None:
    for name in ("app", "migrate"):
        assert not [each for each in services[name]["environment"] if not known(each)]
        assert services[name]["env_file"] == [{"path": ".env", "required": False}]
        assert not [each for each in services[name]["environment"] if "SECRET" in each]


def test_tables_are_upgraded_before_the_server_starts(services: dict[str, Any]) -> None:
    assert services["migrate"]["command"] == ["db", "upgrade"]
    assert services["app"]["depends_on"]["migrate"] == {
        "condition": "service_completed_successfully"
    }
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_only_the_proxy_can_be_reached_from_outside(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    assert [name for name, each in services.items() if "ports" in each] == ["proxy"]
    assert not [name for name, each in services.items() if "network_mode" in each]
    assert compose["networks"]["storage"] == {"internal": True}
    assert "storage" not in services["proxy"]["networks"]


def test_the_proxy_is_believed_and_nobody_else(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    (network,) = compose["networks"]["front"]["ipam"]["config"]
    (to,) = re.findall(r"reverse_proxy app:(\d+)", compose["configs"]["caddyfile"]["content"])

    assert services["app"]["environment"]["TREENAIL_TRUSTED_PROXIES"] == network["subnet"]
    assert services["app"]["environment"]["TREENAIL_PORT"] == to


def test_no_container_has_more_rights_than_it_needs(services: dict[str, Any]) -> None:
    for name in ("app", "migrate", "proxy"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
    assert all(each["security_opt"] == ["no-new-privileges:true"] for each in services.values())
    assert not [name for name, each in services.items() if each.get("privileged")]


def test_the_image_serves_with_authorization_as_a_user_without_rights(root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    (command,) = re.findall(r"^CMD (.+)$", text, re.MULTILINE)
    (set_,) = re.findall(r"^ENV (TREENAIL_.+)$", text, re.MULTILINE)

    assert "--no-auth" not in command
    assert text.index("\nUSER treenail") < text.index("\nCMD ")
    assert not [pair for pair in set_.split() if not known(pair.partition("=")[0])]


def test_the_image_copies_what_there_is(root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        source.rstrip("/")
        for sources in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE)
        for source in sources.split()
    ]
    ignored = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert len(copied) > 5
    assert not [name for name in copied if not (root / name).exists()]
    assert not [name for name in copied if f"!{name}" not in ignored]
