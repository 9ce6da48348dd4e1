"""One hash for what an operation depends on: the lock's answer to "did upstream change it?"."""

import hashlib
from collections.abc import Iterable
from functools import partial
from itertools import chain

from treenail_generator.document.circles import circles
from treenail_generator.document.model import Operation, Server
from treenail_generator.document.references import References, Target, join_ref
from treenail_generator.document.values import mapping
from treenail_generator.json_texts import canonical
from treenail_generator.yaml_source import JSON, Pointer

# Callbacks are another service's interface; the others count as they are in force.
_REPLACED = frozenset(("callbacks", "parameters", "security", "servers"))


class Digests:
    """The hashes of one document; what many operations reach is looked at once."""

    def __init__(self, references: References) -> None:
        """Of a document's references; nothing is looked at yet."""
        self._references = references
        self._found: dict[Pointer, str] = {}

    def closure_sha256(self, operation: Operation, servers: tuple[Server, ...]) -> str:
        """Hex SHA-256 over the operation and all it reaches; the order of keys does not count.

        Args:
            operation: A usable operation of the document.
            servers: Those in force for it.
        """
        references = self._references
        reached: dict[str, JSON] = {
            ref: self._reach(found)
            for ref in self._refs(operation)
            if (found := references.found(ref)) is not None
        }
        return _sha256({**_contract(references, operation, servers), "reached": reached})

    def _refs(self, operation: Operation) -> Iterable[str]:
        """The references of an operation and of its parameters, each once."""
        target = partial(_target, self._references)
        inside = chain(
            self._references.inside_parts(target(operation.pointer)),
            *(self._references.inside(target(each.pointer)) for each in operation.parameters),
        )
        return dict.fromkeys(reference.ref for reference in inside)

    def _reach(self, start: Target) -> str:
        """One hash for all that a value reaches; values that reach each other share it."""
        for circle in circles(start, self._references.following, self._found):
            self._close(circle)
        return self._found[start.pointer]

    def _close(self, circle: list[Target]) -> None:
        """Hash values that all reach each other: what they say, and what they reach besides."""
        inside = {target.pointer for target in circle}
        beyond = {
            self._found[each.pointer]
            for target in circle
            for each in self._references.following(target)
            if each.pointer not in inside
        }
        says: dict[str, JSON] = {join_ref(target.pointer): target.value for target in circle}
        sha256 = _sha256({"says": says, "beyond": list[JSON](sorted(beyond))})
        self._found |= dict.fromkeys(inside, sha256)


def _target(references: References, pointer: Pointer) -> Target:
    return Target(pointer, references.value_at(pointer))


def _contract(
    references: References, operation: Operation, servers: tuple[Server, ...]
) -> dict[str, JSON]:
    """What the operation itself says, with what is in force around it."""
    node = mapping(references.value_at(operation.pointer))
    components = mapping(references.root.get("components"))
    schemes = mapping(components.get("securitySchemes"))
    names = {name for requirement in operation.security for name in requirement}
    return {
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
    }


def _sha256(value: JSON) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


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
