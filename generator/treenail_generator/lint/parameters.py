"""Rules about arguments: are they described, do they have examples?"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from treenail_generator.plan import (
    Absent,
    BooleanType,
    ChoiceType,
    ConnectorPlan,
    FieldPlan,
    ListType,
    ModelType,
    NullableType,
    TypePlan,
)

from .arguments import Argument
from .connector import LintedConnector
from .finding import Finding
from .tools import LintedTool
from .words import is_restated, name_words

LEAST: Final = 0.8
"""Share of arguments that have to be described, in each tool and in all together."""

_DESCRIBE: Final = "describe it under `params`: what it means, where to get it, in which form"


def described_share(tools: Iterable[LintedTool]) -> float:
    """From 0 to 1; 1 when there is no argument at all."""
    return _share([argument for tool in tools for argument in tool.arguments])


def parameter_descriptions(connector: LintedConnector) -> Iterator[Finding]:
    """Arguments that only their name explains, and tools with too many of them."""
    everything = [argument for tool in connector.tools for argument in tool.arguments]
    if _share(everything) < LEAST:
        yield Finding(
            rule="parameter-descriptions",
            severity="error",
            tool="",
            message=_counted(everything),
            hint=f"at least {LEAST:.0%} should be",
            location=connector.location,
        )
    for tool in connector.tools:
        if _share(tool.arguments) < LEAST:
            yield Finding(
                rule="parameter-descriptions",
                severity="error",
                tool=tool.name,
                message=_counted(tool.arguments),
                hint=f"at least {LEAST:.0%} should be",
                location=tool.location,
            )
        for argument in tool.arguments:
            problem = _problem(argument)
            if problem is not None:
                yield Finding(
                    rule="parameter-descriptions",
                    severity="warning",
                    tool=tool.name,
                    message=problem,
                    hint=_DESCRIBE,
                    location=tool.location,
                )


def missing_example(connector: LintedConnector) -> Iterator[Finding]:
    """Required arguments whose example value had to be made up."""
    for tool in connector.tools:
        for path in _without_example(tool, connector.built.plan):
            yield Finding(
                rule="missing-example",
                severity="warning",
                tool=tool.name,
                message=f"the required argument '{path}' has no example",
                hint="give one under `params`: a value that works",
                location=tool.location,
            )


def _share(arguments: Sequence[Argument]) -> float:
    if not arguments:
        return 1.0
    return sum(argument.is_described for argument in arguments) / len(arguments)


def _counted(arguments: Sequence[Argument]) -> str:
    count = sum(argument.is_described for argument in arguments)
    return f"{count} of {len(arguments)} arguments are described ({_share(arguments):.0%})"


def _problem(argument: Argument) -> str | None:
    if not argument.description:
        return f"the argument '{argument.path}' has no description"
    if is_restated(argument.description, name_words(argument.name)):
        return f"the description of the argument '{argument.path}' only repeats its name"
    return None


def _without_example(tool: LintedTool, plan: ConnectorPlan) -> Iterator[str]:
    if tool.plan is not None:
        return _unshown(tool.plan.model.fields, plan, "", frozenset())
    required: Any = tool.surface["inputSchema"].get("required", [])
    return (str(name) for name in required if name not in tool.example)


def _unshown(
    fields: Iterable[FieldPlan], plan: ConnectorPlan, path: str, above: frozenset[str]
) -> Iterator[str]:
    """Dotted names of what is required at every level and has no known example."""
    for field in fields:
        if not field.required or not isinstance(field.example, Absent):
            continue
        here = f"{path}.{field.name}" if path else field.name
        match _core(field.type):
            case ModelType(model) if model not in above:
                yield from _unshown(plan.model(model).fields, plan, here, above | {model})
            case ModelType() | ChoiceType() | BooleanType():
                pass  # the schema itself tells the values
            case _:
                yield here


def _core(kind: TypePlan) -> TypePlan:
    """The type without null and lists around it."""
    match kind:
        case NullableType(inner):
            return _core(inner)
        case ListType(item=item):
            return _core(item)
        case _:
            return kind
