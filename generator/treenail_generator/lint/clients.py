"""Rules for certain clients: would this one take the tools as they are published?"""

from collections.abc import Iterator, Mapping
from typing import Any

from .connector import LintedConnector
from .finding import Finding, RuleId
from .profiles import Profile
from .shapes import Shape, shape_of
from .tools import LintedTool


def client_names(connector: LintedConnector) -> Iterator[Finding]:
    """Names that are too long for a client, with what it puts before them."""
    for profile in connector.clients:
        for tool in connector.tools:
            full = profile.prefix.format(name=connector.built.plan.name) + tool.name
            if len(full) > profile.longest_name:
                yield _finding(
                    "client-names",
                    profile,
                    tool,
                    f"its name has {len(full)} characters there, of {profile.longest_name}",
                    f"shorten the name by {len(full) - profile.longest_name}",
                )


def client_arguments(connector: LintedConnector) -> Iterator[Finding]:
    """Names of arguments that a client refuses, with the whole request."""
    for profile in connector.clients:
        for tool in connector.tools:
            properties: Mapping[str, Any] = tool.surface["inputSchema"].get("properties", {})
            for name in properties:
                if not profile.argument.fullmatch(name):
                    yield _finding(
                        "client-arguments",
                        profile,
                        tool,
                        f"the argument {name!r} is not of the form {profile.argument.pattern}",
                        "rename it under `params`",
                    )


def client_schemas(connector: LintedConnector) -> Iterator[Finding]:
    """Input schemas that a client refuses, or gives up on."""
    for profile in connector.clients:
        for tool in connector.tools:
            schema: Mapping[str, Any] = tool.surface["inputSchema"]
            for message in _problems(profile, schema, shape_of(schema)):
                yield _finding("client-schemas", profile, tool, message, None)


def client_tools(connector: LintedConnector) -> Iterator[Finding]:
    """More tools than a client takes."""
    for profile in connector.clients:
        count = len(connector.tools)
        if profile.most_tools is not None and count > profile.most_tools:
            yield Finding(
                rule="client-tools",
                severity="error",
                tool="",
                message=f"{profile.title} ({profile.id}): {count} tools, of {profile.most_tools}",
                hint="leave tools out, or make two connectors",
                location=connector.location,
            )


def _problems(profile: Profile, schema: Mapping[str, Any], shape: Shape) -> Iterator[str]:
    if schema.get("type") != "object":
        yield "the arguments are no object"
    for keyword in sorted(profile.not_at_root & schema.keys()):
        yield f"{keyword!r} stands at the root of the arguments"
    for keyword in sorted(profile.nowhere & shape.keywords):
        yield f"the arguments hold {keyword!r}"
    if shape.is_recursive and not profile.recursive:
        yield "the arguments hold a type that holds itself"
    limits = (
        (shape.depth, profile.deepest, "levels of objects and lists"),
        (shape.properties, profile.most_properties, "properties"),
        (shape.values, profile.most_values, "values of enumerations"),
    )
    for count, most, what in limits:
        if most is not None and count > most:
            yield f"the arguments have {count} {what}, of {most}"


def _finding(
    rule: RuleId, profile: Profile, tool: LintedTool, message: str, hint: str | None
) -> Finding:
    return Finding(
        rule=rule,
        severity="error",
        tool=tool.name,
        message=f"{profile.title} ({profile.id}): {message}",
        hint=hint,
        location=tool.location,
    )
