"""One tool of the connector file to its plan."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, get_args

from treenail_generator.connector_file import (
    NESTED_BODY,
    BodySection,
    ConnectorRequest,
    Param,
)
from treenail_generator.diagnostics import BuildError, nearest
from treenail_generator.document import Document, Operation
from treenail_generator.naming import class_name, constant_name
from treenail_generator.plan import (
    AnnotationPlan,
    AnswerPlan,
    Binding,
    Constant,
    EndpointPlan,
    FieldPlan,
    ModelPlan,
    TextType,
    ToolPlan,
)
from treenail_generator.yaml_source import JSON, Pointer

from .annotations import KEPT, REPEATABLE, SAFE, is_repeatable, plan_annotations
from .answers import Answers
from .argument_names import Clash, fields_by_name
from .bodies import Bodies
from .credentials import keys_of
from .faults import Faults
from .module_names import ModuleNames
from .paging import with_argument
from .parameters import Parameters, SharedParameters
from .paths import PathPlan, plan_path
from .samples import Mode, NoSampleError, Samples
from .servers import OperationServers
from .types import Types
from .values import Values
from .verbs import Verbs
from .whole_query import tell_two_queries

_UNTOLD: Final = AnswerPlan()
_MODES: Final[tuple[Mode, ...]] = get_args(Mode)


class Tools:
    """Plans the tools of one connector over one document."""

    def __init__(
        self,
        request: ConnectorRequest,
        document: Document,
        types: Types,
        answers: Answers,
        names: ModuleNames,
        faults: Faults,
    ) -> None:
        self._request = request
        self._document = document
        self._types = types
        self._answers = answers
        self._names = names
        self._faults = faults
        self._samples = Samples(types.by_name)
        self.servers = OperationServers(request, document, faults)
        self.seen: set[str] = set()
        self._operations: dict[str, Operation] = {}
        self._parameters: SharedParameters = {}

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations found so far, each once."""
        return tuple(self._operations.values())

    def find(self, key: str, *pointer: str | int) -> Operation | None:
        """The operation `key`; reported at `pointer` when the document lacks it."""
        try:
            operation = self._document.operation(key)
        except BuildError as error:
            self._faults.diagnostics.extend(error.diagnostics)
            return None
        if operation is None:
            close = nearest(key, self._document.keys())
            self._faults.add(
                self._request.at(*pointer),
                "unknown-operation",
                f"{self._document.file} has no operation {key!r}",
                hint=f"did you mean {close!r}?" if close else "use an operationId, or 'GET /path'",
            )
            return None
        self._operations.setdefault(operation.key, operation)
        return operation

    def plan(self, index: int) -> ToolPlan | None:
        """The tool at `index`; None when its operation is not known."""
        tool = self.carried(index)
        if tool is None or tool.endpoint is None:
            return tool
        shown, cases = self._examples(tool.name, tool.model, tool.endpoint, index)
        section = self._request.file.tools[index]
        mode = section.response.output or self._request.file.defaults.output
        strict = mode == "strict"
        is_told = mode != "off"
        answer = tool.endpoint.answer
        schema = (
            self._answers.output(tool.name, answer, strict=strict)
            if is_told
            else self._answers.locked(tool.name, answer)
        )
        return replace(
            tool,
            example=shown,
            cases=cases,
            output=schema if is_told else None,
            answer=None if is_told else schema,
            strict_output=is_told and strict,
        )

    def carried(self, index: int) -> ToolPlan | None:
        """The same without samples and without the schema of its answer, which have no faults."""
        section = self._request.file.tools[index]
        operation = self.find(section.operation, "tools", index, "operation")
        if operation is None:
            return None
        verbs = Verbs(self._request, ("tools", index), section.params)
        owner = self._names.class_of_tool(section.name)
        fields, endpoint = self._endpoint(operation, verbs, section.body_section, owner)
        annotations = plan_annotations(section, operation)
        tool = ToolPlan(
            name=section.name,
            title=section.title,
            description=_paragraph(section.description),
            function=self._names.function_of_tool(section.name),
            constant=self._names.constant_of_tool(section.name),
            model=_arguments(section.name, owner, fields),
            endpoint=self._of_tool(endpoint, operation, annotations, index),
            annotations=annotations,
            source=self._request.at("tools", index),
            errors=advice(section.errors),
            scope=section.scope,
        )
        return with_argument(tool)

    def _of_tool(
        self,
        endpoint: EndpointPlan,
        operation: Operation,
        annotations: AnnotationPlan,
        index: int,
    ) -> EndpointPlan:
        """`endpoint` with what the tool says of its answer and its sending."""
        section, defaults = self._request.file.tools[index], self._request.file.defaults
        return replace(
            endpoint,
            constant=self._names.constant_of_endpoint(section.name),
            answer=self._answers.plan(
                operation, section.response, ("tools", index, "response"), section.name
            ),
            reads=annotations.read_only,
            repeatable=is_repeatable(section, operation, annotations),
            timeout_s=section.timeout or defaults.timeout,
            max_bytes=section.response.max_bytes or defaults.max_bytes,
            cache_s=self._cache_s(operation, annotations, index),
        )

    def _cache_s(self, operation: Operation, annotations: AnnotationPlan, index: int) -> float:
        given = self._request.file.tools[index].cache
        if given is None:
            return 0.0
        if operation.method not in KEPT or not annotations.read_only:
            self._faults.add(
                self._request.at("tools", index, "cache"),
                "cache-of-write",
                f"{operation.key}: only answers to a GET or HEAD that changes nothing are kept",
                hint="leave out cache",
            )
        return given

    def endpoint_without_agent(
        self, operation: Operation, own: dict[str, Param], pointer: Pointer
    ) -> EndpointPlan:
        """An endpoint that the runtime calls by itself; `own`, its `args`, speak for the agent."""
        verbs = Verbs(self._request, pointer, own, key="args")
        _, endpoint = self._endpoint(operation, verbs, NESTED_BODY, class_name(operation.key))
        return replace(endpoint, constant=constant_name(operation.key))

    def _endpoint(
        self, operation: Operation, verbs: Verbs, section: BodySection, owner: str
    ) -> tuple[list[FieldPlan], EndpointPlan]:
        """The request side of a tool: its arguments, and where each goes; it has no name yet."""
        values = Values(self._request, self._types, verbs, self._faults)
        file = self._request.file
        path = plan_path(operation, self._faults)
        operation = path.operation
        parameters = Parameters(
            self._types,
            values,
            verbs,
            file.defaults.ids,
            keys_of(file.auth),
            self._parameters,
            self._faults,
        )
        fields, bindings = parameters.plan(operation, owner)
        self._tell_key_in_path(path)
        bindings += _constants(path)
        parameters.tell_shared_keys(bindings)
        tell_two_queries(bindings, keys_of(file.auth), self._faults)
        bodies = Bodies(self._types, values, verbs, self._faults)
        more, further, body = bodies.plan(operation, section, owner)
        fields, bindings = [*fields, *more], [*bindings, *further]
        verbs.tell_unused(operation.key, self._faults)
        fields, bindings, clashes = fields_by_name(fields, bindings, verbs)
        self._tell_clashes(fields, clashes, verbs, operation.key)
        self.seen |= verbs.seen | verbs.qualified
        return fields, EndpointPlan(
            constant="",
            operation=operation.key,
            method=operation.method,
            path=path.template,
            bindings=tuple(bindings),
            answer=_UNTOLD,
            reads=operation.method in SAFE,
            repeatable=operation.method in REPEATABLE,
            may_be_empty=_may_be_empty(operation),
            body=body,
            server=self.servers.of(operation, verbs.at_tool("operation")),
            timeout_s=file.defaults.timeout,
            max_bytes=file.defaults.max_bytes,
            source=operation.location,
        )

    def _tell_key_in_path(self, path: PathPlan) -> None:
        keys = keys_of(self._request.file.auth)
        if any(("query", name) in keys for name, _ in path.query):
            self._faults.add(
                path.operation.location,
                "unsupported-path",
                f"{path.operation.path!r}: the credentials go where its query has a value",
            )

    def _tell_clashes(
        self, fields: Sequence[FieldPlan], clashes: Sequence[Clash], verbs: Verbs, key: str
    ) -> None:
        """Report a `rename` to a name that another argument has."""
        for clash in clashes:
            other, field = fields[clash.first], fields[clash.second]
            self._faults.add(
                verbs.of(other.upstream, "").at("rename"),
                "name-clash",
                f"{key}: {field.upstream!r} and {other.upstream!r} are both called {other.name!r}",
                hint="rename one of them to something else",
            )

    def _examples(
        self, tool: str, model: ModelPlan, endpoint: EndpointPlan, index: int
    ) -> tuple[dict[str, JSON], tuple[dict[str, JSON], ...]]:
        """The example of a tool and the cases that prove it; none where none can be made up."""
        try:
            shown = self._samples.shown(model.fields, endpoint)
            cases = [
                self._samples.arguments(model.fields, endpoint, mode)
                for mode in _MODES
                if mode != "null" or self._samples.may_hold_null(model.fields)
            ]
        except NoSampleError as error:
            name = error.args[0] if error.args else "an argument"
            self._tell_unmade(tool, index, name, "its request is not proven")
            return {}, ()
        made = {name for case in cases for name in case}
        for field in model.fields:
            if field.name not in made:
                self._tell_unmade(tool, index, field.name, "how it is sent is not proven")
        unique = [case for number, case in enumerate(cases) if case not in cases[:number]]
        return shown, tuple(unique)

    def _tell_unmade(self, tool: str, index: int, argument: str, consequence: str) -> None:
        self._faults.note(
            self._request.at("tools", index),
            "needs-example",
            f"{tool}: no value could be made up for {argument!r}; {consequence}",
            hint="give one: params: {<name>: {example: ...}}",
            severity="warning",
        )


def _arguments(name: str, model: str, fields: Sequence[FieldPlan]) -> ModelPlan:
    """The model of a tool's arguments; what is required stands first, for readers and for models."""
    ordered = sorted(fields, key=lambda field: not field.required)
    return ModelPlan(name=model, doc=f"Arguments of {name}.", fields=tuple(ordered))


def _constants(path: PathPlan) -> list[Binding]:
    """What stands in the path's own query."""
    return [
        Binding(
            place="query",
            upstream=name,
            value=Constant(value),
            type=TextType(),
            required=True,
            source=path.operation.location,
        )
        for name, value in path.query
    ]


def _may_be_empty(operation: Operation) -> bool:
    """Whether a success without a body is documented, or the method knows no other.

    204 and 205 speak for themselves (RFC 9110 15.3.5, 15.3.6).
    """
    successes = [each for each in operation.responses if each.status.startswith("2")]
    told = successes or [each for each in operation.responses if each.status == "default"]
    return operation.method == "HEAD" or any(
        not each.media and each.status not in {"204", "205"} for each in told
    )


def advice(told: dict[str, str]) -> tuple[tuple[int | str, str], ...]:
    """Advice by status (as a number) or by the upstream's own code."""
    return tuple(
        (int(key) if key.isascii() and key.isdigit() else key, _paragraph(text))
        for key, text in told.items()
    )


def _paragraph(text: str) -> str:
    return " ".join(text.split())
