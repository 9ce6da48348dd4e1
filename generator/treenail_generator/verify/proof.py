"""The proof of the wire: what each tool would send is decoded again and equals its arguments."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeAlias

import jsonschema_rs
from pydantic import ValidationError

from treenail_generator.diagnostics import Diagnostic, Location
from treenail_generator.document import Document, Operation
from treenail_generator.formats import validator_of
from treenail_generator.plan import (
    ABSENT,
    Absent,
    ChoicesPlan,
    ConnectorPlan,
    EndpointPlan,
    MaybeJSON,
    ToolPlan,
)
from treenail_generator.yaml_source import JSON

from .decoding import NOTHING, DecodingError, RequestDecoder, equals, told
from .edges import Edges
from .expectations import Expectations, Wanted, first_of_two
from .loaded import LoadedCall, LoadedModule, LoadedTool
from .oracle import Oracle
from .recording import Recorder, SentRequest, sent, wire
from .refusals import why_unsayable
from .shared_models import shared_models
from .upstream_terms import says

_FEW_TOOLS: Final = 60
"""Up to so many tools, a build tries edge cases and asks openapi-core, which takes 12 ms a request."""
_FEW_EDGES: Final = 8


Case: TypeAlias = dict[str, JSON]
"""Arguments of a tool, by the agent's names."""

Watch: TypeAlias = Callable[[str], None]
"""Is told what is done now."""


def ignore(_: str) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is tried.

    Attributes:
        examples: Edge cases for each tool, beside the planned cases.
        seed: Another one gives other edge cases.
        ask_openapi_core: Whether openapi-core reads the planned cases, too, where it is right.
    """

    examples: int
    seed: int = 0
    ask_openapi_core: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A request that says something else than its arguments.

    Attributes:
        arguments: By the agent's names; made up, as are the values of the connection.
        expected: What the request has to say there; absent where nothing can be compared.
        decoded: What it does say.
    """

    reason: str
    arguments: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    expected: Any = ABSENT
    decoded: Any = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came out for one tool, or one call of the login.

    Attributes:
        source: Where the connector file speaks of it.
        operation: Where the document declares what is sent.
        proven: Requests that said what they had to.
        refused: Argument sets that no request can carry, and that the tool rightly refused.
        mismatch: The first one; None when there is none.
        doubt: What openapi-core reads otherwise than our own decoder did.
        better_example: Planned arguments that can be sent, where those of the example cannot.
    """

    name: str
    source: Location
    operation: Location
    proven: int
    refused: int
    seconds: float
    mismatch: Mismatch | None
    doubt: str | None = None
    better_example: dict[str, JSON] | None = None

    @property
    def unproven(self) -> Diagnostic | None:
        """The warning that no request was proven; None when one was, and when one is wrong."""
        if self.proven or self.mismatch is not None:
            return None
        why = "none of the arguments that were tried has a form in a request"
        return Diagnostic(
            self.source,
            "unproven",
            f"{self.name}: no request is proven: {why if self.refused else 'none could be made up'}",
            hint="give arguments that can be sent: params: {<name>: {example: ...}}",
            severity="warning",
        )

    @property
    def doubted(self) -> Diagnostic | None:
        """The warning that openapi-core disagrees.

        It is asked by small builds only, and no verdict may depend on a document's size.
        """
        if self.doubt is None:
            return None
        return Diagnostic(
            self.source,
            "read-otherwise",
            f"{self.name}: {self.doubt}",
            hint=f"compare with the operation at {self.operation}; our own decoder agrees with the tool",
            severity="warning",
        )

    @property
    def diagnostic(self) -> Diagnostic | None:
        """The fault for people; None when there is none."""
        if self.mismatch is None:
            return None
        given = f", with {self.mismatch.arguments!r}" if self.mismatch.arguments else ""
        return Diagnostic(
            self.source,
            "unfaithful-request",
            f"{self.name}: {self.mismatch.reason}{given}",
            hint=f"the operation stands at {self.operation}; please report this with both files",
        )


def effort_of_build(plan: ConnectorPlan) -> Effort:
    """What a build tries: less of it for a large connector, the planned cases of every tool."""
    is_small = len(plan.tools) <= _FEW_TOOLS
    return Effort(examples=_FEW_EDGES if is_small else 0, ask_openapi_core=is_small)


def prove(
    module: LoadedModule, plan: ConnectorPlan, document: Document, effort: Effort | None = None
) -> list[Diagnostic]:
    """One diagnostic for each tool whose request says something else than its arguments."""
    found = proofs(module, plan, document, effort or effort_of_build(plan))
    return [fault for each in found if (fault := each.diagnostic) is not None]


def proofs(
    module: LoadedModule,
    plan: ConnectorPlan,
    document: Document,
    effort: Effort,
    watch: Watch = ignore,
) -> Iterator[Proof]:
    """The proof of every tool, then of the login, one by one; `watch` is told of each."""
    prover = _Prover(module, plan, document, effort)
    loaded = {tool.name: tool for tool in module.connector.tools}
    module.complete(shared_models(plan))
    for number, tool in enumerate(plan.tools, 1):
        watch(f"proving {tool.name}, {number} of {len(plan.tools)}")
        if tool.endpoint is not None:
            yield prover.tool(tool, tool.endpoint, loaded[tool.name])
    yield from prover.login()


class _Refused(Exception):  # noqa: N818  # an outcome, not an error
    """The tool was right to refuse a case."""


def _is_about_files(error: ValueError) -> bool:
    """Whether a model refuses nothing but contents and media types, which no schema tells."""
    return isinstance(error, ValidationError) and all(
        each["type"] == "file" for each in error.errors(include_url=False)
    )


class _Wrong(Exception):  # noqa: N818  # an outcome, not an error
    def __init__(self, reason: str, expected: Any = ABSENT, decoded: Any = ABSENT) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected
        self.decoded = decoded


class _Prover:
    def __init__(
        self, module: LoadedModule, plan: ConnectorPlan, document: Document, effort: Effort
    ) -> None:
        self._module = module
        self._plan = plan
        self._document = document
        self._effort = effort
        self._oracle = Oracle(document, plan.endpoints) if effort.ask_openapi_core else None
        self._decoder = RequestDecoder(document.resolve)
        self._expectations = Expectations(plan)

    def tool(self, tool: ToolPlan, endpoint: EndpointPlan, loaded: LoadedTool) -> Proof:
        """Every case of a tool, up to the first that fails."""
        started = time.perf_counter()
        proven, refused, mismatch = list[Case](), list[Case](), None
        doubt: str | None = None
        connection = self._expectations.connection(endpoint)
        validator = validator_of(loaded.input_schema)
        # Without cases, no arguments could be made up.
        planned = _different((tool.example, *tool.cases)) if tool.cases else []
        edges = self._edges(tool.name, planned, loaded, validator)
        for number, case in enumerate(chain(planned, edges)):
            wanted = self._expectations.of_tool(tool.model, endpoint, case, connection)
            try:
                _check_published(validator, case)
                request = self._request(endpoint, loaded, case, wanted, connection)
                self._compare(endpoint, request, wanted)
                if number < len(planned):
                    doubt = doubt or self._doubt(endpoint, request, wanted)
                proven.append(case)
            except _Refused:
                refused.append(case)
            except _Wrong as wrong:
                mismatch = _mismatch(wrong, case)
                break
        return Proof(
            name=tool.name,
            source=tool.source,
            operation=endpoint.source,
            proven=len(proven),
            refused=len(refused),
            seconds=time.perf_counter() - started,
            mismatch=mismatch,
            doubt=doubt,
            better_example=_better(tool.example, proven, refused, planned),
        )

    def _edges(
        self,
        name: str,
        planned: Sequence[dict[str, JSON]],
        loaded: LoadedTool,
        validator: jsonschema_rs.Draft202012Validator,
    ) -> Iterator[dict[str, JSON]]:
        if self._effort.examples and planned:
            if loaded.named_types:
                schema = loaded.exact_schema
                validator = validator_of(schema)
            else:
                schema = loaded.input_schema
            edges = Edges(schema, validator, f"{self._effort.seed}:{name}")
            yield from edges.of(planned, self._effort.examples)

    def _request(
        self,
        endpoint: EndpointPlan,
        loaded: LoadedTool,
        case: dict[str, JSON],
        wanted: Wanted,
        connection: Mapping[str, str],
    ) -> SentRequest:
        """What the tool sends for `case`."""
        try:
            arguments = loaded.arguments.model_validate(case)
        except ValueError as error:
            if _is_about_files(error):
                raise _Refused from None
            raise _Wrong(f"its own model refuses its arguments: {_first_line(error)}") from None
        context = self._module.context(connection, Recorder())
        try:
            return sent(loaded.run(arguments, context))
        except Exception as error:  # noqa: BLE001  # whatever the tool does wrong is its fault
            unsayable = why_unsayable(self._operation(endpoint), wanted)
            if _is_refusal(error) and unsayable is not None:
                raise _Refused from None
            raise _Wrong(f"nothing is sent: {type(error).__name__}: {error}") from None

    def _operation(self, endpoint: EndpointPlan) -> Operation:
        operation = self._document.operation(endpoint.operation)
        assert operation is not None  # noqa: S101  # it was planned from there
        return operation

    def _doubt(self, endpoint: EndpointPlan, request: SentRequest, wanted: Wanted) -> str | None:
        """What openapi-core reads otherwise; None when it agrees, or is not asked."""
        # It takes an empty text for none, with or without `allowEmptyValue`.
        if self._oracle is None or "" in wanted.values():
            return None
        theirs, problems = self._oracle.values(endpoint, request)
        if problems:
            return f"openapi-core refuses the request: {problems[0]}"
        for key, value in wanted.items():
            if key in theirs and not says(theirs[key], value):
                return f"openapi-core reads {key[0]} {key[1]!r} as {theirs[key]!r}, not {value!r}"
        return None

    def _compare(self, endpoint: EndpointPlan, request: SentRequest, wanted: Wanted) -> None:
        """Refuse a request that does not say exactly what is wanted."""
        try:
            ours = self._decoder.read(self._operation(endpoint), wire(request))
        except DecodingError as error:
            raise _Wrong(f"the request cannot be read: {error}") from None
        for key in ours.keys() | wanted.keys():
            value, reading = wanted.get(key, ABSENT), ours.get(key, NOTHING)
            same = reading is NOTHING if isinstance(value, Absent) else equals(reading, value)
            if not same and not _is_empty_form(key, reading, value, endpoint):
                read = told(reading)
                reason = f"{key[0]} {key[1]!r} reads {read!r} instead of {value!r}"
                raise _Wrong(reason, value, read)

    def login(self) -> Iterator[Proof]:
        """The requests of the login, proven like those of tools."""
        check, loaded = self._plan.check, self._module.connector.check
        if check is not None and loaded is not None:
            yield self._call("the credential check", check.endpoint, loaded)
        readers = {each.name: each.choices for each in self._module.connector.login}
        for each in self._plan.login:
            reader = readers[each.name]
            if each.choices is not None and reader is not None:
                yield from self._choices(f"the choices of {each.name}", each.choices, reader)

    def _choices(self, name: str, choices: ChoicesPlan, loaded: LoadedCall) -> Iterator[Proof]:
        yield self._call(name, choices.endpoint, loaded)
        if choices.is_paged:
            first = first_of_two(choices.endpoint.answer)
            yield self._call(name, choices.endpoint, loaded, Recorder(first), page=1)

    def _call(
        self,
        name: str,
        endpoint: EndpointPlan,
        loaded: LoadedCall,
        recorder: Recorder | None = None,
        *,
        page: MaybeJSON = ABSENT,
    ) -> Proof:
        """One request; `page` is the number of the page that it asks for."""
        started, mismatch, doubt = time.perf_counter(), None, None
        connection = self._expectations.connection(endpoint)
        wanted = self._expectations.of_call(endpoint, connection, page)
        try:
            request = sent(loaded.run(self._module.context(connection, recorder or Recorder())))
            self._compare(endpoint, request, wanted)
            doubt = self._doubt(endpoint, request, wanted)
        except _Wrong as wrong:
            mismatch = _mismatch(wrong, {})
        return Proof(
            name=name,
            source=endpoint.source,
            operation=endpoint.source,
            proven=int(mismatch is None),
            refused=0,
            seconds=time.perf_counter() - started,
            mismatch=mismatch,
            doubt=doubt,
        )


def _check_published(
    validator: jsonschema_rs.Draft202012Validator, case: Mapping[str, JSON]
) -> None:
    for error in validator.iter_errors(case):
        raise _Wrong(f"its published schema refuses its own arguments: {error.message}")


def _mismatch(wrong: _Wrong, case: Mapping[str, JSON]) -> Mismatch:
    return Mismatch(
        reason=wrong.reason, arguments=case, expected=wrong.expected, decoded=wrong.decoded
    )


def _is_empty_form(
    key: tuple[str, str], reading: Any, value: MaybeJSON, endpoint: EndpointPlan
) -> bool:
    """Whether both are a form without fields, which has no text that would tell it from none."""
    if key[0] == "querystring":
        is_form = any(
            each.style is not None and each.style.style == "urlencoded"
            for each in endpoint.at("querystring")
        )
    else:
        told = endpoint.content_type or ""
        is_form = told.endswith("/x-www-form-urlencoded") or told.startswith("multi")
        is_form = is_form and key[0] == "body"
    return is_form and reading in (NOTHING, {}) and value in (ABSENT, {})


def _is_refusal(error: Exception) -> bool:
    """Whether the contract refuses an argument; the generator does not know its classes."""
    return type(error).__name__ == "InvalidArguments"


def _better(
    example: Case, proven: Sequence[Case], refused: Sequence[Case], planned: Sequence[Case]
) -> Case | None:
    """The first planned arguments that were sent, where those of the example were refused."""
    if example not in refused:
        return None
    return next((case for case in proven if case in planned), None)


def _different(cases: Iterable[dict[str, JSON]]) -> list[dict[str, JSON]]:
    found: list[dict[str, JSON]] = []
    for case in cases:
        if case not in found:
            found.append(case)
    return found


def _first_line(error: ValueError) -> str:
    return " ".join(str(error).split())[:300]
