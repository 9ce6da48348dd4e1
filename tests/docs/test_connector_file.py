"""The pages about connector files mention every key and every fault, and are true."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import yaml

from treenail_generator.connector_file import json_schema


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from keys(item)
    elif isinstance(node, dict):
        mapping = cast("dict[str, Any]", node)
        yield from mapping.get("properties", {})
        for value in mapping.values():
            yield from keys(value)


def pages(root: Path) -> str:
    names = ("connector-file.md", "connector-login.md")
    return "\n".join((root / "docs" / name).read_text(encoding="utf-8") for name in names)


def test_every_key_is_documented(root: Path) -> None:
    text = pages(root)

    assert not {key for key in keys(json_schema()) if not re.search(rf"\b{re.escape(key)}\b", text)}


def codes(path: Path) -> Iterator[str]:
    """The codes of the diagnostics that a module makes: their second argument."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in {"add", "Diagnostic"}
            and len(node.args) > 1
        ):
            for constant in ast.walk(node.args[1]):
                if (
                    isinstance(constant, ast.Constant)
                    and isinstance(constant.value, str)
                    and constant.value[0] != "-"
                ):
                    yield constant.value


def test_every_fault_is_documented(root: Path) -> None:
    text = (root / "docs/connector-faults.md").read_text(encoding="utf-8")
    sources = root / "generator/treenail_generator"
    paths = [sources / "build.py", sources / "cli/files.py", sources / "verify/proof.py"]
    for folder in ("planning", "connector_file"):
        paths += (sources / folder).rglob("*.py")
    made = {code for path in paths for code in codes(path)}

    assert len(made) > 25
    assert not {code for code in made if f"`{code}`" not in text}


def test_every_section_that_is_shown_is_understood(root: Path) -> None:
    """The examples hold sections of a file: together with what has to be there, they are one."""
    small, *sections = re.findall(r"^```yaml\n(.*?)^```", pages(root), re.MULTILINE | re.DOTALL)
    whole = yaml.safe_load(small)
    validator = jsonschema_rs.Draft202012Validator(json_schema())
    inner = {"body", "params", "response"}

    assert not [error.message for error in validator.iter_errors(whole)]
    for section in sections:
        shown = {key: each for key, each in yaml.safe_load(section).items() if key not in inner}
        assert not [error.message for error in validator.iter_errors({**whole, **shown})]
    assert len(sections) > 8
