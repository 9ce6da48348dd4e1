"""The operations of a document, each read on its own, so that one fault costs one operation."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.model import (
    Operation,
    Parameter,
    Response,
    SecurityRequirement,
)
from treenail_generator.document.parts import (
    Context,
    read_body,
    read_parameter,
    read_response,
    read_servers,
)
from treenail_generator.document.references import Target, ref_of
from treenail_generator.document.values import flag, items, mapping, text
from treenail_generator.yaml_source import JSON

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# OpenAPI 3.1.1, section 4.8.12.1: definitions of these header parameters shall be ignored.
_IGNORED_HEADERS = frozenset(
    ("header", name) for name in ("accept", "authorization", "content-type")
)


@dataclass(frozen=True, slots=True)
class PathItem:
    """A path item: its own fields, then those behind its `$ref`."""

    path: str
    layers: tuple[Target, ...]

    def get(self, key: str) -> Target:
        """The field from the first layer that has it; None, in the last one, if none does."""
        for layer in self.layers:
            if key in mapping(layer.value):
                return child(layer, key)
        return child(self.layers[-1], key)

    def methods(self) -> tuple[str, ...]:
        """The lower-case methods, in file order."""
        keys = (key for layer in self.layers for key in mapping(layer.value))
        return tuple(dict.fromkeys(key for key in keys if key in _METHODS))


@dataclass(slots=True)
class Operations:
    """What reading every operation gave.

    Attributes:
        usable: In file order.
        broken: Faults by every name that an operation could be asked for.
    """

    usable: list[Operation] = field(default_factory=list[Operation])
    broken: dict[str, tuple[Diagnostic, ...]] = field(
        default_factory=dict[str, tuple[Diagnostic, ...]]
    )


def read_operations(context: Context) -> Operations:
    """Every operation under `paths`, usable or broken."""
    found = Operations()
    path_items = list(_path_items(context, found))
    ids = Counter(_id(item.get(method)) for item in path_items for method in item.methods())
    for item in path_items:
        for method in item.methods():
            operation_id = _id(item.get(method))
            endpoint = f"{method.upper()} {item.path}"
            shared = operation_id is not None and ids[operation_id] > 1
            key = endpoint if operation_id is None or shared else operation_id
            try:
                found.usable.append(_read_operation(context, item, method, key))
            except BuildError as error:
                found.broken |= dict.fromkeys((key, endpoint), error.diagnostics)
            if operation_id is not None and shared:
                found.broken[operation_id] = (
                    *found.broken.get(operation_id, ()),
                    _duplicate(context, item.get(method), operation_id, endpoint),
                )
    return found


def read_security(value: JSON) -> tuple[SecurityRequirement, ...]:
    """The alternatives of a `security` list; an empty one stands for "without credentials"."""
    return tuple(
        {name: tuple(text(scope) for scope in items(scopes)) for name, scopes in item.items()}
        for item in items(value)
        if isinstance(item, dict)
    )


def child(parent: Target, key: str) -> Target:
    """The field of a mapping, None when it has none."""
    return Target((*parent.pointer, key), mapping(parent.value).get(key))


def _path_items(context: Context, found: Operations) -> Iterator[PathItem]:
    for path, node in mapping(context.references.root.get("paths")).items():
        if path.startswith("x-"):
            continue
        own = Target(("paths", path), node)
        try:
            layers = (own, context.references.follow(own)) if ref_of(node) else (own,)
        except BuildError as error:
            names = (f"{method.upper()} {path}" for method in _METHODS)
            found.broken |= dict.fromkeys(names, error.diagnostics)
            continue
        yield PathItem(path, layers)


def _read_operation(context: Context, item: PathItem, method: str, key: str) -> Operation:
    target = item.get(method)
    lists = (item.get("parameters"), child(target, "parameters"))
    context.references.check((target, *lists))
    if not isinstance(target.value, dict):
        context.fail(target.pointer, f"{method.upper()} {item.path} is not a mapping")
    node = target.value
    faults: list[Diagnostic] = []
    parameters = _read_parameters(context, lists, faults)
    with _collected(faults):
        body = read_body(context, child(target, "requestBody")) if "requestBody" in node else None
    responses = _read_responses(context, child(target, "responses"), faults)
    if faults:
        raise BuildError(faults)
    servers = read_servers(context, child(target, "servers"))
    return Operation(
        key=key,
        id=_id(target),
        method=method.upper(),
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
    )


def _read_parameters(
    context: Context, lists: Iterable[Target], faults: list[Diagnostic]
) -> tuple[Parameter, ...]:
    """Later lists override earlier ones; within one list a parameter stands once."""
    merged: dict[tuple[str, str], Parameter] = {}
    for owner in lists:
        own: dict[tuple[str, str], Parameter] = {}
        for index, listed in enumerate(items(owner.value)):
            with _collected(faults):
                parameter = read_parameter(context, Target((*owner.pointer, index), listed))
                key = _identity(parameter)
                if key in own:
                    message = f"{parameter.place} parameter {parameter.name!r} stands twice"
                    context.fail((*owner.pointer, index), message)
                own[key] = parameter
        merged |= own
    return tuple(kept for key, kept in merged.items() if key not in _IGNORED_HEADERS)


def _identity(parameter: Parameter) -> tuple[str, str]:
    """Case tells parameters apart, except in headers (RFC 9110, section 5.1)."""
    is_header = parameter.place == "header"
    return (parameter.place, parameter.name.lower() if is_header else parameter.name)


def _read_responses(
    context: Context, declared: Target, faults: list[Diagnostic]
) -> tuple[Response, ...]:
    found: list[Response] = []
    for status in mapping(declared.value):
        if not status.startswith("x-"):
            with _collected(faults):
                found.append(read_response(context, status, child(declared, status)))
    return tuple(found)


@contextmanager
def _collected(faults: list[Diagnostic]) -> Generator[None]:
    try:
        yield
    except BuildError as error:
        faults.extend(error.diagnostics)


def _id(operation: Target) -> str | None:
    return text(mapping(operation.value).get("operationId")) or None


def _duplicate(context: Context, operation: Target, name: str, endpoint: str) -> Diagnostic:
    return Diagnostic(
        context.references.source.at((*operation.pointer, "operationId")),
        "duplicate-operation-id",
        f"the operationId {name!r} names more than one operation",
        hint=f"say {endpoint!r} for this one",
    )
