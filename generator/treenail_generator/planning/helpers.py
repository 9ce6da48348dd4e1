"""The built-in tools: they send nothing."""

from collections.abc import Iterator
from typing import Final

from treenail_generator.connector_file import ConnectionInfo, ConnectorRequest, TypeDescriber
from treenail_generator.diagnostics import nearest
from treenail_generator.plan import AnnotationPlan, FieldPlan, ModelPlan, TextType, ToolPlan

from .faults import Faults
from .module_names import ModuleNames

_READS: Final = AnnotationPlan(read_only=True, destructive=False, idempotent=True, open_world=False)
_DESCRIBES: Final = (
    "Tells the exact JSON Schema of a type that another tool only names: "
    "call it before you fill in an argument of that type."
)


def plan_helpers(
    request: ConnectorRequest, names: ModuleNames, faults: Faults
) -> Iterator[ToolPlan]:
    """The tools that the connector file declares under `helpers`."""
    helpers = request.file.helpers
    if helpers.get_connection_info is not None:
        yield _connection_info(request, helpers.get_connection_info, names, faults)
    if helpers.describe_type is not None:
        yield _type_describer(request, helpers.describe_type, names)


def _connection_info(
    request: ConnectorRequest, info: ConnectionInfo, names: ModuleNames, faults: Faults
) -> ToolPlan:
    """The built-in tool; tells login fields, never secrets."""
    pointer = ("helpers", "get_connection_info", "fields")
    secrets = {entry.name: entry.is_secret for entry in request.file.login.fields}
    for index, name in enumerate(info.fields):
        if secrets.get(name, True):
            close = nearest(name, [key for key, hidden in secrets.items() if not hidden])
            faults.add(
                request.at(*pointer, index),
                "secret-told" if name in secrets else "unknown-login-field",
                f"{name!r} is " + ("a secret" if name in secrets else "no login field"),
                hint=f"did you mean {close!r}?" if close and name not in secrets else None,
            )
    described = info.description or (
        f"Tells which {request.file.title} account this server acts for, and its defaults."
    )
    return ToolPlan(
        name=info.name,
        title=info.title,
        description=" ".join(described.split()),
        function=names.function_of_tool(info.name),
        constant=names.constant_of_tool(info.name),
        model=ModelPlan(
            name=names.class_of_tool(info.name), doc=f"{info.name} takes none.", fields=()
        ),
        endpoint=None,
        annotations=_READS,
        source=request.at("helpers", "get_connection_info"),
        told=tuple(info.fields),
    )


def _type_describer(
    request: ConnectorRequest, helper: TypeDescriber, names: ModuleNames
) -> ToolPlan:
    """The built-in tool that tells a type in full."""
    fields = (_text("name", "The type, as a schema names it."), _text("tool", "Of which tool."))
    return ToolPlan(
        name=helper.name,
        title=helper.title,
        description=" ".join((helper.description or _DESCRIBES).split()),
        function=names.function_of_tool(helper.name),
        constant=names.constant_of_tool(helper.name),
        model=ModelPlan(
            name=names.class_of_tool(helper.name), doc=f"Arguments of {helper.name}.", fields=fields
        ),
        endpoint=None,
        annotations=_READS,
        source=request.at("helpers", "describe_type"),
        describes_types=True,
    )


def _text(name: str, description: str) -> FieldPlan:
    return FieldPlan(
        attribute=name,
        name=name,
        upstream=name,
        type=TextType(),
        required=name == "name",
        description=description,
    )
