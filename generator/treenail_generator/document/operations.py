"""The operations of a document, each read on its own, so that one fault costs one operation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.index import Entry, Index
from treenail_generator.document.model import Operation, SecurityRequirement
from treenail_generator.document.parts import Context, read_servers
from treenail_generator.document.references import child
from treenail_generator.document.tolerance import Parts
from treenail_generator.document.values import flag, items, text
from treenail_generator.yaml_source import JSON

_MOST_PARAMETERS: Final = 1000


@dataclass(frozen=True, slots=True)
class _Read:
    """What reading one operation gave: faults cost it, or are warnings about its parts."""

    operation: Operation | None
    faults: tuple[Diagnostic, ...]


class Operations:
    """The operations of one document, each read when it is first asked for."""

    def __init__(self, context: Context) -> None:
        """Find all, and read none."""
        self._context = context
        self._index = Index(context.references, context.version)
        self._read: dict[str, _Read] = {}

    def find(self, name: str) -> Operation | None:
        """The operation with this key or endpoint, None when there is none.

        Raises:
            BuildError: The document has it, but broken or more than once.
        """
        if faults := self._index.faults_of(name):
            raise BuildError(faults)
        entry = self._index.find(name)
        if entry is None:
            return None
        found = self._reading(entry)
        if found.operation is None:
            raise BuildError(found.faults)
        return found.operation

    def names(self) -> tuple[str, ...]:
        """Every key, then the names that are known and lead to no operation."""
        return self._index.names()

    def usable(self) -> tuple[Operation, ...]:
        """All that can be used, in file order; reads them all."""
        found = (self._reading(entry).operation for entry in self._index.entries)
        return tuple(operation for operation in found if operation is not None)

    def broken(self) -> Mapping[str, tuple[Diagnostic, ...]]:
        """Why a name cannot be used, by name; reads all operations."""
        faults = dict(self._index.faults)
        for entry in self._index.entries:
            found = self._reading(entry)
            if found.operation is None:
                faults |= dict.fromkeys((entry.key, entry.endpoint), found.faults)
        return faults

    def warnings(self) -> Iterator[Diagnostic]:
        """The faults of all names that lead to no operation, and of what was read so far."""
        for faults in (
            *self._index.faults.values(),
            *(each.faults for each in self._read.values()),
        ):
            yield from faults

    def _reading(self, entry: Entry) -> _Read:
        if entry.endpoint not in self._read:
            self._read[entry.endpoint] = _read(self._context, entry)
        return self._read[entry.endpoint]


def _read(context: Context, entry: Entry) -> _Read:
    try:
        operation = _read_operation(context, entry)
    except BuildError as error:
        return _Read(None, error.diagnostics)
    return _Read(operation, operation.left_out)


def read_security(value: JSON) -> tuple[SecurityRequirement, ...]:
    """The alternatives of a `security` list; an empty one stands for "without credentials"."""
    return tuple(
        {name: tuple(text(scope) for scope in items(scopes)) for name, scopes in item.items()}
        for item in items(value)
        if isinstance(item, dict)
    )


def _read_operation(context: Context, entry: Entry) -> Operation:
    target, item = entry.target, entry.item
    if not isinstance(target.value, dict):
        context.fail(target.pointer, f"{entry.endpoint} is not a mapping")
    node = target.value
    parts = Parts(context, entry.endpoint)
    listed = (item.get("parameters"), child(target, "parameters"))
    if sum(len(items(each.value)) for each in listed) > _MOST_PARAMETERS:
        message = f"{entry.endpoint} has more than {_MOST_PARAMETERS:,} parameters"
        place = context.references.source.key_at(target.pointer)
        raise BuildError([Diagnostic(place, "too-large", message)])
    parameters = parts.parameters(listed)
    body = parts.body(child(target, "requestBody")) if "requestBody" in node else None
    responses = parts.responses(child(target, "responses"))
    if parts.faults:
        raise BuildError(dict.fromkeys(parts.faults))
    servers = read_servers(context, child(target, "servers"))
    return Operation(
        key=entry.key,
        id=entry.id,
        method=entry.method,
        path=item.path,
        summary=text(node.get("summary")),
        description=text(node.get("description")),
        deprecated=flag(node.get("deprecated")),
        tags=tuple(text(tag) for tag in items(node.get("tags"))),
        parameters=parameters,
        body=body,
        responses=responses,
        servers=servers or read_servers(context, item.get("servers")),
        security=read_security(node.get("security", context.references.root.get("security"))),
        pointer=target.pointer,
        location=context.references.source.key_at(target.pointer),
        left_out=tuple(parts.left_out),
    )
