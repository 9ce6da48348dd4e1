"""The proof of the wire: what each tool would send is decoded again and equals its arguments."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Final, cast

import jsonschema_rs

from treenail_generator.diagnostics import Diagnostic, Location
from treenail_generator.document import Document
from treenail_generator.plan import (
    ABSENT,
    Absent,
    AnswerPlan,
    Binding,
    ChoicesPlan,
    ConnectorPlan,
    Constant,
    Either,
    EndpointPlan,
    FromArgument,
    FromConnection,
    FromPage,
    MaybeJSON,
    ModelPlan,
    ToolPlan,
)
from treenail_generator.planning.exact_samples import NoSampleError
from treenail_generator.planning.samples import Samples
from treenail_generator.yaml_source import JSON

from .decoding import Decoder, DecodingError
from .loaded import LoadedCall, LoadedModule, LoadedTool
from .oracle import Oracle
from .upstream_terms import UpstreamTerms, same, says


class _Sent(Exception):  # noqa: N818  # carries the request out of the tool; not an error
    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


class _Recorder:
    """Stands where the upstream client stands; the first request without an answer ends the call."""

    def __init__(self, *answers: JSON) -> None:
        self._answers = iter(answers)

    async def send(self, request: Any) -> Any:
        for answer in self._answers:
            return SimpleNamespace(
                status=200, body=json.dumps(answer).encode(), content_type="", headers={}
            )
        raise _Sent(request)


_FEW_TOOLS: Final = 60
"""Up to so many tools, openapi-core reads every request, too; it takes 12 ms for each."""


def prove(module: LoadedModule, plan: ConnectorPlan, document: Document) -> list[Diagnostic]:
    """One diagnostic for each tool whose request says something else than its arguments."""
    oracle = Oracle(document, plan.endpoints) if len(plan.tools) <= _FEW_TOOLS else None
    prover = _Prover(module, plan, oracle)
    faults: list[Diagnostic] = []
    loaded = {tool.name: tool for tool in module.connector.tools}
    for tool in plan.tools:
        faults.extend(prover.tool(tool, loaded[tool.name]))
    faults.extend(prover.login())
    return faults


class _Prover:
    def __init__(self, module: LoadedModule, plan: ConnectorPlan, oracle: Oracle | None) -> None:
        self._module = module
        self._plan = plan
        self._oracle = oracle
        models: dict[str, ModelPlan] = {model.name: model for model in plan.models}
        self._decoder = Decoder(models)
        self._terms = UpstreamTerms(models)
        self._connection = _connection(plan)
        self._samples = Samples(models)

    def tool(self, tool: ToolPlan, loaded: LoadedTool) -> list[Diagnostic]:
        """The first fault of each case that fails."""
        if tool.endpoint is None or not tool.cases:
            # Without cases, the plan has told that no example could be made.
            return []
        faults: list[Diagnostic] = []
        for case in (tool.example, *tool.cases):
            reason = self._case(tool, tool.endpoint, loaded, case)
            if reason is not None:
                faults.append(_fault(tool.source, tool.name, reason, tool.endpoint.source))
                break
        return faults

    def login(self) -> Iterator[Diagnostic]:
        """The requests of the login, proven like those of tools."""
        check, loaded = self._plan.check, self._module.connector.check
        if check is not None and loaded is not None:
            yield from self._call("the credential check", check.endpoint, loaded)
        readers = {field.name: field.choices for field in self._module.connector.login}
        for field in self._plan.login:
            reader = readers[field.name]
            if field.choices is not None and reader is not None:
                yield from self._choices(f"the choices of {field.name}", field.choices, reader)

    def _choices(self, name: str, choices: ChoicesPlan, loaded: LoadedCall) -> Iterator[Diagnostic]:
        yield from self._call(name, choices.endpoint, loaded)
        if choices.is_paged:
            first = _first_of_two(choices.endpoint.answer)
            yield from self._call(name, choices.endpoint, loaded, _Recorder(first), page=1)

    def _call(
        self,
        name: str,
        endpoint: EndpointPlan,
        loaded: LoadedCall,
        recorder: _Recorder | None = None,
        *,
        page: MaybeJSON = ABSENT,
    ) -> Iterator[Diagnostic]:
        """One request; `page` is the number of the page that it asks for."""
        connection = self._connected(endpoint)
        request = _sent(loaded.run(self._module.context(connection, recorder or _Recorder())))
        expected = {
            (binding.place, binding.upstream): page
            if isinstance(binding.value, FromPage)
            else _source(binding, {}, connection)
            for binding in endpoint.bindings
        }
        reason = self._compared(endpoint, request, expected)
        if reason is not None:
            yield _fault(endpoint.source, name, reason, endpoint.source)

    def _case(
        self, tool: ToolPlan, endpoint: EndpointPlan, loaded: LoadedTool, case: dict[str, JSON]
    ) -> str | None:
        try:
            arguments = loaded.arguments.model_validate(case)
        except ValueError as error:
            return f"its own example arguments are refused: {_first_line(error)}"
        problem = _unpublished(loaded, case)
        if problem is not None:
            return f"its published schema refuses its own example arguments: {problem}"
        connection = self._connected(endpoint)
        context = self._module.context(connection, _Recorder())
        try:
            request = _sent(loaded.run(arguments, context))
        except Exception as error:  # noqa: BLE001  # whatever the tool does wrong is its fault
            return f"with {case!r} nothing is sent: {error}"
        return self._compared(endpoint, request, self._expected(tool, endpoint, case, connection))

    def _connected(self, endpoint: EndpointPlan) -> Mapping[str, str]:
        """Values of the connection that fit where `endpoint` uses them."""
        fitting = dict(self._connection)
        for binding in endpoint.bindings:
            match binding.value:
                case FromConnection(field) | Either(field=field):
                    with suppress(NoSampleError):
                        fitting[field] = str(self._samples.of(binding.type, "minimal", ""))
                case _:
                    pass
        return fitting

    def _expected(
        self,
        tool: ToolPlan,
        endpoint: EndpointPlan,
        case: dict[str, JSON],
        connection: Mapping[str, str],
    ) -> dict[tuple[str, str], MaybeJSON]:
        given: dict[str, MaybeJSON] = {
            field.attribute: self._terms.of(field.type, case[field.name])
            if field.name in case
            else field.default
            for field in tool.model.fields
        }
        return {
            (binding.place, binding.upstream): _source(binding, given, connection)
            for binding in endpoint.bindings
        }

    def _compared(
        self, endpoint: EndpointPlan, request: Any, expected: dict[tuple[str, str], MaybeJSON]
    ) -> str | None:
        wanted = _with_body(endpoint, expected)
        try:
            ours = self._decoder.values(endpoint, request)
        except (DecodingError, ValueError, KeyError) as error:
            return f"the request cannot be read: {error}"
        for key, value in wanted.items():
            if not same(ours.get(key, ABSENT), value):
                return f"{key[0]} {key[1]!r} reads {ours.get(key, ABSENT)!r} instead of {value!r}"
        return None if self._oracle is None else _refuted(self._oracle, endpoint, request, wanted)


def _refuted(
    oracle: Oracle,
    endpoint: EndpointPlan,
    request: Any,
    wanted: dict[tuple[str, str], MaybeJSON],
) -> str | None:
    """What openapi-core reads otherwise."""
    theirs, problems = oracle.values(endpoint, request)
    if problems:
        return f"openapi-core refuses the request: {problems[0]}"
    for key, value in wanted.items():
        if key in theirs and not says(theirs[key], value):
            return f"openapi-core reads {key[0]} {key[1]!r} as {theirs[key]!r}, not {value!r}"
    return None


def _source(
    binding: Binding, given: Mapping[str, MaybeJSON], connection: Mapping[str, str]
) -> MaybeJSON:
    match binding.value:
        case FromArgument(attribute):
            return given[attribute]
        case FromConnection(field):
            return connection[field]
        case Either(attribute, field):
            value = given[attribute]
            return connection[field] if isinstance(value, Absent) else value
        case Constant(value):
            return value
        case FromPage():
            return ABSENT


def _first_of_two(answer: AnswerPlan) -> JSON:
    """What an upstream could answer for the first of two pages."""
    told: dict[str, JSON] = {}
    if answer.page is not None:
        told = {answer.page.number: 0, answer.page.pages: 2, answer.page.total: 2}
    whole: dict[str, JSON] = {}
    for path, value in {answer.root: [], **told}.items():
        *above, last = path.split(".")
        holder = whole
        for step in above:
            holder = cast("dict[str, JSON]", holder.setdefault(step, {}))
        holder[last] = value
    return whole


def _unpublished(loaded: LoadedTool, case: dict[str, JSON]) -> str | None:
    """Why the schema that agents see refuses `case`; None when it does not."""
    validator = jsonschema_rs.Draft202012Validator(loaded.input_schema, validate_formats=True)
    for error in validator.iter_errors(case):
        return error.message
    return None


def _with_body(
    endpoint: EndpointPlan, expected: dict[tuple[str, str], MaybeJSON]
) -> dict[tuple[str, str], MaybeJSON]:
    """`expected` with one entry for the body."""
    wanted = {key: value for key, value in expected.items() if key[0] != "body"}
    fields = {key[1]: value for key, value in expected.items() if key[0] == "body"}
    if "" in fields:
        wanted["body", ""] = fields[""]
    else:
        given = {name: value for name, value in fields.items() if not isinstance(value, Absent)}
        wanted["body", ""] = given if given or endpoint.body_required else ABSENT
    return wanted


def _connection(plan: ConnectorPlan) -> dict[str, str]:
    """Values of the connection that fit wherever they are used."""
    return {
        field.name: field.options[0][0] if field.options else f"connection-{field.name}"
        for field in plan.login
        if not field.secret
    }


def _sent(coroutine: Any) -> Any:
    """The request that a tool sends; tools wait for nothing else."""
    try:
        coroutine.send(None)
    except _Sent as sent:
        return sent.request
    finally:
        coroutine.close()
    raise DecodingError("nothing was sent")


def _first_line(error: ValueError) -> str:
    return " ".join(str(error).split())[:300]


def _fault(location: Location, name: str, reason: str, operation: Location) -> Diagnostic:
    return Diagnostic(
        location,
        "unfaithful-request",
        f"{name}: {reason}",
        hint=f"the operation stands at {operation}; please report this with both files",
    )
