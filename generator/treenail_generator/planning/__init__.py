"""Connector file and document to `ConnectorPlan`: every decision is taken here, none later.

All faults of both inputs are collected and told at once.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import PurePath

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.diagnostics import BuildError, Diagnostic, nearest
from treenail_generator.document import Document
from treenail_generator.naming import tool_word
from treenail_generator.plan import (
    AuthPlan,
    BudgetPlan,
    CheckPlan,
    ConnectorPlan,
    LoginFieldPlan,
    RetriesPlan,
    SchemasPlan,
    ServerPlan,
    ToolPlan,
)
from treenail_generator.yaml_source import Pointer

from .answers import Answers
from .auth import plan_auth
from .checks import LoginCalls, plan_check
from .choices import ChoiceFields
from .connection import check_headers, plan_login
from .credentials import tell_security
from .faults import Faults
from .helpers import plan_helpers
from .missing_document import tell_missing_document
from .module_names import ModuleNames
from .readings import Readings
from .reserved import tell_reserved_name
from .scopes import plan_scopes
from .servers import plan_servers
from .tools import Tools, advice
from .types import Types

__all__ = ["plan_connector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the plan of a module is made of, besides what the file says itself."""

    servers: tuple[ServerPlan, ...]
    auth: AuthPlan
    login: tuple[LoginFieldPlan, ...]
    check: CheckPlan | None
    scopes: tuple[tuple[str, str], ...]
    types: Types
    answers: Answers
    tools: tuple[ToolPlan, ...]
    notes: tuple[Diagnostic, ...]


def plan_connector(
    request: ConnectorRequest, document: Document, readings: Readings | None = None
) -> ConnectorPlan:
    """The plan of the module that `request` asks for.

    Args:
        request: What the connector file says.
        document: The operations.
        readings: Of an earlier plan over the same document with the same defaults.

    Raises:
        BuildError: With every fault of the connector file and of the operations it uses.
    """
    faults, names = Faults(), ModuleNames()
    readings = readings or Readings(request, document)
    _tell_faults_of_file(request, faults)
    tell_missing_document(request, faults)
    types = Types(readings.views, request.file.defaults, names, faults)
    answers = Answers(request, readings, names, faults)
    planner = Tools(request, document, types, answers, names, faults)
    tools = (*plan_helpers(request, names, faults), *_planned(request, planner))
    _tell_twins(request, faults)
    servers = plan_servers(request, document, faults)
    check_headers(request, faults)
    scopes = plan_scopes(request, tools, faults)
    auth = plan_auth(request, document, faults)
    tell_security(request, document, tools, faults)
    calls = LoginCalls(request, planner, faults)
    check = plan_check(request, calls)
    choices = ChoiceFields(request, calls, answers, readings.views, names, faults).plan()
    login = plan_login(request, choices, faults)
    planner.servers.tell_unused()
    _tell_idle_defaults(request, planner.seen, faults)
    if faults.diagnostics:
        raise BuildError(faults.diagnostics)
    parts = _Parts(
        servers=servers,
        auth=auth,
        login=login,
        check=check,
        scopes=scopes,
        types=types,
        answers=answers,
        tools=tools,
        notes=tuple(faults.notes),
    )
    return _module(request, parts)


def _module(request: ConnectorRequest, parts: _Parts) -> ConnectorPlan:
    file = request.file
    retries, budget = file.defaults.retries, file.budget
    return ConnectorPlan(
        name=file.name,
        title=file.title,
        version=file.version,
        instructions=file.instructions.strip(),
        servers=parts.servers,
        default_server=file.servers.default,
        auth=parts.auth,
        login=parts.login,
        login_help_url=file.login.help_url,
        check=parts.check,
        error_code=file.errors.code,
        error_message=file.errors.message,
        advice=advice(file.errors.advice),
        retries=RetriesPlan(most=retries.max, statuses=tuple(retries.on), pause_s=retries.backoff),
        headers=tuple(file.defaults.headers.items()),
        definitions=parts.types.definitions(tool.model for tool in parts.tools),
        models=parts.types.models,
        records=parts.answers.records,
        tools=parts.tools,
        custom_tools=tuple(file.custom_tools),
        budget=BudgetPlan(
            tokens=budget.tokens,
            tool_tokens=budget.tool_tokens,
            tools=budget.tools,
            source=request.at("budget"),
        ),
        schemas=_schemas(request),
        formats=request.file.defaults.formats == "assert",
        spec=file.spec_path,
        scopes=parts.scopes,
        token_prefix=file.token_prefix,
        notes=parts.notes,
    )


def _schemas(request: ConnectorRequest) -> SchemasPlan:
    describer = request.file.helpers.describe_type
    return SchemasPlan(
        tokens=request.file.defaults.schema_tokens,
        inline_depth=request.file.defaults.inline_depth,
        describer=describer and describer.name,
        source=request.at("defaults", "schema_tokens"),
    )


def _tell_faults_of_file(request: ConnectorRequest, faults: Faults) -> None:
    faults.diagnostics.extend(request.faults)
    _tell_other_name(request, faults)
    tell_reserved_name(request, faults)


def _planned(request: ConnectorRequest, planner: Tools) -> Iterator[ToolPlan]:
    """The tools of the file, apart from those whose operation is not known."""
    for index in range(len(request.file.tools)):
        tool = planner.plan(index)
        if tool is not None:
            yield tool


def _tell_other_name(request: ConnectorRequest, faults: Faults) -> None:
    """Report a connector that is not called as its file is."""
    at = request.at("name")
    stem = PurePath(at.file).stem
    if request.file.name != stem:
        faults.add(
            at,
            "name-differs",
            f"the connector is called {request.file.name!r}, its file {stem!r}",
            hint=f"say name: {stem}, or rename the file",
        )


def _tell_twins(request: ConnectorRequest, faults: Faults) -> None:
    """Report names that two tools share, also those that only Python would confuse."""
    helpers = request.file.helpers
    built_in = (
        ("get_connection_info", helpers.get_connection_info),
        ("describe_type", helpers.describe_type),
    )
    seen: dict[str, str] = {}
    named: list[tuple[str, Pointer]] = [
        *((helper.name, ("helpers", key)) for key, helper in built_in if helper is not None),
        *((tool.name, ("tools", index, "name")) for index, tool in enumerate(request.file.tools)),
        *((name, ("custom_tools", index)) for index, name in enumerate(request.file.custom_tools)),
    ]
    for name, pointer in named:
        function = tool_word(name)
        if function in seen:
            faults.add(
                request.at(*pointer),
                "duplicate-tool",
                f"there is already a tool {seen[function]!r}",
                hint="give each tool a name of its own",
            )
        seen.setdefault(function, name)


def _tell_idle_defaults(request: ConnectorRequest, seen: Set[str], faults: Faults) -> None:
    """Report defaults for parameters that no tool has."""
    for name in request.file.defaults.params:
        if name not in seen:
            close = nearest(name, seen)
            faults.add(
                request.key_at("defaults", "params", name),
                "unknown-parameter",
                f"{name!r}: no tool has such a parameter or body field",
                hint=f"did you mean {close!r}?" if close else None,
            )
