"""The peer, in its own environment: FastMCP.from_openapi on uvicorn.

Usage: peer_server.py SPEC UPSTREAM_URL PORT OPERATION_ID... [--tuned [--repaired]] [--mounted N]

With --mounted, N servers in this process: the first at /mcp, the others at /i1/mcp, /i2/mcp, ...

Bearer tokens are asked for when BENCH_PUBLIC_KEY (PEM: JWTs) or BENCH_TOKEN (that one) is set.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

# This runs where these are installed; the type checker does not.
fastmcp: Any = import_module("fastmcp")
httpx2: Any = import_module("httpx2")
uvicorn: Any = import_module("uvicorn")
yaml: Any = import_module("yaml")

_FLAGS: Final = {"--tuned", "--repaired", "--mounted"}


def restricted(document: dict[str, Any], operations: set[str]) -> dict[str, Any]:
    """The document with no other operations."""
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        kept = {
            key: value
            for key, value in item.items()
            if "operationId" not in value or value["operationId"] in operations
        }
        if any("operationId" in value for value in kept.values()):
            paths[path] = kept
    return {**document, "paths": paths}


def repair(server: Any) -> None:
    """Give the SDK what it otherwise lists all tools for, at every modern call.

    No setting does that; it shows what would be left of the difference if the peer did.
    """
    schemas = {tool.name: tool.parameters for tool in asyncio.run(server.list_tools())}
    server._mcp_server.get_tool_input_schema = schemas.get  # noqa: SLF001  # there is no other way


def verifier() -> Any:
    """FastMCP's own check of bearer tokens in this process; None where there is to be none."""
    providers: Any = import_module("fastmcp.server.auth.providers.jwt")
    scopes = ["mcp.tools.call"]
    if key := os.environ.get("BENCH_PUBLIC_KEY"):
        return providers.JWTVerifier(
            public_key=key,
            issuer=os.environ["BENCH_ISSUER"],
            audience=os.environ["BENCH_AUDIENCE"],
            required_scopes=scopes,
        )
    if token := os.environ.get("BENCH_TOKEN"):
        known = {token: {"client_id": "bench", "scopes": scopes}}
        return providers.StaticTokenVerifier(tokens=known, required_scopes=scopes)
    return None


def main(spec: str, upstream_url: str, port: str, *rest: str) -> None:
    """Serve until the process is ended."""
    document = yaml.load(Path(spec).read_text(), Loader=yaml.CSafeLoader)
    tuned = "--tuned" in rest
    count = int(rest[rest.index("--mounted") + 1]) if "--mounted" in rest else 1
    operations = set(rest) - _FLAGS

    def made() -> Any:
        server = made_server(document, operations, upstream_url, tuned=tuned)
        if "--repaired" in rest:
            repair(server)
        return server

    uvicorn.run(
        mounted([made() for _ in range(count)]),
        port=int(port),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


def made_server(
    document: dict[str, Any], operations: set[str], upstream_url: str, *, tuned: bool
) -> Any:
    """A server of its own, with its own client for the upstream."""
    return fastmcp.FastMCP.from_openapi(
        restricted(document, operations),
        client=httpx2.AsyncClient(base_url=upstream_url, auth=("global/bench", "secret")),
        name="peer",
        auth=verifier(),
        # By default answers are validated, and schemas are copied without references.
        validate_output=not tuned,
        dereference_schemas=not tuned,
    )


def mounted(servers: list[Any]) -> Any:
    """One application for all of them."""
    # Stateless JSON was its fastest configuration when several were measured.
    first, *others = [
        each.http_app(path="/mcp", json_response=True, stateless_http=True) for each in servers
    ]
    if not others:
        return first
    applications: Any = import_module("starlette.applications")
    routing: Any = import_module("starlette.routing")

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for each in (first, *others):
                await stack.enter_async_context(each.router.lifespan_context(each))
            yield

    mounts = [routing.Mount(f"/i{number}", app=app) for number, app in enumerate(others, 1)]
    return applications.Starlette(
        routes=[*mounts, routing.Mount("/", app=first)], lifespan=lifespan
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
