"""Hand-written tools: built beside the module they import from, and told when they change."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.mock_upstream import MockUpstream
from tests.support.project import STATUS, case_project, replace, run, told
from tests.support.running import gen_call
from treenail_generator.build import Sources, build
from treenail_generator.diagnostics import BuildError

pytestmark = pytest.mark.requirement("GEN-CUSTOM")

CUSTOM = "connectors/custom_tools_custom.py"
CONNECTOR = "connectors/custom_tools.yaml"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project with a generated tool and a hand-written one."""
    return case_project("custom_tools", tmp_path)


def fault(project: Path) -> dict[str, str]:
    result = run(project, "build", "custom_tools", "--json")
    assert result.exit_code == 1, result.output
    (found,) = told(result)["diagnostics"]
    return found


def test_the_documented_tool_is_built_checked_and_called(
    root: Path, project: Path, mock_upstream: MockUpstream
) -> None:
    page = (root / "docs/custom-tools.md").read_text(encoding="utf-8")
    (module,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    keys, alone = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (project / "connectors/phorest_custom.py").write_text(module, encoding="utf-8")
    connector = project / "connectors/phorest.yaml"
    text = re.sub(r"(?m)^budget: .*\n", "", connector.read_text(encoding="utf-8"))
    connector.write_text(text + keys, encoding="utf-8")

    built, checked = run(project, "build", "phorest"), run(project, "check", "phorest")
    mock_upstream.reset()
    cuts = gen_call(project, mock_upstream, "find_services", "words=10 CUT")
    nothing = gen_call(project, mock_upstream, "find_services", "words=no such thing")
    short = gen_call(project, mock_upstream, "find_services", "words=a")

    (project / "connectors/samples.yaml").write_text(alone, encoding="utf-8")
    shutil.copy(root / "connectors/samples_custom.py", project / "connectors")
    without_upstream = run(project, "build", "samples")

    assert (built.exit_code, checked.exit_code) == (0, 0), built.output + checked.output
    assert without_upstream.exit_code == 0, without_upstream.output
    assert cuts.returncode == 0, cuts.stderr
    names = [each["name"] for each in json.loads(cuts.stdout)["services"]]
    assert names == ["Cut and finish 10"]
    assert json.loads(nothing.stdout) == {"services": []}
    assert (short.returncode, "words: " in short.stderr) == (1, True)


IMPORTING = """
from treenail_connectors.custom_tools import CONNECTOR, GetWeather, get_weather
import treenail_connectors.custom_tools as beside
from treenail_connectors import custom_tools

assert beside is custom_tools and custom_tools.CONNECTOR is CONNECTOR
"""


def test_a_hand_written_module_imports_the_generated_one_as_it_does_when_served(
    small: Path,
) -> None:
    path = small / CUSTOM
    path.write_text(IMPORTING + path.read_text(encoding="utf-8"), encoding="utf-8")
    before = {name for name in sys.modules if "treenail_connectors" in name}

    assert run(small, "build", "custom_tools").exit_code == 0

    assert {name for name in sys.modules if "treenail_connectors" in name} == before


def test_what_is_imported_is_what_is_built_now_not_what_was_committed(small: Path) -> None:
    replace(small / CONNECTOR, "name: get_weather", "name: tell_weather")
    path = small / CUSTOM
    text = "from treenail_connectors.custom_tools import TellWeather\n"
    path.write_text(text + path.read_text(encoding="utf-8"), encoding="utf-8")

    assert run(small, "build", "custom_tools").exit_code == 0


BROKEN = {
    "a syntax error": ("x = 1\nif x\n    pass\n", "cannot be imported: SyntaxError: ", 2),
    "a name that is not there": ("\n\nmissing()\n", "NameError: name 'missing' is not", 3),
    "an import that is not there": (
        "\nfrom treenail_connectors.custom_tools import None_\n",
        "cannot be imported: ImportError: cannot import name 'None_'",
        2,
    ),
    "an end of the program": ("import sys\nsys.exit(1)\n", "cannot be imported: SystemExit: 1", 2),
    "no tools": ("x = 1\n", "exports no tuple TOOLS", 1),
    "a list of tools": ("TOOLS = []\n", "exports no tuple TOOLS", 1),
    "what is no tool": ("TOOLS = ('add_numbers',)\n", "tool 'add_numbers' cannot be published", 1),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_fault_in_a_hand_written_module_is_told_with_its_line(
    small: Path, broken: tuple[str, str, int]
) -> None:
    text, problem, line = broken
    (small / CUSTOM).write_text(text, encoding="utf-8")

    found = fault(small)

    assert (found["file"], found["line"], found["code"]) == (CUSTOM, line, "custom-module")
    assert problem in found["message"]


def test_arguments_have_to_be_a_closed_model(small: Path) -> None:
    replace(small / CUSTOM, "arguments=AddNumbers", "arguments=dict")
    assert "tool 'add_numbers' cannot be published" in fault(small)["message"]

    replace(small / CUSTOM, "arguments=dict", "arguments=pydantic.BaseModel")
    replace(small / CUSTOM, "from treenail", "import pydantic\nfrom treenail")
    assert "tool 'add_numbers' cannot be published" in fault(small)["message"]


def test_what_is_published_has_to_be_json(small: Path) -> None:
    replace(
        small / CUSTOM, "arguments=AddNumbers", "output_schema={'a': {1}}, arguments=AddNumbers"
    )

    assert "Object of type set is not JSON serializable" in fault(small)["message"]


def test_what_is_published_has_to_be_a_schema(small: Path) -> None:
    replace(
        small / CUSTOM,
        "arguments=AddNumbers",
        "output_schema={'type': 'object', '$ref': '#/$defs/Lost'}, arguments=AddNumbers",
    )

    assert "/$defs/Lost" in fault(small)["message"]


NAMED = {
    "none": ("", "exports add_numbers, but custom_tools names none"),
    "another": ("custom_tools: [subtract]\n", "exports add_numbers"),
    "more": ("custom_tools: [add_numbers, subtract]\n", "exports add_numbers"),
}


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_the_connector_file_names_exactly_the_tools_that_are_exported(
    small: Path, named: tuple[str, str]
) -> None:
    keys, problem = named
    replace(small / CONNECTOR, "custom_tools: [add_numbers]\n", keys)

    found = fault(small)

    assert (found["file"], found["code"]) == (CONNECTOR, "custom-tools-differ")
    assert found["message"] == f"{CUSTOM} {problem}"
    assert found["hint"] == "name exactly these under custom_tools"


def test_a_tool_that_is_exported_twice_is_refused(small: Path) -> None:
    path = small / CUSTOM
    path.write_text(path.read_text(encoding="utf-8") + "\nTOOLS += TOOLS\n", encoding="utf-8")

    assert fault(small)["code"] == "custom-tools-differ"


def test_a_file_that_exports_no_tools_needs_no_names(small: Path) -> None:
    replace(small / CONNECTOR, "custom_tools: [add_numbers]\n", "")
    (small / CUSTOM).write_text("TOOLS = ()\n", encoding="utf-8")

    assert run(small, "build", "custom_tools").exit_code == 0


def test_hand_written_tools_stand_in_the_order_of_their_names(small: Path) -> None:
    replace(small / CONNECTOR, "[add_numbers]", "[sum_up, add_numbers]")
    path = small / CUSTOM
    text = path.read_text(encoding="utf-8")
    more = "\nimport dataclasses\nTOOLS += (dataclasses.replace(TOOLS[0], name='sum_up'),)\n"
    path.write_text(text + more, encoding="utf-8")

    listed = told(run(small, "list", "custom_tools", "--json"))["tools"]

    assert [each["name"] for each in listed] == ["get_weather", "sum_up", "add_numbers"]


CHANGES = {
    "another title": (
        (CUSTOM, 'title="Add numbers"', 'title="Add"'),
        ("invisible", "the title reads differently"),
    ),
    "an argument more": (
        (CUSTOM, "    right: float\n", "    right: float\n    third: float\n"),
        ("breaking", "third is new and required"),
    ),
    "an argument less": (
        (CUSTOM, "    right: float\n", "    right: float = 1.0\n"),
        ("compatible", "right may be left out now"),
    ),
    "another hint": (
        (CUSTOM, "open_world=False", "open_world=True"),
        ("compatible", "openWorldHint is True now"),
    ),
}


@pytest.mark.requirement("GEN-DRIFT")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_diff_tells_how_a_hand_written_tool_changed(
    small: Path, change: tuple[tuple[str, str, str], tuple[str, str]]
) -> None:
    assert run(small, "build", "custom_tools").exit_code == 0
    (file, old, new), (severity, message) = change
    replace(small / file, old, new)

    result = run(small, "diff", "custom_tools", "--json")

    expected = {"tool": "add_numbers", "severity": severity, "message": message}
    assert (result.exit_code, expected in told(result)["changes"]) == (STATUS[severity], True)


@pytest.mark.requirement("GEN-DRIFT")
def test_diff_tells_new_and_lost_hand_written_tools(small: Path) -> None:
    assert run(small, "build", "custom_tools").exit_code == 0
    replace(small / CUSTOM, 'name="add_numbers"', 'name="sum_up"')
    replace(small / CONNECTOR, "[add_numbers]", "[sum_up]")

    assert told(run(small, "diff", "custom_tools", "--json"))["changes"] == [
        {"tool": "add_numbers", "severity": "breaking", "message": "the tool is gone"},
        {"tool": "sum_up", "severity": "compatible", "message": "the tool is new"},
    ]


def test_without_a_lock_nothing_is_told_of_hand_written_tools(small: Path) -> None:
    assert run(small, "build", "custom_tools").exit_code == 0
    (small / "connectors/custom_tools.lock").unlink()

    assert told(run(small, "diff", "custom_tools", "--json"))["changes"] == []


def test_the_build_leaves_modules_of_others_alone(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = type(sys)("treenail_connectors")
    monkeypatch.setitem(sys.modules, "treenail_connectors", marker)
    sources = Sources(
        connector=(small / CONNECTOR).read_text(encoding="utf-8"),
        connector_name=CONNECTOR,
        spec=(small / "specs/spec.yaml").read_text(encoding="utf-8"),
        spec_name="specs/spec.yaml",
        custom="raise ValueError('no')",
        custom_name=CUSTOM,
    )

    with pytest.raises(BuildError):
        build(sources)

    assert sys.modules["treenail_connectors"] is marker
