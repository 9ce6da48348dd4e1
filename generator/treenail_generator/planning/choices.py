"""Login fields whose options the upstream tells: which call reads them, and where they stand."""

from dataclasses import replace
from typing import Any, Final, cast

from treenail_generator.connector_file import ConnectorRequest, LoginEntry, OptionsFrom
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Operation
from treenail_generator.plan import (
    AnswerPlan,
    ChoicesPlan,
    EndpointPlan,
    FromPage,
    NullableType,
    NumberType,
)
from treenail_generator.yaml_source import Pointer

from .answers import LIST, Answers
from .checks import LoginCall, LoginCalls
from .faults import Faults
from .module_names import ModuleNames
from .views import View, Views, split_null

_VALUES: Final = frozenset({"string", "integer"})
_LABELS: Final = _VALUES | {"number"}


class ChoiceFields:
    """Plans the choices of one connector's login fields."""

    def __init__(
        self,
        request: ConnectorRequest,
        calls: LoginCalls,
        answers: Answers,
        views: Views,
        names: ModuleNames,
        faults: Faults,
    ) -> None:
        self._request = request
        self._calls = calls
        self._answers = answers
        self._views = views
        self._names = names
        self._faults = faults

    def plan(self) -> dict[str, ChoicesPlan]:
        """The choices by the name of their field."""
        planned: dict[str, ChoicesPlan] = {}
        for index, entry in enumerate(self._request.file.login.fields):
            if entry.options_from is None:
                continue
            self._tell_unfit(index, entry)
            choices = self._choices(index, entry, entry.options_from)
            if choices is not None:
                planned[entry.name] = choices
        return planned

    def _choices(self, index: int, entry: LoginEntry, asked: OptionsFrom) -> ChoicesPlan | None:
        pointer = ("login", "fields", index, "options_from")
        call = LoginCall(
            pointer=pointer,
            what=f"options_from of {entry.name!r}",
            is_check=False,
            args=asked.args,
            page=asked.page_parameter,
        )
        operation = self._calls.operation(call, asked.operation)
        if operation is None:
            return None
        constant = self._names.constant_of(f"{entry.name}_choices")
        answer, item = self._answers.listed(operation, asked.root, pointer)
        self._prove(item, asked, pointer)
        endpoint = replace(self._calls.endpoint(call, operation), constant=constant, answer=answer)
        if asked.page_parameter is not None:
            self._tell_pages(operation, endpoint, answer, asked.page_parameter, pointer)
        return ChoicesPlan(
            function=self._names.function_of(f"{entry.name}_choices"),
            endpoint=endpoint,
            items=LIST,
            value=asked.value,
            label=asked.label,
        )

    def _tell_unfit(self, index: int, entry: LoginEntry) -> None:
        pointer = ("login", "fields", index)
        if entry.type != "select" or entry.is_secret:
            self._faults.add(
                self._request.at(*pointer),
                "choices-field",
                f"{entry.name!r} has options_from, so it is a select, and no secret",
                hint="say type: select, and leave out `secret`",
            )
        if entry.options is not None:
            self._faults.add(
                self._request.at(*pointer, "options_from"),
                "conflicting-keys",
                f"{entry.name!r}: 'options' and 'options_from' exclude each other",
                hint="keep one of them",
            )
        behind = self._request.file.login.fields[index + 1 :]
        plain = next((each.name for each in behind if each.options_from is None), None)
        if plain is not None:
            self._faults.add(
                self._request.at(*pointer),
                "choices-field",
                f"{entry.name!r} has options_from, so it is asked behind all other fields",
                hint=f"move it behind {plain!r}",
            )

    def _prove(self, item: View, asked: OptionsFrom, pointer: Pointer) -> None:
        """Report a value or label that the document's items do not have."""
        for key, path, kinds in (("value", asked.value, _VALUES), ("label", asked.label, _LABELS)):
            view = item
            for step in path.split("."):
                properties = cast("dict[str, Any]", view.get("properties", {}))
                if properties and step not in properties:
                    self._tell_unknown(path, step, properties, (*pointer, key))
                view = self._views.of(properties[step]) if step in properties else {}
            kind = split_null(view)[0].get("type")
            if kind is not None and (not isinstance(kind, str) or kind not in kinds):
                self._faults.add(
                    self._request.at(*pointer, key),
                    "choices-answer",
                    f"{key} {path!r} is no text: its type is {kind}",
                    hint="name a field that is a string",
                )

    def _tell_unknown(
        self, path: str, step: str, properties: dict[str, Any], pointer: Pointer
    ) -> None:
        close = nearest(step, properties)
        self._faults.add(
            self._request.at(*pointer),
            "unknown-field",
            f"{pointer[-1]} {path!r}: an item has no {step!r}",
            hint=f"did you mean {close!r}?" if close else f"it has: {', '.join(properties)}",
        )

    def _tell_pages(
        self,
        operation: Operation,
        endpoint: EndpointPlan,
        answer: AnswerPlan,
        parameter: str,
        pointer: Pointer,
    ) -> None:
        """Report a page parameter with which no further page could be read."""
        at = self._request.at(*pointer, "page_parameter")
        known = [each.name for each in operation.parameters if each.place == "query"]
        bound = next((b for b in endpoint.bindings if isinstance(b.value, FromPage)), None)
        if bound is None:
            taken = parameter in known
            close = nearest(parameter, known)
            self._faults.add(
                at,
                "conflicting-keys" if taken else "unknown-parameter",
                f"page_parameter {parameter!r}: "
                + (
                    "args or defaults say what it is"
                    if taken
                    else f"{operation.key} has no such query parameter"
                ),
                hint=f"did you mean {close!r}?" if close and not taken else None,
            )
        elif bound.required or not _is_whole(bound.type):
            self._faults.add(
                at,
                "choices-page",
                f"page_parameter {parameter!r} is no optional integer",
                hint="leave it out: then the first page is read alone",
            )
        if answer.page is None:
            self._faults.add(
                at,
                "choices-page",
                "page_parameter: the answer does not tell its page",
                hint="say defaults.page: where number, pages and total stand in the answer",
            )


def _is_whole(kind: object) -> bool:
    inner = kind.inner if isinstance(kind, NullableType) else kind
    return isinstance(inner, NumberType) and inner.whole
