"""Every setting is documented, and every documented setting exists."""

import re
from pathlib import Path

from treenail_runtime.settings import PREFIX, Settings


def test_the_table_of_settings_is_complete(root: Path) -> None:
    text = (root / "docs/operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(rf"^\| `{PREFIX}(\w+)`", text, re.MULTILINE))

    assert documented == {name.upper() for name in Settings.model_fields}


def test_the_defaults_in_the_table_are_those_of_the_settings(root: Path) -> None:
    text = (root / "docs/operations.md").read_text(encoding="utf-8")
    told = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| `([^`]+)` \|", text, re.MULTILINE))
    fields = Settings.model_fields

    for name, default in told.items():
        assert str(fields[name.lower()].default).lower() == default.lower()
