"""Which operations can be carried, which only without some optional part, and which not at all."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from treenail_generator.connector_file import ConnectorRequest, read_connector_file
from treenail_generator.diagnostics import Diagnostic
from treenail_generator.document import Document, Operation
from treenail_generator.planning.readings import Readings
from treenail_generator.planning.trial import Trial, Tried
from treenail_generator.yaml_source import JSON

from .leaving import left_out
from .proposal import Hidden


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about one operation: it can be carried unless there are faults."""

    hidden: tuple[Hidden, ...] = ()
    faults: tuple[Diagnostic, ...] = ()


class Trials:
    """Tools over one document that are only planned; what schemas say is read once for all.

    Attributes:
        readings: What they say; None before the first is planned.
    """

    def __init__(self, document: Document) -> None:
        """Nothing is planned yet."""
        self._document = document
        self.readings: Readings | None = None

    def of(self, operations: Sequence[Operation], frame: Mapping[str, JSON]) -> Iterator[Tried]:
        """What comes out for each operation with all its parts.

        Args:
            operations: Of the document.
            frame: The connector file without tools.
        """
        return self._attempted([(each, ()) for each in operations], frame)

    def verdicts(
        self, operations: Sequence[Operation], tried: Sequence[Tried], frame: Mapping[str, JSON]
    ) -> dict[str, Verdict]:
        """A verdict for each operation, by its key, once it was tried within `frame`."""
        return {
            each.key: self._with_left_out(
                self._without_parts(each, frame, found.faults) if found.faults else Verdict(),
                each,
                found,
            )
            for each, found in zip(operations, tried, strict=True)
        }

    def _with_left_out(self, verdict: Verdict, operation: Operation, tried: Tried) -> Verdict:
        """The verdict with the parts that a plan leaves out by rule."""
        if verdict.faults or tried.endpoint is None:
            return verdict
        known = {each.name for each in verdict.hidden}
        named = left_out(self._document, operation, tried.endpoint, tried.notes)
        more = tuple(each for each in named if each.name not in known)
        return replace(verdict, hidden=(*verdict.hidden, *more))

    def _without_parts(
        self, operation: Operation, frame: Mapping[str, JSON], faults: tuple[Diagnostic, ...]
    ) -> Verdict:
        """The verdict on an operation that cannot be carried whole."""
        optional = tuple(_optional(self._document, operation))

        def left(offered: Collection[str]) -> tuple[Diagnostic, ...]:
            hidden = tuple(each for each in optional if each not in offered)
            return next(self._attempted([(operation, hidden)], frame)).faults

        bare = left(())
        if not optional or bare:
            return Verdict(faults=bare or faults)
        failing = {name: why[0] for name, why in _failing(optional, faults, left)}
        if left([each for each in optional if each not in failing]):
            failing = dict(_clashing(optional, left))
        return Verdict(
            hidden=tuple(
                Hidden(name=name, code=why.code, reason=why.message)
                for name, why in failing.items()
            )
        )

    def _attempted(
        self, asked: Sequence[tuple[Operation, tuple[str, ...]]], frame: Mapping[str, JSON]
    ) -> Iterator[Tried]:
        """What comes out for tools, each an operation and what is hidden of it."""
        request = _request(frame, asked)
        trial = Trial(request, self._document, self.readings)
        self.readings = trial.readings
        for index in range(len(asked)):
            found = trial.tried(index)
            # A part that a connector file cannot name in this operation needs no hiding.
            faults = tuple(each for each in found.faults if each.code != "unknown-parameter")
            yield replace(found, faults=faults)


def _failing(
    parts: tuple[str, ...],
    faults: tuple[Diagnostic, ...],
    left: Callable[[Collection[str]], tuple[Diagnostic, ...]],
) -> Iterator[tuple[str, tuple[Diagnostic, ...]]]:
    """The parts that fail by themselves, found by halves, with why; together all of them fail."""
    if len(parts) == 1:
        yield parts[0], faults
        return
    middle = len(parts) // 2
    for half in (parts[:middle], parts[middle:]):
        if why := left(half):
            yield from _failing(half, why, left)


def _clashing(
    parts: tuple[str, ...], left: Callable[[Collection[str]], tuple[Diagnostic, ...]]
) -> Iterator[tuple[str, Diagnostic]]:
    """The parts that fail beside those before them, with why."""
    offered: list[str] = []
    for each in parts:
        if why := left([*offered, each]):
            yield each, why[0]
        else:
            offered.append(each)


def _optional(document: Document, operation: Operation) -> Iterator[str]:
    """The keys under which a connector file can hide parts of the operation."""
    for parameter in operation.parameters:
        if not parameter.required:
            yield f"{parameter.place}:{parameter.name}"
    if operation.body is None or not operation.body.media:
        return
    schema = document.resolve(operation.body.media[0].schema)
    properties, required = schema.get("properties"), schema.get("required")
    if not operation.body.required:
        yield "body:body"
    if operation.body.required and isinstance(properties, dict):
        needed = cast("list[JSON]", required) if isinstance(required, list) else []
        yield from (f"body:{name}" for name in properties if name not in needed)


def _request(
    frame: Mapping[str, JSON], asked: Sequence[tuple[Operation, tuple[str, ...]]]
) -> ConnectorRequest:
    tools: list[JSON] = [
        {
            "operation": operation.key,
            "name": f"tool_{index}",
            "title": "Tool",
            "description": "Tool.",
            **({"params": {name: {"hide": True} for name in hidden}} if hidden else {}),
        }
        for index, (operation, hidden) in enumerate(asked)
    ]
    text = json.dumps({**frame, "tools": tools})
    return read_connector_file(text, f"connectors/{frame['name']}.yaml")
