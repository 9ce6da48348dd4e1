"""What stands in a path of the document never changes where a request goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import run, told
from treenail_runtime.contract import Endpoint
from treenail_runtime.testing import capture, load

DONE: dict[str, Any] = {"responses": {"204": {"description": "Done."}}}


def document(folder: Path, *paths: str, more: int = 0) -> Path:
    """A document with these paths, and with `more` ordinary ones."""
    every = [*paths, *(f"/more{number}" for number in range(more))]
    written = {
        "openapi": "3.1.0",
        "info": {"title": "Odd", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {path: {"get": {"operationId": f"o{n}", **DONE}} for n, path in enumerate(every)},
    }
    (folder / "odd.json").write_text(json.dumps(written), encoding="utf-8")
    return folder


@pytest.mark.requirement("WIRE-HOST")
@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", ":99/x", "no/slash", ""])
@pytest.mark.parametrize("more", [0, 70])
async def test_a_path_without_a_slash_stays_behind_the_host(
    path: str, more: int, tmp_path: Path
) -> None:
    root = document(tmp_path, path, more=more)
    assert run(root, "init", "odd", "--spec", str(root / "odd.json"), "--all").exit_code == 0

    built = told(run(root, "build", "odd", "--json"))
    request = await capture(load(root / "connectors", "odd"), "o0", {})

    assert "path-without-slash" in [each["code"] for each in built["notes"]]
    assert str(request.url) == f"https://api.example.com/{path}"


@pytest.mark.requirement("WIRE-HOST")
@pytest.mark.parametrize("path", ["/a/../b", "/./a", "/a/%2e%2E"])
@pytest.mark.parametrize("more", [0, 70])
def test_a_path_that_readers_would_shorten_is_refused_by_name(
    path: str, more: int, tmp_path: Path
) -> None:
    root = document(tmp_path, path, "/sound", more=more)

    facts = told(run(root, "init", "odd", "--spec", str(root / "odd.json"), "--all", "--json"))

    [refused] = facts["refused"]
    assert refused["endpoint"] == f"GET {path}"
    assert refused["diagnostics"][0]["code"] == "unsupported-path"


@pytest.mark.requirement("WIRE-HOST")
def test_an_endpoint_without_a_slash_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="has to begin with a slash"):
        Endpoint("GET", "@evil.example/x")
