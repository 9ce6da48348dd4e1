"""The HTTP API is as its document says: schemathesis asks it what nobody would ask."""

import asyncio
import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import schemathesis
import yaml

from tests.support.admin_api import API
from tests.support.authorizing import Page
from tests.support.commands import connectors_folder
from tests.support.loopback import loopback, reply
from tests.support.serving_oauth import serving_oauth
from tests.support.upstream_accounts import office
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


@pytest.mark.requirement("S2-42", "S2-44", "HTTP-API")
async def test_what_comes_of_an_account_at_a_provider_is_as_documented(
    root: Path, tmp_path: Path
) -> None:
    # Nobody comes through a provider by chance.
    openapi = cast("Any", schemathesis).openapi
    registry = openapi.from_path(root / "docs/http-api/registry.yaml")
    instances = openapi.from_path(root / "docs/http-api/instances.yaml")
    async with office(tmp_path, ITEMS) as desk:
        begun = await desk.initiate()
        page = await desk.open(begun.body["authorization_url"])
        left = await desk.decide(page)
        done = await desk.come_back(await desk.go_on(left))
        shown = await desk.api.get(f"{API}/instances/acme")
        renewed = await desk.api.post(f"{API}/instances/acme/refresh")
        state = await desk.api.get("/acme/status")
        again = await desk.api.post("/acme/refresh")

    assert shown.body["tokens"]["can_be_refreshed"]
    auth = "/api/v1/auth-registry/auth"
    for document, path, method, answer, status in (
        (registry, f"{auth}/initiate-oauth/{{service}}", "POST", begun, 200),
        (registry, f"{auth}/connect/{{service}}", "GET", page, 200),
        (registry, f"{auth}/connect/{{service}}", "POST", left, 303),
        (registry, f"{auth}/callback/{{service}}", "GET", done, 200),
        (instances, "/api/v1/instances/{slug}", "GET", shown, 200),
        (instances, "/api/v1/instances/{slug}/refresh", "POST", renewed, 200),
        (registry, "/{slug}/status", "GET", state, 200),
        (registry, "/{slug}/refresh", "POST", again, 200),
    ):
        assert (path, method, answer.status) == (path, method, status)
        told = httpx.Response(
            answer.status,
            headers={"Content-Type": answer.headers.get("Content-Type", "")},
            text=answer.text if isinstance(answer, Page) else _written(answer.body),
            request=httpx.Request(method, "http://127.0.0.1"),
        )
        told.elapsed = timedelta(0)
        operation = document[path][method]
        assert str(status) in operation.definition.raw["responses"]
        operation.validate_response(told)


def _written(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


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
            "10",
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
