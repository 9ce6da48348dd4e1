"""The document as a whole: its operations, and its schemas wherever a reference leads."""

from collections.abc import Mapping
from dataclasses import dataclass

from treenail_generator.diagnostics import BuildError, Diagnostic, Location
from treenail_generator.document.bundling import bundle
from treenail_generator.document.digest import closure_sha256
from treenail_generator.document.model import (
    Operation,
    Schema,
    SecurityRequirement,
    SecurityScheme,
    Server,
    Version,
)
from treenail_generator.document.references import References
from treenail_generator.document.schemas import Schemas, ref_name
from treenail_generator.yaml_source import JSON, Pointer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """An OpenAPI document, read operation by operation.

    Attributes:
        file: The name that locations carry.
        version: The OpenAPI minor version that the file declares.
        title: `info.title`, empty when absent.
        api_version: `info.version` as written, empty when absent.
        servers: In file order; empty when the document names none.
        security: The default alternatives; operations already carry theirs.
        security_schemes: By name.
        operations: The usable ones, in file order.
        broken: Why a name (key or "METHOD /path") cannot be used, by name.
        warnings: Every fault found in what nobody may ever ask for.
        notes: What was read otherwise than the file says it: upgraded, overlaid or left aside.
    """

    file: str
    version: Version
    title: str
    api_version: str
    servers: tuple[Server, ...]
    security: tuple[SecurityRequirement, ...]
    security_schemes: Mapping[str, SecurityScheme]
    operations: tuple[Operation, ...]
    broken: Mapping[str, tuple[Diagnostic, ...]]
    warnings: tuple[Diagnostic, ...]
    notes: tuple[Diagnostic, ...] = ()
    references: References
    schemas: Schemas

    @property
    def raw(self) -> Mapping[str, JSON]:
        """The plain data of the document; not to be changed."""
        return self.references.root

    def operation(self, key: str) -> Operation | None:
        """The operation with this operationId or "METHOD /path", None when there is none.

        Raises:
            BuildError: The document has it, but broken or more than once.
        """
        if key in self.broken:
            raise BuildError(self.broken[key])
        return next(
            (found for found in self.operations if key in (found.key, found.endpoint)), None
        )

    def keys(self) -> tuple[str, ...]:
        """Every name that `operation` knows, broken ones last; for did-you-mean."""
        return (*(operation.key for operation in self.operations), *self.broken)

    def locate(self, pointer: Pointer) -> Location:
        """Where the value at `pointer` stands, or its nearest ancestor that exists."""
        return self.references.source.at(pointer)

    def locate_key(self, pointer: Pointer) -> Location:
        """Where the key of the value at `pointer` stands, or its nearest ancestor's."""
        return self.references.source.key_at(pointer)

    def pointer_of_ref(self, ref: str) -> Pointer:
        """Where the value that `ref` names stands, through references on the way.

        Raises:
            BuildError: It names nothing; cannot happen for one found in a usable operation.
        """
        return self.references.find(ref).pointer

    def resolve(self, schema: JSON) -> Schema:
        """The normalised schema behind a `$ref`, or `schema` itself when it is none.

        Subschemas keep their references. What stands beside the `$ref` (3.1) is merged in:
        annotations win over the target's, constraints join it through `allOf`.
        `True` becomes `{}` and `False` becomes `{"not": {}}`.

        Raises:
            BuildError: The references only lead to each other, or nowhere.
        """
        return self.schemas.resolve(schema)

    def ref_name(self, schema: JSON) -> str | None:
        """The last part of the `$ref`, which names a component; None when there is no `$ref`."""
        return ref_name(schema)

    def bundle(self, schema: JSON) -> dict[str, JSON]:
        """The same schema, self-contained: what it reaches stands once under `$defs`."""
        return bundle(self.schemas, schema)

    def closure_sha256(self, operation: Operation) -> str:
        """Hex digest of the operation and everything it reaches, and of nothing else."""
        servers = operation.servers or self.servers
        return closure_sha256(self.references, operation, servers)
