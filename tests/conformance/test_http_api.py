"""The HTTP API is as its document says: schemathesis asks it what nobody would ask."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import connectors_folder
from tests.support.loopback import loopback, reply
from tests.support.serving_oauth import serving_oauth
from treenail_runtime.edge.admin.routes import FOR_PEOPLE, PAGES, VERBS
from treenail_runtime.edge.routing import INSTANCE

ITEMS = reply(200, b'{"items":[{"id":"i-1","name":"Comb"}]}')
LIMITS = "login=off,login_account=off,register=off,register_hour=off,authorize=off,token_ip=off"
UNLIMITED = f"{LIMITS},token=off,introspect=off,revoke=off,admin=off,admin_ip=off,mcp=off,refresh_upstream=off"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


DOCUMENTS = {
    "instances": "instance",
    "registry": "person",
    "operating": "person",
    "oauth": "person",
}
"""Whose credentials the instance uses that is there to be found."""


def paths_of(root: Path) -> dict[str, dict[str, Any]]:
    """What the documents describe."""
    read = [yaml.safe_load((root / f"docs/http-api/{name}.yaml").read_text()) for name in DOCUMENTS]
    return {path: methods for document in read for path, methods in document["paths"].items()}


@pytest.mark.requirement("S2-42")
def test_the_documents_have_every_path_of_the_admin_api_and_no_other(root: Path) -> None:
    served = {(path, method) for path, verbs in VERBS.items() for method in verbs}
    served |= {(path, method) for path, (method, _) in PAGES.items()}
    told = {
        (re.sub(r"\{\w+\}", INSTANCE, path), method.upper())
        for path, methods in paths_of(root).items()
        for method in methods
        if method != "parameters" and ("/api/" in path or path.startswith("/{"))
    }
    served |= {(path, method) for path, pages in FOR_PEOPLE.items() for method in pages}

    assert told == served


@pytest.mark.requirement("S2-44", "S2-03", "S2-45", "HTTP-API")
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_no_request_fails_the_server_or_gets_an_answer_that_is_not_documented(
    root: Path, tmp_path: Path, name: str
) -> None:
    document = root / f"docs/http-api/{name}.yaml"
    folder = connectors_folder(tmp_path)
    async with loopback(ITEMS) as upstream:
        with serving_oauth(
            tmp_path, "sample", connectors=folder, upstream_url=upstream.url, rate_limits=UNLIMITED
        ) as served:
            made = served.treenail("admin", "tokens", "create", "--owner", "ann", "--role", "admin")
            token = re.findall(r"^token: (\S+)$", made, re.MULTILINE)[0]
            given = ("--service", "sample", "--credentials", DOCUMENTS[name])
            served.treenail("instances", "create", "acme", *given)
            status, told = await _asked(document, served.base_url, token, tmp_path)
            log = served.log.read_text(encoding="utf-8")

    assert status == 0, told[-8000:]
    assert "crashed" not in log
    assert token not in log


async def _asked(document: Path, base_url: str, token: str, folder: Path) -> tuple[int, str]:
    """Exit status and output of schemathesis."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        "run",
        document,
        *("--url", base_url, "--checks", CHECKS, "--header", f"Authorization: Bearer {token}"),
        *(
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "15",
            "--generation-database",
            "none",
        ),
        *("--seed", "1", "--no-color", "--warnings", "off", "--request-timeout", "10"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()
