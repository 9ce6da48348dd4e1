"""How the pages of a list follow each other: the `pagination` sections, checked by the document."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from treenail_generator.connector_file import ConnectorRequest, PaginationSection, ResponseSection
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Operation
from treenail_generator.plan import Either, FromArgument, PagingPlan, ToolPlan
from treenail_generator.yaml_source import JSON, Pointer

from .faults import Faults
from .forms import Forms
from .payloads import Payloads, as_jmespath
from .selecting import ExpressionError, derive

_SAFE: Final = frozenset({"GET"})
_TOLD: Final = {"page": "next_page", "offset": "next_offset"}
_WHOLE: Final = frozenset({"integer", "null"})
_PATHS: Final = ("next", "more", "pages", "total")


class Pagings:
    """Plans how lists are paged."""

    def __init__(
        self, request: ConnectorRequest, forms: Forms, payloads: Payloads, faults: Faults
    ) -> None:
        self._request = request
        self._forms = forms
        self._payloads = payloads
        self._faults = faults

    def of(
        self,
        operation: Operation,
        section: ResponseSection,
        pointer: Pointer,
        top: JSON,
        *,
        many: bool,
    ) -> PagingPlan | None:
        """The paging of one tool; None when nothing is said that fits it.

        What its own section says has to fit; the defaults hold for the lists that they fit.
        """
        if section.pagination == "none" or section.page is not None:
            self._tell_both(section, pointer)
            return None
        own = section.pagination if isinstance(section.pagination, PaginationSection) else None
        told = own or self._request.file.defaults.pagination
        if told is None:
            return None
        if own is not None:
            self._tell_unfit(operation, own, (*pointer, "pagination"), top, many=many)
        elif not many or any(self._unfit(operation, told, top)):
            return None
        whole = self._is_whole(operation, told.parameter)
        counted = "next_page" if whole and told.style == "link" else "next_cursor"
        first = told.first if told.first is not None else int(told.style == "page")
        return PagingPlan(
            style=told.style,
            parameter=told.parameter,
            told=_TOLD.get(told.style, counted),
            first=first,
            size=told.size,
            next=as_jmespath(told.next),
            more=as_jmespath(told.more),
            pages=as_jmespath(told.pages),
            total=as_jmespath(told.total),
            most_pages=told.max_pages if told.auto else 1,
        )

    def _unfit(
        self, operation: Operation, told: PaginationSection, top: JSON
    ) -> Iterator[tuple[str, str, str, str | None]]:
        """Key, code, message and hint of everything that does not fit the operation."""
        names = [each.name for each in operation.parameters if each.place == "query"]
        for key, name in (("parameter", told.parameter), ("size", told.size)):
            if name and name not in names:
                close = nearest(name, names)
                hint = f"did you mean {close!r}?" if close else None
                message = f"{name!r}: {operation.key} has no such query parameter"
                yield key, "unknown-parameter", message, hint
        if told.style == "cursor" and not told.next:
            yield "style", "pagination-incomplete", "style cursor needs next", "say where it stands"
        if told.auto and operation.method not in _SAFE:
            message = f"auto repeats {operation.method}, which may change something"
            yield "auto", "unsafe-pages", message, "leave it out"
        for key in _PATHS:
            path = str(getattr(told, key))
            if path:
                yield from self._wrong_path(key, path, top)

    def _wrong_path(
        self, key: str, path: str, top: JSON
    ) -> Iterator[tuple[str, str, str, str | None]]:
        try:
            unknown = derive(as_jmespath(path), top, self._forms).unknown
        except ExpressionError as error:
            yield key, "bad-expression", f"{path!r} is no JMESPath: {error}", None
            return
        for name, known in unknown:
            close = nearest(name, known)
            hint = f"did you mean {close!r}?" if close else f"it has: {', '.join(known)}"
            yield key, "unknown-field", f"{path!r}: the answer has no {name!r}", hint

    def _tell_unfit(
        self,
        operation: Operation,
        own: PaginationSection,
        pointer: Pointer,
        top: JSON,
        *,
        many: bool,
    ) -> None:
        for key, code, message, hint in self._unfit(operation, own, top):
            at = self._request.at(*pointer, key)
            self._faults.add(at, code, f"pagination.{key}: {message}", hint=hint)
        if not many:
            self._faults.add(
                self._request.at(*pointer),
                "pagination-list",
                "pagination: the payload is no list",
                hint="say with root where the list stands",
            )

    def _tell_both(self, section: ResponseSection, pointer: Pointer) -> None:
        if isinstance(section.pagination, PaginationSection):
            self._faults.add(
                self._request.at(*pointer, "pagination"),
                "conflicting-keys",
                "'page' and 'pagination' exclude each other",
                hint="keep pagination",
            )

    def _is_whole(self, operation: Operation, name: str) -> bool:
        for each in operation.parameters:
            if each.place == "query" and each.name == name:
                return "integer" in (kinds := self._forms.of(each.schema).kinds) and kinds <= _WHOLE
        return False


def with_argument(tool: ToolPlan) -> ToolPlan:
    """`tool`, whose paging knows what the agent calls the parameter."""
    paging = tool.endpoint.answer.paging if tool.endpoint is not None else None
    if tool.endpoint is None or paging is None:
        return tool
    attributes = {
        binding.value.attribute
        for binding in tool.endpoint.bindings
        if (binding.place, binding.upstream) == ("query", paging.parameter)
        and isinstance(binding.value, FromArgument | Either)
    }
    names = [each.name for each in tool.model.fields if each.attribute in attributes]
    named = replace(paging, argument=names[0] if names else "")
    answer = replace(tool.endpoint.answer, paging=named)
    return replace(tool, endpoint=replace(tool.endpoint, answer=answer))
