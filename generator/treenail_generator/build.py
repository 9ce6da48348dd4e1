"""The pipeline: two texts in, the module's and the lock's text out. Writes nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .collecting import uncollected
from .connector_file import ConnectorRequest, understood_request
from .diagnostics import BuildError, Diagnostic, Location
from .document import Document, Inputs, read_document
from .lock import Surfaces, lock_text
from .plan import ConnectorPlan
from .planning import plan_connector
from .planning.readings import Readings
from .planning.scopes import READ_SCOPE, is_too_weak, is_unknown
from .render import render, with_examples
from .verify import (
    LoadedModule,
    LoadedTool,
    Watch,
    formatted,
    ignore,
    load_custom_tools,
    verify,
)
from .yaml_source import JSON, Source, read_source

_NO_DOCUMENT: Final = '{"openapi": "3.1.1", "info": {"title": "None", "version": "1"}, "paths": {}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The inputs of one build: texts, and the names under which people know them.

    Attributes:
        connector: The connector file, or what it holds, where that is read already.
        spec: Text of the document; None for a connector without an upstream.
        inputs: What is read together with the document; None when nothing is.
        custom: Text of `connectors/<name>_custom.py`; None when there is none.
    """

    connector: str | Source
    connector_name: str
    spec: str | None
    spec_name: str
    inputs: Inputs | None = None
    custom: str | None = None
    custom_name: str = ""

    def connector_source(self) -> Source:
        """What the connector file holds.

        Raises:
            BuildError: See `read_source`.
        """
        if isinstance(self.connector, str):
            return read_source(self.connector, self.connector_name)
        return self.connector

    def request(self) -> ConnectorRequest:
        """The request that the connector file makes.

        Raises:
            BuildError: See `understood_request`.
        """
        return understood_request(self.connector_source())

    def document(self) -> Document:
        """The document that these texts make.

        Raises:
            BuildError: See `read_document`.
        """
        return read_document(self.spec or _NO_DOCUMENT, self.spec_name, self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A connector that is proven, and not written out yet.

    Attributes:
        text: Of the generated module, not formatted.
        unproven: A warning for each tool of which no request is proven.
        doubts: A warning for each tool whose request openapi-core reads otherwise.
    """

    plan: ConnectorPlan
    text: str
    module: LoadedModule
    unproven: tuple[Diagnostic, ...]
    doubts: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A finished build.

    Attributes:
        module: Text of the generated module.
        lock: Text of the lock.
        tools: All tools, hand-written ones last.
        surfaces: What tools/list tells of them, and what that costs.
        unproven: A warning for each tool of which no request is proven.
        doubts: A warning for each tool whose request openapi-core reads otherwise.
    """

    module: str
    lock: str
    plan: ConnectorPlan
    document: Document
    request: ConnectorRequest
    loaded: LoadedModule
    tools: tuple[LoadedTool, ...]
    spec_sha256: str
    surfaces: Surfaces
    unproven: tuple[Diagnostic, ...] = ()
    doubts: tuple[Diagnostic, ...] = ()


def build(sources: Sources, watch: Watch = ignore) -> Built:
    """Module and lock for `sources`; the same bytes for the same inputs.

    Args:
        sources: The texts.
        watch: Is told what is done now.

    Raises:
        BuildError: With every fault found, each with its place.
    """
    with uncollected():
        return _build(sources, watch)


def _build(sources: Sources, watch: Watch) -> Built:
    watch("reading the connector file and the document")
    request = sources.request()
    document = sources.document()
    drafted = draft(request, document, watch)
    plan, loaded = drafted.plan, drafted.module
    tools = (*loaded.connector.tools, *_custom(plan, request, sources, loaded))
    _tell_undescribed(plan, tools)
    surfaces = Surfaces(tools)
    _keep_budget(plan, tools, surfaces)
    sha256 = hashlib.sha256((sources.spec or "").encode()).hexdigest()
    return Built(
        module=formatted(drafted.text),
        lock=lock_text(plan, document, sha256, tools, surfaces),
        plan=plan,
        document=document,
        request=request,
        loaded=loaded,
        tools=tools,
        spec_sha256=sha256,
        surfaces=surfaces,
        unproven=drafted.unproven,
        doubts=drafted.doubts,
    )


def draft(
    request: ConnectorRequest,
    document: Document,
    watch: Watch = ignore,
    readings: Readings | None = None,
) -> Draft:
    """The connector that `request` asks for, with every request proven.

    Args:
        request: What the connector file says.
        document: The operations.
        watch: Is told what is done now.
        readings: As `plan_connector` takes them.

    Raises:
        BuildError: As `build`, apart from budgets and hand-written tools.
    """
    watch(f"planning {len(request.file.tools)} tools")
    plan = plan_connector(request, document, readings)
    watch(f"printing {len(plan.tools)} tools")
    text = render(plan)
    verified = verify(text, plan, document, watch)
    if verified.better_examples:
        shown = _with_examples(plan, verified.better_examples)
        text, plan = with_examples(text, plan, shown), shown
    return Draft(
        plan=plan,
        text=text,
        module=verified.module,
        unproven=tuple(verified.unproven),
        doubts=tuple(verified.doubts),
    )


def _with_examples(plan: ConnectorPlan, examples: Mapping[str, dict[str, JSON]]) -> ConnectorPlan:
    tools = (
        replace(tool, example=examples[tool.name]) if tool.name in examples else tool
        for tool in plan.tools
    )
    return replace(plan, tools=tuple(tools))


def _custom(
    plan: ConnectorPlan, request: ConnectorRequest, sources: Sources, loaded: LoadedModule
) -> tuple[LoadedTool, ...]:
    """The hand-written tools, in the order in which the connector file names them."""
    at = request.at("custom_tools")
    if sources.custom is None:
        if not plan.custom_tools:
            return ()
        fault = f"{sources.custom_name} does not exist"
        hint = "write it: it exports TOOLS, a tuple of treenail_runtime.contract.Tool"
        raise BuildError([Diagnostic(at, "missing-custom-module", fault, hint=hint)])
    tools = load_custom_tools(sources.custom, sources.custom_name, loaded)
    names = [tool.name for tool in tools]
    if sorted(names) != sorted(plan.custom_tools):
        exported = ", ".join(names) or "no tools"
        named = "" if plan.custom_tools else ", but custom_tools names none"
        fault = f"{sources.custom_name} exports {exported}{named}"
        hint = "name exactly these under custom_tools"
        raise BuildError([Diagnostic(at, "custom-tools-differ", fault, hint=hint)])
    _check_scopes(tools, dict(plan.scopes), sources.custom_name)
    return tuple(sorted(tools, key=lambda tool: plan.custom_tools.index(tool.name)))


def _check_scopes(tools: Sequence[LoadedTool], own: Mapping[str, str], file: str) -> None:
    faults: list[str] = []
    for tool in tools:
        if tool.scope is not None and is_unknown(tool.scope, own):
            faults.append(
                f"tool {tool.name!r} needs {tool.scope!r}, which `scopes` does not declare"
            )
        elif tool.scope is not None and is_too_weak(tool.scope, reads=tool.annotations.read_only):
            faults.append(f"tool {tool.name!r} changes something, and {READ_SCOPE} is for reading")
    if faults:
        raise BuildError(Diagnostic(Location(file, 1, 1), "custom-module", text) for text in faults)


def _tell_undescribed(plan: ConnectorPlan, tools: Sequence[LoadedTool]) -> None:
    """Refuse arguments that are cut where no tool tells what is missing."""
    cut = [tool for tool in tools if tool.named_types] if plan.schemas.describer is None else []
    if cut:
        named = f"{cut[0].named_types[0]!r} of {cut[0].name}"
        more = f" and more of {len(cut)} tools" if len(cut) > 1 else ""
        fault = f"schema_tokens cuts {named}{more}, and no tool tells what is missing"
        hint = "declare helpers: {describe_type: {}}, or raise schema_tokens"
        raise BuildError([Diagnostic(plan.schemas.source, "no-describe-type", fault, hint=hint)])


def _keep_budget(plan: ConnectorPlan, tools: Sequence[LoadedTool], surfaces: Surfaces) -> None:
    budget = plan.budget
    over: list[str] = []
    total = surfaces.total
    if budget.tokens is not None and total > budget.tokens:
        over.append(f"all tools together cost {total} tokens, {budget.tokens} are allowed")
    if budget.tools is not None and len(tools) > budget.tools:
        over.append(f"there are {len(tools)} tools, {budget.tools} are allowed")
    for tool in tools:
        cost = surfaces.tokens(tool.name)
        if budget.tool_tokens is not None and cost > budget.tool_tokens:
            over.append(f"{tool.name} costs {cost} tokens, {budget.tool_tokens} are allowed")
    if over:
        hint = "shorten descriptions, hide parameters, or raise the budget"
        raise BuildError(Diagnostic(budget.source, "over-budget", text, hint=hint) for text in over)
