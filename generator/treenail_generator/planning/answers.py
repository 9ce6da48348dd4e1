"""What the agent gets of the upstream's answer: root, picked fields, agent names, pages."""

from dataclasses import dataclass, replace
from typing import Any, cast

from treenail_generator.connector_file import ConnectorRequest, PageSection, ResponseSection
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Operation, Schema
from treenail_generator.naming import constant_name, snake_case
from treenail_generator.plan import AnswerPlan, KeptField, PagePlan, RecordPlan
from treenail_generator.yaml_source import JSON, Pointer

from .answer_names import Names, names_it, passes_rest
from .faults import Faults
from .module_names import ModuleNames
from .outputs import OutputSchemas
from .views import View, Views, split_null

LIST = "items"
"""Under which name a list is answered that no agent sees."""

_SUCCESS = ("200", "201", "202", "203", "2XX", "default")
_PAGE_NAMES = ("page", "total_pages", "total_items", "next_page")
_TREE_DEPTH = 12
_MOST_VISITS = 5000
_ENDLESS = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record is planned: dotted path, name for it, depth left, components around it."""

    path: str
    wanted: str
    depth: int
    above: frozenset[str]


class Answers:
    """Plans answers; records with equal fields are shared between tools."""

    def __init__(
        self, request: ConnectorRequest, views: Views, names: ModuleNames, faults: Faults
    ) -> None:
        self._request = request
        self._views = views
        self._names = names
        self._faults = faults
        self._records: dict[str, RecordPlan] = {}
        self._tool = ""

    @property
    def records(self) -> tuple[RecordPlan, ...]:
        """The records; each stands behind those it mentions."""
        return tuple(self._records.values())

    def plan(
        self, operation: Operation, section: ResponseSection, pointer: Pointer, tool: str
    ) -> AnswerPlan:
        """The answer of the tool whose `response` section stands at `pointer`."""
        self._tool = constant_name(tool)
        top = self._success_schema(operation)
        payload = self._payload(top, section, pointer)
        view = self._views.of(payload) if payload is not None else {}
        many = _is_list(view)
        item = view.get("items", {}) if many else payload
        name = section.name or (section.root.rpartition(".")[2] or "items" if many else None)
        defaults = self._request.file.defaults
        answer = AnswerPlan(
            root=section.root,
            name=self._styled(name) if name and not section.name else name,
            many=many,
            record=self._top_record(item, section, pointer, tool),
            page=self._page(top, section, pointer) if many else None,
            max_items=(section.max_items or defaults.max_items) if many else None,
        )
        beside = _PAGE_NAMES if answer.page is not None else ()
        if answer.name in (*beside, *(("truncated",) if answer.max_items is not None else ())):
            self._faults.add(
                self._request.at(*pointer, "name"),
                "name-clash",
                f"the list and what is told beside it are both answered as {answer.name!r}",
                hint="give the list another name: response: {name: ...}",
            )
        return answer

    def output(self, operation: Operation, answer: AnswerPlan, *, strict: bool) -> dict[str, JSON]:
        """JSON Schema of what the tool answers; see `outputs.OutputSchemas`."""
        schema: object = self._success_schema(operation)
        for step in answer.root.split(".") if answer.root else ():
            schema = self._properties(schema).get(step)
        return OutputSchemas(self._views, self._records, strict=strict).of(answer, schema)

    def listed(self, operation: Operation, root: str, pointer: Pointer) -> tuple[AnswerPlan, View]:
        """The list at `root`, as the upstream tells it, and the view of one of its items."""
        section = ResponseSection(root=root)
        top = self._success_schema(operation)
        payload = self._payload(top, section, pointer)
        view = self._views.of(payload) if payload is not None else {}
        if view and not _is_list(view):
            self._faults.add(
                self._request.at(*pointer, "root"),
                "choices-answer",
                f"root {root!r} leads to no list",
                hint="say where the list stands in the answer of the operation",
            )
        page = self._page(top, section, pointer)
        return AnswerPlan(root=root, name=LIST, many=True, page=page), self._views.of(
            view.get("items", {})
        )

    def _success_schema(self, operation: Operation) -> Schema | None:
        for status in _SUCCESS:
            for response in operation.responses:
                for media in response.media if response.status.upper() == status.upper() else ():
                    if media.content_type.partition(";")[0].strip().endswith("json"):
                        return media.schema
        return None

    def _payload(self, top: object, section: ResponseSection, pointer: Pointer) -> object:
        """The schema at `root`; None when the document does not tell."""
        schema = top
        for step in section.root.split(".") if section.root else ():
            properties = self._properties(schema)
            if step not in properties:
                if properties:
                    close = nearest(step, properties)
                    known = f"it has: {', '.join(properties)}"
                    self._faults.add(
                        self._request.at(*pointer, "root"),
                        "unknown-field",
                        f"root {section.root!r}: the answer has no {step!r}",
                        hint=f"did you mean {close!r}?" if close else known,
                    )
                return None
            schema = properties[step]
        return schema

    def _properties(self, schema: object) -> dict[str, Any]:
        view = self._views.of(schema) if schema is not None else {}
        return cast("dict[str, Any]", view.get("properties", {}))

    def _top_record(
        self, item: object, section: ResponseSection, pointer: Pointer, tool: str
    ) -> str | None:
        names = Names(section.pick, section.omit, section.redact, section.rename)
        component = self._views.ref_name(item) if item is not None else None
        wanted = constant_name(component or f"{tool}_answer")
        view = self._views.of(item) if item is not None else {}
        if not view.get("properties"):
            return self._untyped_record(names, wanted, pointer)
        place = _Place("", wanted, self._affordable_depth(view), frozenset())
        record = self._record(view, names, place, pointer)
        self._tell_unknown(names, pointer)
        return record

    def _affordable_depth(self, view: View) -> int:
        """How deep records are planned: less deep where everything holds everything else."""
        depths = range(_TREE_DEPTH, 1, -1)
        return next((depth for depth in depths if self._visits(view, depth, _MOST_VISITS) >= 0), 1)

    def _visits(self, view: View, depth: int, left: int) -> int:
        """What is left of `left` after one visit of each object down to `depth`; negative if none."""
        for schema in cast("dict[str, Any]", view.get("properties", {})).values():
            inner = self._views.of(schema)
            inner = self._views.of(inner.get("items", {})) if _is_list(inner) else inner
            if depth == 0 or not inner.get("properties"):
                continue
            left = self._visits(inner, depth - 1, left - 1)
            if left < 0:
                break
        return left

    def _untyped_record(self, names: Names, wanted: str, pointer: Pointer) -> str | None:
        """A record over names that the document does not tell."""
        if names.pick is None and not (names.omit or names.redact or names.rename):
            return None
        told = [*(names.pick or ()), *names.omit, *names.redact, *names.rename]
        view: View = {"properties": {}}
        for name in dict.fromkeys(told):
            inner = view
            for step in name.split("."):
                inner = inner.setdefault("properties", {}).setdefault(step, {})
        return self._record(view, names, _Place("", wanted, _TREE_DEPTH, frozenset()), pointer)

    def _record(self, view: View, names: Names, place: _Place, pointer: Pointer) -> str:
        fields: list[KeptField] = []
        for upstream, schema in cast("dict[str, Any]", view["properties"]).items():
            full = f"{place.path}.{upstream}" if place.path else upstream
            names.seen.add(full)
            kept = self._kept(full, upstream, names, self._views.of(schema))
            if kept is None:
                continue
            if kept.name is not None and not kept.redacted:
                inside = replace(place, path=full)
                inner = self._inner_record(schema, names, inside, pointer)
                if inner is _ENDLESS:
                    # An object inside itself: an allow-list ends here, anything else passes as it is.
                    if not passes_rest(names):
                        continue
                    inner = None
                kept = KeptField(upstream=upstream, name=kept.name, record=inner)
            fields.append(kept)
        self._tell_clashes(fields, place.path, pointer)
        return self._shared(place.wanted, tuple(fields), rest=passes_rest(names))

    def _tell_clashes(self, fields: list[KeptField], path: str, pointer: Pointer) -> None:
        """Report fields of one object that would hide each other."""
        seen: dict[str, str] = {}
        for kept in fields:
            if kept.name is None:
                continue
            other = seen.setdefault(kept.name, kept.upstream)
            if other != kept.upstream:
                full = f"{path}.{kept.upstream}" if path else kept.upstream
                self._faults.add(
                    self._request.at(*pointer, "rename"),
                    "name-clash",
                    f"{kept.upstream!r} and {other!r} are both answered as {kept.name!r}",
                    hint=f"rename one of them: response: {{rename: {{{full}: ...}}}}",
                )

    def _inner_record(
        self, schema: object, names: Names, place: _Place, pointer: Pointer
    ) -> str | None:
        """The record of a field that is an object or a list of objects; None for anything else."""
        view = self._views.of(schema)
        component = self._views.ref_name(schema)
        if _is_list(view):
            component = self._views.ref_name(view.get("items", {}))
            view = self._views.of(view.get("items", {}))
        if not view.get("properties"):
            return None
        if place.depth == 0 or (component is not None and component in place.above):
            return _ENDLESS
        above = place.above | {component} if component else place.above
        last = constant_name(place.path.rpartition(".")[2])
        constant = constant_name(component) if component else f"{place.wanted}_{last}"
        inside = _Place(place.path, constant, place.depth - 1, above)
        return self._record(view, names, inside, pointer)

    def _kept(
        self, path: str, upstream: str, names: Names, view: View | None = None
    ) -> KeptField | None:
        """What becomes of one field; None when an allow-list leaves it out by silence."""
        for told in (names.omit, names.redact, names.rename, names.pick or ()):
            names.used.update(name for name in told if name == path)
        name = names.rename.get(path) or self._styled(upstream)
        if path in names.redact:
            return KeptField(upstream=upstream, name=name, redacted=True)
        # What is only written is never told; what is deprecated only when somebody asks for it.
        secret = view is not None and view.get("writeOnly") is True
        dated = view is not None and view.get("deprecated") is True
        if path in names.omit or secret or (dated and path not in (names.pick or ())):
            return None if not passes_rest(names) else KeptField(upstream=upstream, name=None)
        if names.pick is not None and not names_it(names.pick, path):
            return None
        return KeptField(upstream=upstream, name=name)

    def _styled(self, name: str) -> str:
        snake = self._request.file.defaults.naming == "snake_case"
        return snake_case(name) or name if snake else name

    def _shared(self, wanted: str, fields: tuple[KeptField, ...], *, rest: bool) -> str:
        for record in self._records.values():
            if record.fields == fields and record.rest == rest:
                return record.constant
        if not self._names.is_free(wanted):
            wanted = f"{self._tool}_{wanted}"
        constant = self._names.constant(wanted)
        self._records[constant] = RecordPlan(constant=constant, fields=fields, rest=rest)
        return constant

    def _page(self, top: object, section: ResponseSection, pointer: Pointer) -> PagePlan | None:
        if section.page == "none":
            return None
        own = section.page if isinstance(section.page, PageSection) else None
        page = own or self._request.file.defaults.page
        if page is None:
            return None
        missing = [
            path for path in (page.number, page.pages, page.total) if not self._has(top, path)
        ]
        if missing and own is not None:
            self._faults.add(
                self._request.at(*pointer, "page"),
                "unknown-field",
                f"page: the answer has no {missing[0]!r}",
            )
        return None if missing else PagePlan(number=page.number, pages=page.pages, total=page.total)

    def _has(self, schema: object, path: str) -> bool:
        for step in path.split("."):
            properties = self._properties(schema)
            if step not in properties:
                return False
            schema = properties[step]
        return True

    def _tell_unknown(self, names: Names, pointer: Pointer) -> None:
        told = {
            "pick": names.pick or [],
            "omit": names.omit,
            "redact": names.redact,
            "rename": list(names.rename),
        }
        for key, entries in told.items():
            for index, name in enumerate(entries):
                if name in names.seen:
                    continue
                close = nearest(name, names.seen)
                step = name if key == "rename" else index
                self._faults.add(
                    self._request.at(*pointer, key, step),
                    "unknown-field",
                    f"{key}: the answer has no field {name!r}",
                    hint=f"did you mean {close!r}?" if close else None,
                )


def _is_list(view: View) -> bool:
    kind = split_null(view)[0].get("type")
    return kind == "array" or (kind is None and "items" in view)
