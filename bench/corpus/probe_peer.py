"""In the peer's environment. Usage: probe_peer.py DOCUMENT: write the peer's tools to stdout.

One JSON list as `probe_ours.py` writes it; the times of its steps go to stderr.
"""

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    fastmcp: Any = import_module("fastmcp")
    httpx2: Any = import_module("httpx2")
    director: Any = import_module("fastmcp.utilities.openapi.director")
    document = json.loads(Path(sys.argv[1]).read_text())
    client = httpx2.AsyncClient(base_url="http://upstream.test")
    server = fastmcp.FastMCP.from_openapi(openapi_spec=document, client=client)
    tools: list[object] = []
    for tool in asyncio.run(server.list_tools()):
        told = tool.to_mcp_tool().model_dump(by_alias=True, exclude_none=True, mode="json")
        route = tool._route  # noqa: SLF001  # it tells nowhere else what it sends
        _, places = director._prepare_parameter_map(route)  # noqa: SLF001  # the same
        arguments = told["inputSchema"].get("properties", {})
        inputs = [
            (
                place["location"],
                place["openapi_name"].lower()
                if place["location"] == "header"
                else place["openapi_name"],
                name,
            )
            for name, place in places.items()
            if name in arguments
        ]
        tools.append(
            {"tool": told, "operation": f"{route.method.upper()} {route.path}", "inputs": inputs}
        )
    json.dump(tools, sys.stdout)
