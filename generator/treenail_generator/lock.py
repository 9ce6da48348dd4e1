"""The lock beside a module: what it was built from, tool by tool, so that drift can be told.

Holds hashes of the closures of the operations in use and of each tool's published surface; a change
elsewhere in the document moves nothing but the document's own hash.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from .document import Document
from .plan import ConnectorPlan
from .tokens import compact, count_tokens
from .verify import LoadedTool

_FORMAT: Final = 1


def published(tool: LoadedTool) -> dict[str, Any]:
    """The tool as tools/list tells it (MCP 2026-07-28, `Tool`)."""
    hints = tool.annotations
    output = {"outputSchema": tool.output_schema} if tool.output_schema is not None else {}
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        **output,
        "annotations": {
            "readOnlyHint": hints.read_only,
            "destructiveHint": hints.destructive,
            "idempotentHint": hints.idempotent,
            "openWorldHint": hints.open_world,
        },
    }


def lock_text(
    plan: ConnectorPlan, document: Document, spec_sha256: str, tools: Sequence[LoadedTool]
) -> str:
    """The lock file's text: JSON with sorted keys, one line per fact."""
    used = {tool.endpoint.operation for tool in plan.tools if tool.endpoint is not None}
    if plan.check is not None:
        used.add(plan.check.endpoint.operation)
    operations = {
        key: document.closure_sha256(operation)
        for key in used
        if (operation := document.operation(key)) is not None
    }
    surfaces = {tool.name: published(tool) for tool in tools}
    lock = {
        "format": _FORMAT,
        "spec": {"path": plan.spec, "sha256": spec_sha256},
        "operations": operations,
        "tools": {
            name: {
                "operation": next(tool.operation for tool in tools if tool.name == name),
                "sha256": hashlib.sha256(compact(surface).encode()).hexdigest(),
                "tokens": count_tokens(surface),
            }
            for name, surface in surfaces.items()
        },
        "tokens": total_tokens(tools),
    }
    return json.dumps(lock, indent=2, sort_keys=True) + "\n"


def total_tokens(tools: Sequence[LoadedTool]) -> int:
    """Tokens of the whole tools/list result."""
    return count_tokens({"tools": [published(tool) for tool in tools]})
