"""A document of a test's own, taken in by `gen init --all` and `gen build`."""

import json
from pathlib import Path
from typing import Any

from tests.support.project import run, told
from treenail_runtime.contract import Connector
from treenail_runtime.testing import load

DONE = {"204": {"description": "Done."}}
"""Responses of operations that answer nothing."""


def written(folder: Path, paths: dict[str, Any], version: str = "3.1.0", **more: Any) -> Path:
    """The file of a document with these paths."""
    document = {
        "openapi": version,
        "info": {"title": "Own", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": paths,
        **more,
    }
    file = folder / "own.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def proposed(folder: Path, file: Path, *options: str) -> dict[str, Any]:
    """What `gen init --all` tells of the document, which `gen build` then takes."""
    asked = ("init", "own", "--spec", str(file), "--all", "--json", *options)
    result = run(folder, *asked)
    assert result.exit_code == 0, result.output
    build = run(folder, "build", "own")
    assert build.exit_code == 0, build.output
    return told(result)


def connector(folder: Path) -> Connector:
    """What was built there."""
    return load(folder / "connectors", "own")
