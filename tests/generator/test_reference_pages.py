"""`gen docs`: the page that tells people what the tools do, take, answer and cost."""

from pathlib import Path

import pytest

from tests.generator.lint.small import build_small, custom_tool
from tests.support.project import replace, run, told
from treenail_generator.reference import reference_page
from treenail_generator.reference.arguments import rows_of

PAGE = "docs/connectors/phorest.md"


@pytest.mark.requirement("DOCS-PAGE")
def test_the_committed_page_is_what_the_command_writes(project: Path, root: Path) -> None:
    result = run(project, "docs", "phorest")

    assert (result.exit_code, result.stdout) == (0, f"{PAGE} written\n")
    assert (project / PAGE).read_text("utf-8") == (root / PAGE).read_text("utf-8")
    assert run(project, "docs", "phorest").stdout == f"{PAGE} is up to date\n"


@pytest.mark.requirement("DOCS-PAGE")
def test_a_page_that_is_out_of_step_fails_the_check(project: Path) -> None:
    assert run(project, "docs", "phorest").exit_code == 0
    assert run(project, "check", "phorest").exit_code == 0
    replace(project / PAGE, "Lists the salons", "Lists the shops")

    result = run(project, "check", "phorest")

    assert result.exit_code == 1
    assert f"{PAGE} is not what the tools are; run `gen docs phorest`" in result.stderr


def test_a_project_without_a_page_passes_the_check(project: Path) -> None:
    assert run(project, "check", "phorest").exit_code == 0


def test_the_page_goes_where_it_is_told_to(project: Path) -> None:
    result = run(project, "docs", "phorest", "--output", str(project / "out/p.md"), "--json")

    assert told(result) == {
        "ok": True,
        "connector": "phorest",
        "page": "out/p.md",
        "changed": True,
    }
    printed = run(project, "docs", "phorest", "--output", "-")
    assert printed.stdout == (project / "out/p.md").read_text("utf-8")


def test_a_place_that_cannot_be_written_is_told(project: Path) -> None:
    (project / "docs").write_text("a file", encoding="utf-8")

    result = run(project, "docs", "phorest")

    assert result.exit_code == 1
    assert f"{PAGE} cannot be written: " in result.stderr


@pytest.mark.requirement("DOCS-PAGE", "T-125")
def test_no_text_of_the_document_becomes_markup() -> None:
    tools = """
    - operation: listOrders
      name: list_orders
      title: List <b>orders</b> | all
      description: "Finds [orders](https://evil.test), ![x](y) `code` @all. # Not a head"
      params: {state: {describe: "a | b <script>", example: "``` x", required: true}}
    """

    page = reference_page(build_small(tools))

    assert r"List \<b\>orders\</b\> \| all" in page
    assert "Finds \\[orders\\](https:\u200b//evil.test), !\\[x\\](y) \\`code\\` @\u200ball." in page
    assert r"a \| b \<script\>" in page
    assert '{"state": "`\\u0060` x"}' in page
    assert page.count("```") == 2


def test_hand_written_tools_have_their_place_on_the_page() -> None:
    top = "auth: {kind: none}\ncustom_tools: [add_numbers]"

    page = reference_page(build_small(top=top, custom=custom_tool()))

    assert "### add_numbers\n\nAdds one to the number given.\n\nWritten by hand." in page
    assert "| `left` | integer | yes |  |" in page


def test_arguments_are_told_to_some_depth_and_circles_once() -> None:
    schema = {
        "type": "object",
        "required": ["tree"],
        "properties": {
            "tree": {"$ref": "#/$defs/Tree", "description": "What to plant."},
            "size": {"type": ["integer", "null"], "minimum": 1, "default": 3},
            "mode": {"anyOf": [{"enum": ["a|b", "`c`"]}, {"type": "string", "format": "date"}]},
        },
        "$defs": {
            "Tree": {
                "type": "object",
                "properties": {
                    "branches": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                    "name": {"type": "string", "pattern": "^[a-z|]+$"},
                },
            }
        },
    }

    rows = {row.path: (row.kind, row.limits, row.is_required) for row in rows_of(schema)}

    assert rows == {
        "tree": ("object", (), True),
        "tree.branches": ("list of Tree", (), False),
        "tree.name": ("string", ("matches `^[a-z\\|]+$`",), False),
        "size": ("integer or null", ("at least `1`",), False),
        "mode": ("`a\\|b` \\| `'c'` or string (date)", (), False),
    }
