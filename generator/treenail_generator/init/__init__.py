"""A connector file proposed from a document: what `gen init` writes."""

from collections.abc import Sequence
from dataclasses import replace

from treenail_generator.diagnostics import Diagnostic
from treenail_generator.document import Document, Operation
from treenail_generator.document.values import mapping, text
from treenail_generator.planning.servers import others_of
from treenail_generator.planning.trial import Tried

from .choosing import MOST_UNASKED, broken, choose, tag_counts, unmatched
from .costs import Costs
from .credentials import propose_auth
from .hints import annotations_of, paging_of
from .names import tool_names, words_of
from .proposal import Proposal, Refused, RegionProposal, SpecProposal, ToolProposal
from .proving import proved
from .regions import propose_regions
from .trials import Trials, Verdict
from .wishes import Wishes
from .words import first_sentences, gives_orders, plain_text, says_more, shortened
from .writing import frame_of, written

__all__ = [
    "MOST_UNASKED",
    "Proposal",
    "SpecProposal",
    "Trials",
    "Wishes",
    "choose",
    "propose",
    "proved",
    "tag_counts",
    "unmatched",
    "written",
]

_LONGEST_TITLE = 80
_LONGEST_TEXT = 300
_UNRULED = frozenset({"unsupported-field", "field-left-out"})
_STYLED = frozenset({"unsupported-parameter", "alternative-left-out"})
_LONGEST_DESCRIPTION = 200
_WITHHELD = "the document's text is left out: it speaks to the agent as only its user may"


def propose(
    document: Document,
    wishes: Wishes,
    operations: Sequence[Operation],
    trials: Trials | None = None,
) -> Proposal:
    """The connector file for these operations; it builds, whatever the document holds.

    `trials` gains what is found out about the document's schemas.
    """
    trials = trials or Trials(document)
    frame, tried = _tried(trials, _frame(document, wishes, operations), operations)
    found = trials.verdicts(operations, tried, frame_of(frame))
    carried = [each for each in operations if not found[each.key].faults]
    names = tool_names(carried, wishes.name, wishes.kept_names)
    costs = Costs(document)
    tools = tuple(_tool(each, names[each.key], found[each.key], costs) for each in carried)
    refused = [
        Refused(operation=each.key, endpoint=each.endpoint, faults=found[each.key].faults)
        for each in operations
        if found[each.key].faults
    ]
    refused += [
        Refused(operation=name, endpoint=name, faults=tuple(document.broken[name]))
        for name in broken(document, wishes)
    ]
    return Proposal(
        name=frame.name,
        title=frame.title,
        version=frame.version,
        api_version=frame.api_version,
        instructions=frame.instructions,
        spec=frame.spec,
        regions=frame.regions,
        others=_others(document, frame.regions, carried),
        auth=frame.auth,
        output=frame.output,
        arrays=frame.arrays,
        tools=tools,
        refused=tuple(refused),
    )


def _tried(
    trials: Trials, frame: Proposal, operations: Sequence[Operation]
) -> tuple[Proposal, list[Tried]]:
    """What comes out for each operation, and the frame within which that holds."""
    found: list[Tried] = []
    for each in trials.of(operations, frame_of(frame)):
        if any(_is_unruled(told) for told in (*each.faults, *each.notes)):
            # No specification has a rule; by index, every array reads back as it was.
            frame = replace(frame, arrays="indexes")
            return frame, list(trials.of(operations, frame_of(frame)))
        found.append(each)
    return frame, found


def _is_unruled(told: Diagnostic) -> bool:
    """Whether something is left out only because `deepObject` has no rule for it."""
    is_field = told.code in _UNRULED and "arrays" in (told.hint or "")
    return is_field or (told.code in _STYLED and "style deepObject" in told.message)


def _frame(document: Document, wishes: Wishes, operations: Sequence[Operation]) -> Proposal:
    """Everything but the tools."""
    title = _safe(shortened(plain_text(document.title), _LONGEST_TITLE)) or wishes.name
    regions = propose_regions(document, operations)
    described = text(mapping(document.raw.get("info")).get("description"))
    about = _safe(first_sentences(described, _LONGEST_TEXT))
    return Proposal(
        name=wishes.name,
        title=title,
        version="1.0.0",
        api_version=shortened(plain_text(document.api_version), _LONGEST_TITLE),
        instructions=about or f"Tools for {title}.",
        spec=wishes.spec,
        regions=regions,
        others=_others(document, regions, operations),
        auth=propose_auth(document, operations),
        output="lenient" if wishes.outputs else "off",
        tools=(),
        refused=(),
    )


def _others(
    document: Document, regions: Sequence[RegionProposal], operations: Sequence[Operation]
) -> tuple[str, ...]:
    return others_of(document, [region.url for region in regions], operations)


def _tool(operation: Operation, name: str, verdict: Verdict, costs: Costs) -> ToolProposal:
    summary = plain_text(operation.summary)
    spoken = words_of(operation).replace("_", " ").strip() or name
    title = shortened(summary, _LONGEST_TITLE).rstrip(".")
    told = first_sentences(operation.description, _LONGEST_DESCRIPTION)
    description = told or shortened(summary, _LONGEST_DESCRIPTION)
    notes = [note for note in (paging_of(operation),) if note]
    notes += (fault.message for fault in operation.left_out)
    if gives_orders(title) or gives_orders(description):
        title, description = "", ""
        notes.append(_WITHHELD)
    if operation.deprecated:
        notes.append("deprecated by the document")
    title = title or spoken.capitalize()
    description = description or f"{title}."
    return ToolProposal(
        operation=operation.key,
        endpoint=operation.endpoint,
        name=name,
        title=title if says_more(title, name, description) else None,
        description=description,
        annotations=annotations_of(operation),
        tokens=costs.of(operation, f"{name}{title}{description}"),
        notes=tuple(notes),
        hidden=verdict.hidden,
    )


def _safe(told: str) -> str:
    return "" if gives_orders(told) else told
