"""Every setting is documented, and every documented setting exists."""

import re
from pathlib import Path

import pytest

from treenail_runtime.settings import PLAIN_NAMES, PREFIX, Settings, read_settings


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs/settings.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_complete(text: str) -> None:
    documented = re.findall(rf"^\| `{PREFIX}(\w+)`", text, re.MULTILINE)

    assert sorted(documented) == sorted(name.upper() for name in Settings.model_fields)


def test_the_defaults_in_the_table_are_those_of_the_settings(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are read: a default that is shown may be pasted."""
    told = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| `([^`]+)` \|", text, re.MULTILINE))
    usual = read_settings()
    for name, default in told.items():
        monkeypatch.setenv(PREFIX + name, default)

    assert len(told) > 25
    assert read_settings() == usual


def test_a_setting_without_a_default_in_the_table_has_none_to_show(text: str) -> None:
    shown = set(re.findall(rf"^\| `{PREFIX}(\w+)` \| `", text, re.MULTILINE))
    others = {name for name in Settings.model_fields if name.upper() not in shown}
    settings = read_settings()

    assert not [name for name in others if getattr(settings, name)]


@pytest.mark.requirement("S1-10", "S0-47")
def test_the_table_of_plain_names_is_complete(text: str) -> None:
    told = dict(re.findall(rf"^\| `([A-Z_]+)` \| `{PREFIX}(\w+)`", text, re.MULTILINE))
    known = {name: setting.upper() for name, setting in PLAIN_NAMES.items()}

    assert told == known | {"CLEANUP_INTERVAL_MINUTES": "CLEANUP_SECONDS"}


@pytest.mark.requirement("S1-10", "S1-31")
def test_the_two_plain_names_with_another_meaning_mean_what_the_table_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLEANUP_INTERVAL_MINUTES", "5")
    monkeypatch.setenv("NODE_ENV", "production")

    settings = read_settings()

    assert settings.cleanup_seconds == 300
    assert settings.is_production
