"""What the agent gets of the upstream's answer: root, picked fields, agent names, pages."""

from collections.abc import Iterator

from treenail_generator.connector_file import ConnectorRequest, PageSection, ResponseSection
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Operation
from treenail_generator.media_types import is_media_range
from treenail_generator.plan import AnswerPlan, PagePlan, RecordPlan
from treenail_generator.yaml_source import JSON, Pointer

from .answer_names import Names
from .faults import Faults
from .module_names import ModuleNames
from .outputs import MOST_FIELDS, MOST_LOCKED, OutputSchemas
from .paging import Pagings
from .payloads import Payload, Payloads
from .readings import Readings
from .records import Records
from .redacting import Hidden, hidden, hidden_too
from .successes import Success, success_of
from .views import View

LIST = "items"
"""Under which name a list is answered that no agent sees."""

_PAGE_NAMES = ("page", "total_pages", "total_items", "next_page")


class Answers:
    """Plans the answers of one connector's tools."""

    def __init__(
        self,
        request: ConnectorRequest,
        readings: Readings,
        names: ModuleNames,
        faults: Faults,
    ) -> None:
        self._request = request
        self._views = readings.views
        self._forms = forms = readings.forms
        self._styled = readings.changes.styled
        self._faults = faults
        self._records = Records(request, readings, names, faults)
        self._payloads = Payloads(request, forms, faults)
        self._pagings = Pagings(request, forms, self._payloads, faults)
        self._found: dict[str, Payload] = {}

    @property
    def records(self) -> tuple[RecordPlan, ...]:
        """The records of all answers."""
        return self._records.plans

    def plan(
        self, operation: Operation, section: ResponseSection, pointer: Pointer, tool: str
    ) -> AnswerPlan:
        """The answer of the tool whose `response` section stands at `pointer`."""
        success = success_of(operation, self._forms)
        found = self._payloads.of(success.schema, section, pointer)
        payload = found.schema
        many = self._forms.of(payload).is_list
        item = self._forms.listed(payload)
        told = found.root.rpartition(".")[2] or "items"
        name = section.name or (self._styled(told) if many else None)
        defaults = self._request.file.defaults
        page = self._page(success.schema, section, pointer) if many else None
        names = Names(section.pick, section.omit, section.redact, section.rename, section.plain)
        self._tell_unknown(item, names, pointer)
        redacted = hidden(item, names, self._forms)
        self._tell_hidden_too(item, names, redacted, pointer)
        self._tell_no_json(success, section, pointer)
        self._tell_odd_types(operation)
        max_items = (section.max_items or defaults.max_items) if many else None
        answer = AnswerPlan(
            kind=success.kind,
            root=found.root,
            select=found.select,
            name=name,
            many=many,
            record=self._records.of(item, names, redacted, pointer, tool),
            page=page,
            paging=self._pagings.of(operation, section, pointer, success.schema, many=many),
            max_items=max_items,
            max_file_bytes=section.max_file_bytes,
            nulls=section.nulls,
            media_type=success.media_type,
            accept=success.accept,
            redirects=success.redirects,
        )
        self._tell_hidden(answer, pointer)
        self._tell_untyped(found, section, pointer)
        self._found[tool] = found
        return answer

    def output(self, tool: str, answer: AnswerPlan, *, strict: bool) -> dict[str, JSON]:
        """JSON Schema of what a planned tool answers, to publish it; see `outputs.OutputSchemas`."""
        return self._outputs(MOST_FIELDS, strict=strict).of(answer, self._found[tool].schema)

    def locked(self, tool: str, answer: AnswerPlan) -> dict[str, JSON]:
        """JSON Schema of what a planned tool answers, for comparisons."""
        return self._outputs(MOST_LOCKED, strict=False).of(answer, self._found[tool].schema)

    def _outputs(self, most: int, *, strict: bool) -> OutputSchemas:
        records = self._records.by_constant
        return OutputSchemas(self._views, self._forms, records, strict=strict, most=most)

    def listed(self, operation: Operation, root: str, pointer: Pointer) -> tuple[AnswerPlan, View]:
        """The list at `root`, as the upstream tells it, and the view of one of its items."""
        section = ResponseSection(root=root)
        top = success_of(operation, self._forms).schema
        found = self._payloads.of(top, section, pointer)
        form = self._forms.of(found.schema)
        if form.kinds and not form.is_list:
            self._faults.add(
                self._request.at(*pointer, "root"),
                "choices-answer",
                f"root {root!r} leads to no list",
                hint="say where the list stands in the answer of the operation",
            )
        page = self._page(top, section, pointer)
        item = self._views.of(form.items if form.items is not None else {})
        answer = AnswerPlan(root=found.root, select=found.select, name=LIST, many=True, page=page)
        return answer, item

    def _page(self, top: JSON, section: ResponseSection, pointer: Pointer) -> PagePlan | None:
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

    def _has(self, schema: JSON, path: str) -> bool:
        for step in path.split("."):
            properties = self._forms.of(schema).properties
            if step not in properties:
                return False
            schema = properties[step]
        return True

    def _tell_hidden(self, answer: AnswerPlan, pointer: Pointer) -> None:
        """Report a list called like what stands beside it."""
        beside = _PAGE_NAMES if answer.page is not None else ()
        if answer.name in (*beside, *(("truncated",) if answer.max_items is not None else ())):
            self._faults.add(
                self._request.at(*pointer, "name"),
                "name-clash",
                f"the list and what is told beside it are both answered as {answer.name!r}",
                hint="give the list another name: response: {name: ...}",
            )

    def _tell_untyped(self, found: Payload, section: ResponseSection, pointer: Pointer) -> None:
        """Report a schema that is asked for and cannot be derived."""
        mode = section.output or self._request.file.defaults.output
        if found.untyped and mode != "off":
            self._faults.add(
                self._request.at(*pointer, "jmespath" if section.jmespath is not None else "root"),
                "untyped-answer",
                f"no schema can be derived of {', '.join(dict.fromkeys(found.untyped))}",
                hint="say it: response: {schema: {type: ...}}, or output: off",
            )

    def _tell_no_json(self, success: Success, section: ResponseSection, pointer: Pointer) -> None:
        """Report verbs for fields of an answer that has none."""
        told = [
            key
            for key in ("root", "jmespath", "pick", "omit", "redact", "rename", "plain")
            if getattr(section, key)
        ]
        if told and success.kind in ("text", "file"):
            self._faults.add(
                self._request.at(*pointer, told[0]),
                "no-fields",
                f"{told[0]}: the document answers {success.media_type}, which has no fields",
                hint=f"leave out {told[0]!r}",
            )

    def _tell_odd_types(self, operation: Operation) -> None:
        """Tell of answers whose media type no request can ask for."""
        for media in (each for response in operation.responses for each in response.media):
            if not is_media_range(media.content_type):
                self._faults.note(
                    media.location,
                    "no-media-type",
                    f"{media.content_type!r} is no media type: no answer is expected as that",
                    severity="warning",
                )

    def _tell_unknown(self, item: JSON, names: Names, pointer: Pointer) -> None:
        told = {
            "pick": names.pick or [],
            "omit": names.omit,
            "redact": names.redact,
            "rename": list(names.rename),
            "plain": names.plain,
        }
        for key, entries in told.items():
            for index, name in enumerate(entries):
                step = name if key == "rename" else index
                self._tell_into_map(item, name, key, (*pointer, key, step))
                known = self._unknown(item, name)
                if known is None:
                    continue
                close = nearest(name, known)
                self._faults.add(
                    self._request.at(*pointer, key, step),
                    "unknown-field",
                    f"{key}: the answer has no field {name!r}",
                    hint=f"did you mean {close!r}?" if close else None,
                )

    def _tell_into_map(self, schema: JSON, name: str, key: str, pointer: Pointer) -> None:
        """Report a name that means a field of a map's values, and would be a key of the map."""
        for step in name.split("."):
            listed = self._forms.listed(schema)
            known = self._forms.of(listed).properties
            values = None if step in known else self._forms.values(listed)
            if values is not None and step in self._forms.of(values).properties:
                self._faults.add(
                    self._request.at(*pointer),
                    "map-field",
                    f"{key}: {name!r} names the key {step!r} of a map, not the field of its values",
                    hint="name the whole map, or fields beside it; fields of values cannot be named",
                )
            if step not in known:
                return
            schema = known[step]

    def _tell_hidden_too(
        self, item: JSON, names: Names, redacted: Hidden, pointer: Pointer
    ) -> None:
        """Tell where else a field is redacted, and refuse what would stay in clear."""
        for each in hidden_too(item, names, self._forms) if names.redact else ():
            told = f"redact: {each.named!r} is redacted as {each.path!r}, too"
            told += ", and inside it to any depth" if each.is_inside else ""
            at = self._request.at(*pointer, "redact", names.redact.index(each.named))
            self._faults.note(at, "redacted-too", told)
        for name in redacted.unsaid:
            self._faults.add(
                self._request.at(*pointer, "redact"),
                "redacted-in-part",
                f"redact: a redacted field would stay in clear in {name!r}, whose kind differs",
                hint=f"omit what holds it: response: {{omit: [{name}]}}",
            )

    def _unknown(self, schema: JSON, name: str) -> list[str] | None:
        """None when `name` may stand in `schema`; otherwise the names that it might have meant."""
        above = ""
        for step in name.split("."):
            form = self._forms.of(self._forms.listed(schema))
            if not form.properties:
                # Nothing is known of it, or it has no fields at all.
                return None if form.kinds <= {"object", "null"} else [above.removesuffix(".")]
            if step not in form.properties:
                return [*self._near(schema, above)]
            schema = form.properties[step]
            above = f"{above}{step}."
        return None

    def _near(self, schema: JSON, above: str) -> Iterator[str]:
        """The fields of an object and of those in it, by dotted name."""
        for name, inner in self._forms.of(self._forms.listed(schema)).properties.items():
            yield f"{above}{name}"
            for below in self._forms.of(self._forms.listed(inner)).properties:
                yield f"{above}{name}.{below}"
