"""docs/lint.md is the table of rules."""

import re
from pathlib import Path
from typing import get_args

from treenail_generator.lint import PROFILES, RULES, RuleId
from treenail_generator.lint.credentials import KINDS
from treenail_generator.lint.injection import ORDERS


def test_page_lists_every_rule_in_the_words_of_the_code(root: Path) -> None:
    page = (root / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)

    assert rows == [(rule.id, rule.severity, rule.checks, rule.why) for rule in RULES]


def test_page_lists_what_counts_as_an_order(root: Path) -> None:
    assert bullets(root, "Text that gives orders") == [
        order.what + (" (warning)" if order.severity == "warning" else "") for order in ORDERS
    ]


def test_page_lists_the_kinds_of_secrets(root: Path) -> None:
    assert bullets(root, "Secrets") == list(KINDS)


def test_page_lists_the_limits_of_every_client(root: Path) -> None:
    page = (root / "docs" / "lint.md").read_text(encoding="utf-8")

    for profile in PROFILES.values():
        limits = (
            profile.deepest,
            profile.most_tools,
            profile.most_properties,
            profile.most_values,
        )
        shown = " | ".join("none" if limit is None else str(limit) for limit in limits)
        argument = profile.argument.pattern
        row = f"| {profile.id} | {profile.longest_name} | `{argument}` | {shown} |"
        assert f"{row} {profile.source} |\n" in page


def bullets(root: Path, heading: str) -> list[str]:
    """The list below one heading of the page."""
    page = (root / "docs" / "lint.md").read_text(encoding="utf-8")
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^- (.+)[;.]$", section, re.MULTILINE)


def test_every_rule_id_has_one_rule() -> None:
    assert [rule.id for rule in RULES] == list(get_args(RuleId))
