"""The document as a whole: its operations, and its schemas wherever a reference leads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from treenail_generator.diagnostics import Diagnostic, Location
from treenail_generator.document.bundling import bundle
from treenail_generator.document.digest import Digests
from treenail_generator.document.model import (
    Operation,
    Schema,
    SecurityRequirement,
    SecurityScheme,
    Server,
    Version,
)
from treenail_generator.document.operations import Operations
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
        index: The operations.
        digests: The hashes of what they reach.
        faults: Those of the document itself, all of them bearable.
        files: SHA-256 of every overlay and further document that was read, by name.
        notes: What was read otherwise than the file says it: upgraded, overlaid or left aside.
    """

    file: str
    version: Version
    title: str
    api_version: str
    servers: tuple[Server, ...]
    security: tuple[SecurityRequirement, ...]
    security_schemes: Mapping[str, SecurityScheme]
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[Diagnostic, ...] = ()
    references: References
    schemas: Schemas
    index: Operations
    digests: Digests
    faults: tuple[Diagnostic, ...]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The usable ones, in file order; reads them all."""
        return self.index.usable()

    @property
    def broken(self) -> Mapping[str, tuple[Diagnostic, ...]]:
        """Why a name (key or "METHOD /path") cannot be used, by name; reads all operations."""
        return self.index.broken()

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Faults of the document, and of the operations that were read so far."""
        found = (*self.faults, *self.index.warnings(), *self.schemas.faults)
        warnings = {replace(fault, severity="warning") for fault in found}
        return tuple(
            sorted(warnings, key=lambda fault: (fault.location, fault.code, fault.message))
        )

    def all_warnings(self) -> tuple[Diagnostic, ...]:
        """The same once every operation is read."""
        self.index.usable()
        return self.warnings

    @property
    def raw(self) -> Mapping[str, JSON]:
        """The plain data of the document; not to be changed."""
        return self.references.root

    def operation(self, key: str) -> Operation | None:
        """The operation with this operationId or "METHOD /path", None when there is none.

        Raises:
            BuildError: The document has it, but broken or more than once.
        """
        return self.index.find(key)

    def keys(self) -> tuple[str, ...]:
        """Every key, then the names that lead to no operation; for did-you-mean."""
        return self.index.names()

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
        return self.digests.closure_sha256(operation, servers)
