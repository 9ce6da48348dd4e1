"""A module that cannot be served is refused at the start, in one line that says what to do."""

import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.support.commands import connectors_folder
from treenail_runtime.loading import ConnectorLoadError, find, load_connector

CUSTOM = """
from treenail_connectors.sample import CONNECTOR, Nothing, LOCAL
from treenail_runtime.contract import Tool


async def greet(arguments, context):
    return {"hello": context.connector}


def tool(name):
    return Tool(name=name, title=name, description=name, arguments=Nothing, run=greet,
                annotations=LOCAL)


TOOLS = (tool("greet"), tool("wave"))
"""


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("treenail_connectors")]:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return connectors_folder(tmp_path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def name_custom_tools(folder: Path, *names: str) -> None:
    edit(
        folder / "sample.py",
        'name="sample",',
        f'name="sample",\n    custom_tools={tuple(names)!r},',
    )


def refused(folder: Path, name: str = "sample") -> str:
    with pytest.raises(ConnectorLoadError) as caught:
        load_connector(folder, name)
    (problem,) = caught.value.problems
    assert "\n" not in problem
    assert "Traceback" not in problem
    return problem


def test_a_module_is_loaded_by_its_path(folder: Path) -> None:
    connector = load_connector(folder, "sample")

    assert connector.name == "sample"
    assert [tool.name for tool in connector.tools][:2] == ["get_item", "create_item"]
    assert connector.tools[0].arguments.__module__ == "treenail_connectors.sample"


def test_a_missing_module_is_told_with_the_nearest_name(folder: Path) -> None:
    assert refused(folder, "sampel") == (
        f"{folder}/sampel.py: there is no such module; did you mean 'sample'?"
    )
    assert refused(folder, "other").endswith("there is no such module; there are: sample")
    assert refused(folder / "none", "other").endswith("run `gen build other`")


@pytest.mark.parametrize("name", ["", "../sample", "Sample", "sample.py", "a-b", "sample_custom"])
def test_a_name_that_is_no_name_opens_no_file(folder: Path, name: str) -> None:
    assert "is no connector name" in refused(folder, name)


def test_a_syntax_error_is_told_with_its_line(folder: Path) -> None:
    (folder / "sample.py").write_text("a = 1\nb = = 2\n", encoding="utf-8")

    assert refused(folder) == (
        f"{folder}/sample.py: it cannot be imported: SyntaxError: invalid syntax (sample.py, line 2) "
        "(line 2); run `gen build sample`"
    )


def test_a_fault_of_the_module_is_told_with_its_line(folder: Path) -> None:
    edit(folder / "sample.py", "CONNECTOR = Connector(", "missing_name()\nCONNECTOR = Connector(")

    problem = refused(folder)

    assert "NameError: name 'missing_name' is not defined (line " in problem
    assert "treenail_connectors.sample" not in sys.modules


def test_a_module_without_a_connector_is_refused(folder: Path) -> None:
    (folder / "sample.py").write_text("CONNECTOR = 1\n", encoding="utf-8")

    assert "it has no CONNECTOR of type Connector" in refused(folder)


def test_a_module_of_another_contract_is_refused(folder: Path) -> None:
    edit(folder / "sample.py", "contract=CONTRACT_VERSION", "contract=999")

    assert "generated for contract 999, this treenail speaks contract 2" in refused(folder)


def test_a_module_under_another_name_is_refused(folder: Path) -> None:
    (folder / "sample.py").rename(folder / "shop.py")

    assert "its CONNECTOR is called 'sample'" in refused(folder, "shop")


def test_custom_tools_stand_behind_the_generated_ones_in_the_order_of_their_names(
    folder: Path,
) -> None:
    name_custom_tools(folder, "wave", "greet")
    (folder / "sample_custom.py").write_text(CUSTOM, encoding="utf-8")

    connector = load_connector(folder, "sample")

    assert [tool.name for tool in connector.tools][-3:] == ["get_connection_info", "wave", "greet"]


def test_custom_tools_that_are_named_have_to_be_there(folder: Path) -> None:
    name_custom_tools(folder, "greet", "wave")

    assert "custom tools are named but not there: greet, wave" in refused(folder)


@pytest.mark.requirement("GEN-CUSTOM")
@pytest.mark.parametrize(
    ("named", "told"),
    [
        (("greet",), "TOOLS holds greet, wave, `custom_tools` names greet"),
        (
            ("greet", "wave", "bow"),
            "TOOLS holds greet, wave, `custom_tools` names bow, greet, wave",
        ),
        (("greet", "wave", "wave"), "`custom_tools` names greet, wave, wave"),
        ((), "TOOLS holds greet, wave, `custom_tools` names nothing"),
    ],
)
def test_custom_tools_are_exactly_those_that_are_named(
    folder: Path, named: tuple[str, ...], told: str
) -> None:
    name_custom_tools(folder, *named)
    (folder / "sample_custom.py").write_text(CUSTOM, encoding="utf-8")

    assert told in refused(folder)


def test_a_custom_tool_cannot_take_the_name_of_another(folder: Path) -> None:
    name_custom_tools(folder, "get_item")
    text = CUSTOM.replace('(tool("greet"), tool("wave"))', '(tool("get_item"),)')
    (folder / "sample_custom.py").write_text(text, encoding="utf-8")

    assert "tool 'get_item' is there 2 times" in refused(folder)


@pytest.mark.parametrize("tools", ["[]", "(1,)", "tool('greet')"])
def test_custom_tools_come_in_a_tuple(folder: Path, tools: str) -> None:
    name_custom_tools(folder, "greet")
    text = CUSTOM.replace('(tool("greet"), tool("wave"))', tools)
    (folder / "sample_custom.py").write_text(text, encoding="utf-8")

    assert "it has no TOOLS of type tuple[Tool, ...]" in refused(folder)


def test_a_fault_in_a_custom_module_is_not_blamed_on_the_generator(folder: Path) -> None:
    name_custom_tools(folder, "greet")
    (folder / "sample_custom.py").write_text("raise ValueError('no')\n", encoding="utf-8")

    assert refused(folder) == (
        f"{folder}/sample_custom.py: it cannot be imported: ValueError: no (line 1); correct it"
    )


@pytest.mark.requirement("S2-43")
def test_a_module_that_ends_the_program_ends_nothing(folder: Path) -> None:
    name_custom_tools(folder, "greet")
    ending = "import sys\nsys.exit('set FOO')\n"
    (folder / "sample_custom.py").write_text(ending, encoding="utf-8")

    assert refused(folder) == (
        f"{folder}/sample_custom.py: it cannot be imported: SystemExit: set FOO (line 2); correct it"
    )


@pytest.mark.parametrize("name", ["get item", "", "x" * 65, "get/item", "get_item\\n"])
def test_a_tool_name_is_one_that_every_client_takes(folder: Path, name: str) -> None:
    edit(folder / "sample.py", 'name="create_item"', f'name="{name}"')

    assert "is no tool name" in refused(folder)


def test_arguments_are_a_closed_model(folder: Path) -> None:
    edit(folder / "sample.py", "arguments=CreateItem", "arguments=dict")

    assert "tool 'create_item': arguments: Input should be a subclass of Input" in refused(folder)


def test_arguments_that_cannot_be_checked_are_told_before_the_first_call(folder: Path) -> None:
    name_custom_tools(folder, "greet", "wave")
    broken = (
        "from pydantic import Field\nfrom treenail_runtime.contract import Input\n"
        f"{CUSTOM}\nclass Word(Input):\n    word: str = Field(pattern='(')\n\n"
        "TOOLS = (TOOLS[0], Tool(name='wave', title='w', description='w', arguments=Word, run=greet,"
        " annotations=LOCAL))\n"
    )
    (folder / "sample_custom.py").write_text(broken, encoding="utf-8")

    assert "the arguments of tool 'wave' cannot be checked" in refused(folder)


def test_listing_tools_makes_no_validator(folder: Path) -> None:
    tools = load_connector(folder, "sample").tools

    assert all(tool.input_schema["type"] == "object" for tool in tools)
    assert not any(tool.arguments.__pydantic_complete__ for tool in tools)


def test_first_calls_at_the_same_time_are_all_checked(folder: Path) -> None:
    tools = {each.name: each for each in load_connector(folder, "sample").tools}
    model = tools["create_item"].arguments
    given = {"name": "tea", "amount": 2}
    start = threading.Barrier(8)

    def call(_: int) -> object:
        start.wait()
        return model.model_validate(given).model_dump(by_alias=True)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(call, range(8)))

    assert told == [given] * 8
    with pytest.raises(ValidationError):
        model.model_validate({**given, "unknown": 1})


@pytest.mark.requirement("S2-34")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    tools=(\n", "    tools=None,\n)\n_X = dict(x=(\n", "tools: Input should be"),
        ('name="sample",', 'name="sample", custom_tools=None,', "custom_tools: Input should be"),
        ('title="Sample shop"', "title=None", "title: Input should be a valid string"),
        ('version="1.2.3"', "version=None", "version: Input should be a valid string"),
        ('title="Sample shop"', 'title="\\udcff"', "a text in it is no Unicode"),
        ('title="Sample shop"', 'title="Shop", scopes=None', "scopes: Input should be"),
        ('title="Get item"', 'title="\\udcff"', "tool 'get_item': a text in it is no Unicode"),
        ('title="Get item"', 'title="Get", output_schema={"a": {1}}', "cannot be told as JSON"),
        ("annotations=READS", "annotations=None", "annotations: Input should be an instance of"),
    ],
)
def test_a_field_of_another_type_is_refused_by_its_name(
    folder: Path, old: str, new: str, told: str
) -> None:
    edit(folder / "sample.py", old, new)

    assert told in refused(folder)


@pytest.mark.requirement("S2-34")
@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ('OAuthCodeAuth(provider=OAuthProvider(preset="gogle"))', "preset: Input"),
        ("OAuthCodeAuth(provider=OAuthProvider(issuer=None))", "issuer: Input should be"),
        ("OAuthClientAuth(provider=None)", "provider: Input should be an instance"),
        ("OAuthCodeAuth(provider=OAuthProvider(), scopes=None)", "scopes: Input"),
        ("ChainAuth(None)", "schemes: Input should be a valid tuple"),
        ("ChainAuth((NoAuth(), OAuthCodeAuth(provider=None)))", "provider: Input"),
        ("BasicAuth(None, None)", "username: Input should be a valid string"),
    ],
)
def test_what_is_of_another_type_inside_of_its_auth_is_refused(
    folder: Path, auth: str, told: str
) -> None:
    kinds = "BasicAuth, ChainAuth, NoAuth, OAuthClientAuth, OAuthCodeAuth, OAuthProvider,"
    edit(folder / "sample.py", 'BasicAuth("global/{email}", "{password}")', auth)
    edit(folder / "sample.py", "    BasicAuth,", f"    {kinds}")

    assert f"`auth` of CONNECTOR: {told}" in refused(folder)


@pytest.mark.requirement("S2-34")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise SystemExit(3)", "SystemExit: 3 (line 1)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt:  (line 1)"),
        ("import asyncio\nraise asyncio.CancelledError", "CancelledError:  (line 2)"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ('raise ValueError("a\\0b\\udcff")', r"ValueError: a\x00b\udcff (line 1)"),
        ("class E(Exception): __str__ = None\nraise E", "E: (without a text) (line 2)"),
    ],
)
def test_nothing_that_a_module_raises_goes_further(folder: Path, text: str, told: str) -> None:
    (folder / "sample.py").write_text(text, encoding="utf-8")

    assert told in refused(folder)


@pytest.mark.requirement("S2-34")
def test_a_lock_that_is_too_deep_is_one_that_cannot_be_read(folder: Path) -> None:
    (folder / "sample.lock").write_text("[" * 200_000, encoding="utf-8")

    assert find(folder, "sample").problems == (
        "sample: sample.lock cannot be read; run `gen build sample`",
    )


def test_ctrl_c_ends_the_process_whatever_a_module_makes_of_it(folder: Path) -> None:
    pressed = "import signal\nsignal.raise_signal(signal.SIGINT)"
    (folder / "sample.py").write_text(
        f"try:\n    {pressed.replace(chr(10), chr(10) + '    ')}\nexcept BaseException:\n    pass",
        encoding="utf-8",
    )
    (folder / "other.py").write_text(pressed, encoding="utf-8")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for name in ("sample", "other"):
            with pytest.raises(KeyboardInterrupt):
                load_connector(folder, name)
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
