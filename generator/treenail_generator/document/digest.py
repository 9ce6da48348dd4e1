"""One hash for what an operation depends on: the lock's answer to "did upstream change it?"."""

import hashlib
import json

from treenail_generator.document.model import Operation, Server
from treenail_generator.document.references import References, Target
from treenail_generator.document.values import mapping
from treenail_generator.yaml_source import JSON

# Callbacks are another service's interface; the others count as they are in force.
_REPLACED = frozenset(("callbacks", "parameters", "security", "servers"))


def closure_sha256(
    references: References, operation: Operation, servers: tuple[Server, ...]
) -> str:
    """Hex SHA-256 over the operation and all it reaches by reference; key order does not count.

    Args:
        references: Of the document.
        operation: One of its usable operations.
        servers: Those in force for it.
    """
    node = mapping(references.value_at(operation.pointer))
    starts = [
        Target(operation.pointer, node),
        *(
            Target(parameter.pointer, references.value_at(parameter.pointer))
            for parameter in operation.parameters
        ),
    ]
    components = mapping(references.root.get("components"))
    schemes = mapping(components.get("securitySchemes"))
    names = {name for requirement in operation.security for name in requirement}
    contract: JSON = {
        "method": operation.method,
        "path": operation.path,
        "operation": {key: node[key] for key in node if key not in _REPLACED},
        "parameters": [
            {"description": parameter.description, "raw": references.value_at(parameter.pointer)}
            for parameter in operation.parameters
        ],
        "servers": [_plain_server(server) for server in servers],
        "security": [
            {name: list[JSON](scopes) for name, scopes in requirement.items()}
            for requirement in operation.security
        ],
        "schemes": {name: schemes.get(name) for name in sorted(names)},
        "reached": {ref: found.value for ref, found in references.closure(starts).items()},
    }
    canonical = json.dumps(contract, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain_server(server: Server) -> JSON:
    return {
        "url": server.url,
        "description": server.description,
        "variables": {
            name: {
                "default": variable.default,
                "enum": list[JSON](variable.enum),
                "description": variable.description,
            }
            for name, variable in server.variables.items()
        },
        "extensions": dict(server.extensions),
    }
