"""Documents that mean harm: refused or harmless, in bounded time and memory, by every command."""

import ast
import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from tests.support.gen_under_limits import Limited, Run
from tests.support.hostile import (
    CODE,
    JSON_DOCUMENTS,
    TEXT_DOCUMENTS,
    TEXTS,
    takes,
    text_everywhere,
)
from tests.support.project import ROOT
from treenail_generator.yaml_source import read_source

_MEGABYTES, _SECONDS = 2_000, 20
_DIAGNOSTIC = re.compile(r"^\S+:\d+:\d+: (?:warning: )?[a-z0-9-]+: ", re.MULTILINE)
_COMMANDS = ("build", "docs", "check")
_MORE = (*_COMMANDS, "lint", "diff")
_TAGS = {*("h1", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td"), "code", "pre"}
_LIBRARIES = (f"{ROOT}/", f"{sys.prefix}/", f"{sys.base_prefix}/", "/usr/", "/etc/mime.types")
_MODULES = {"typing", "pydantic", "pydantic.experimental.missing_sentinel"}
_STATEMENTS = (ast.ImportFrom, ast.ClassDef, ast.AnnAssign, ast.AsyncFunctionDef)
_HELD = {"context", "DEFINITIONS"}


@pytest.fixture(scope="module")
def limited() -> Iterator[Limited]:
    with Limited(megabytes=_MEGABYTES, seconds=_SECONDS) as process:
        yield process


def run_all(
    limited: Limited,
    folder: Path,
    text: str | bytes,
    suffix: str = ".json",
    commands: tuple[str, ...] = _MORE,
) -> Run:
    """`gen init`, and the other commands as long as a build goes well."""
    file = folder / f"given{suffix}"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    spec = ["--spec", str(file)]
    started = [["init", "hostile", *spec, "--all", "--outputs"]]
    others = [[each, "hostile", *(spec if each == "diff" else [])] for each in commands]
    return limited.run([[*each, "--project", str(folder)] for each in (*started, *others)])


def assert_harmless(folder: Path, run: Run) -> None:
    """No command fell over, ran anything or looked elsewhere; what was refused has a place."""
    assert run.status == 0, f"ended by {run.status} after {run.seconds} s"
    for status, stdout, stderr in run.told:
        assert status in (0, 1), status
        if status == 1:
            assert _DIAGNOSTIC.search(stderr + stdout), stderr[:2000]
        assert_shows_what_it_says(stdout + stderr)
    elsewhere = [each for each in run.touched if not is_known(folder, each)]
    assert not elsewhere
    assert not list(folder.rglob("PWNED*"))
    assert not Path("PWNED").exists()
    module, page = folder / "connectors/hostile.py", folder / "docs/connectors/hostile.md"
    if module.exists():
        assert_only_declares(module.read_text(encoding="utf-8"))
        assert_shows_what_it_says((folder / "connectors/hostile.yaml").read_text(encoding="utf-8"))
    if page.exists():
        assert_plain_page(page.read_text(encoding="utf-8"))


def is_known(folder: Path, touched: str) -> bool:
    """Whether it is the project's own, part of what is installed, or the formatter."""
    own = (f"{folder.resolve()}/", *_LIBRARIES)
    return touched == "subprocess.Popen ruff" or touched.startswith(
        tuple(f"open {each}" for each in own)
    )


def assert_shows_what_it_says(text: str) -> None:
    """Nothing in it moves a cursor, hides, or turns the direction of writing."""
    odd = {each for each in text if not each.isprintable() and each not in "\n\u200b"}
    assert not odd, odd


def assert_only_declares(module: str) -> None:
    """Its code is imports of what may be imported, declarations, and calls of those names."""
    tree = ast.parse(module)
    assert_shows_what_it_says(module)
    imported: set[str] = set()
    for statement in tree.body[1:]:
        assert isinstance(statement, _STATEMENTS), ast.unparse(statement)
        if isinstance(statement, ast.ImportFrom):
            assert statement.module in {*_MODULES, "treenail_runtime.contract"}
            imported |= {each.name for each in statement.names}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(called)):
                assert called in imported, called
            case ast.Call(func=ast.Attribute(ast.Name(holder))):
                assert holder in _HELD, holder
            case ast.Call() | ast.Lambda() | ast.Import() | ast.Global() | ast.JoinedStr():
                pytest.fail(ast.unparse(node))
            case ast.Attribute(attr=name) | ast.Name(name):
                assert not name.startswith("__"), name
                assert name not in {"exec", "eval", "open", "compile", "getattr"}
            case _:
                pass


def assert_plain_page(page: str) -> None:
    """Nothing that a document says became markup of the page, or was worked out."""
    assert_shows_what_it_says(page)
    links = re.sub(r"\[`[^`]*`\]\(#[^)]*\)", "", page)
    html = MarkdownIt("commonmark", {"linkify": False}).enable("table").render(links)
    assert {tag.lower() for tag in re.findall(r"</?([A-Za-z][^\s/>]*)", html)} <= _TAGS
    assert "54439" not in html


@pytest.mark.requirement("HOSTILE-TEXTS", "HOSTILE-BOMBS", "HOSTILE-REFERENCES")
@pytest.mark.parametrize("name", JSON_DOCUMENTS)
def test_a_hostile_document_is_harmless(name: str, limited: Limited, tmp_path: Path) -> None:
    commands = _COMMANDS if name.startswith("text: ") else _MORE

    run = run_all(limited, tmp_path, json.dumps(JSON_DOCUMENTS[name]()), commands=commands)

    assert_harmless(tmp_path, run)


@pytest.mark.requirement("HOSTILE-READING")
@pytest.mark.parametrize("name", TEXT_DOCUMENTS)
def test_a_text_that_is_meant_to_break_the_reader_does_not(
    name: str, limited: Limited, tmp_path: Path
) -> None:
    run = run_all(limited, tmp_path, TEXT_DOCUMENTS[name](), ".yaml", commands=())

    assert_harmless(tmp_path, run)


@pytest.mark.requirement("HOSTILE-TEXTS")
@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_reads_the_same_in_yaml(name: str) -> None:
    document = text_everywhere(TEXTS[name])

    assert read_source(yaml.safe_dump(document), "given.yaml").value == document


@pytest.mark.requirement("HOSTILE-TEXTS")
def test_most_hostile_texts_still_make_tools(limited: Limited, tmp_path: Path) -> None:
    run_all(limited, tmp_path, json.dumps(text_everywhere(CODE)))

    module = (tmp_path / "connectors/hostile.py").read_text(encoding="utf-8")
    assert sum(isinstance(each, ast.AsyncFunctionDef) for each in ast.parse(module).body) == 3
    assert CODE in module


@pytest.mark.requirement("HOSTILE-READING")
def test_a_file_that_is_no_text_is_refused(limited: Limited, tmp_path: Path) -> None:
    run = run_all(limited, tmp_path, b"\xff\xfe\x00\xd8 \x80\x81", ".yaml")

    assert_harmless(tmp_path, run)
    ((status, _, stderr),) = run.told
    assert (status, "not-text" in stderr) == (1, True)


@pytest.mark.requirement("HOSTILE-REFERENCES")
def test_nothing_is_fetched_wherever_an_address_stands(limited: Limited, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x.json"

        run = run_all(limited, tmp_path, json.dumps(_addresses(address)))

        assert_harmless(tmp_path, run)
        with pytest.raises(BlockingIOError):
            listener.accept()


def _addresses(address: str) -> dict[str, Any]:
    """A document with an address wherever some library follows one."""
    ref = {"$ref": f"{address}#/a"}
    named = {
        "type": "object",
        "$id": address,
        "$schema": address,
        "$dynamicRef": f"{address}#x",
        "properties": {"$ref": {"type": "string"}, "a": {"$recursiveRef": address}},
        "default": ref,
        "examples": [ref],
        "const": ref,
        "discriminator": {"propertyName": "$ref", "mapping": {"a": address}},
        "externalDocs": {"url": address},
        "x-ref": ref,
    }
    whole = takes({"anyOf": [named, {"enum": [ref]}, {"$id": f"{address}#y", "type": "object"}]})
    operation = whole["paths"]["/things"]["post"]
    operation |= {
        "externalDocs": {"url": address},
        "callbacks": {"done": ref},
        "responses": {
            "200": {
                "description": "Done.",
                "links": {"next": ref},
                "content": {"application/json": {"schema": named, "examples": {"one": ref}}},
            },
            "400": ref,
        },
        "parameters": [
            {"name": "q", "in": "query", "schema": ref},
            {"name": "e", "in": "query", "schema": {"type": "string"}, "example": ref},
        ],
    }
    whole["paths"]["/far"] = ref
    whole["$self"] = whole["jsonSchemaDialect"] = address
    return whole


@pytest.mark.requirement("HOSTILE-REFERENCES")
@pytest.mark.parametrize(
    "ref",
    ["../outside.json#/a", "/etc/passwd", "link.json#/a", "folder/x.json", "%2e%2e/outside.json"],
)
def test_with_several_files_nothing_outside_their_folder_is_opened(
    ref: str, limited: Limited, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    outside = tmp_path / "outside.json"
    outside.write_text('{"a": {"type": "string"}}', encoding="utf-8")
    for folder in ("connectors", "specs"):
        (project / folder).mkdir(parents=True)
    (project / "specs/link.json").symlink_to(outside)
    (project / "specs/folder").symlink_to(tmp_path)
    (tmp_path / "x.json").write_text('{"type": "string"}', encoding="utf-8")
    (project / "specs/given.json").write_text(json.dumps(takes({"$ref": ref})), encoding="utf-8")
    connector = {
        "schema": 1,
        "name": "hostile",
        "title": "H",
        "version": "1.0.0",
        "instructions": "Try.",
        "spec": {"path": "specs/given.json", "refs": "file"},
        "servers": {
            "default": "a",
            "regions": {"a": {"title": "A", "url": "https://api.hostile.test"}},
        },
        "auth": {"kind": "none"},
        "tools": [{"operation": "send", "name": "send", "title": "Send", "description": "Sends."}],
    }
    (project / "connectors/hostile.yaml").write_text(json.dumps(connector), encoding="utf-8")

    run = limited.run([["build", "hostile", "--project", str(project)]])

    assert_harmless(project, run)
    ((status, _, stderr),) = run.told
    assert status == 1
    assert "remote-ref" in stderr
    assert f"open {outside}" not in run.touched
