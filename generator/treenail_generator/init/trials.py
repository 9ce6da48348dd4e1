"""Which operations can be carried, which only without some optional part, and which not at all."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from treenail_generator.connector_file import ConnectorRequest, read_connector_file
from treenail_generator.diagnostics import Diagnostic
from treenail_generator.document import Document, Operation
from treenail_generator.planning.trial import Trial
from treenail_generator.yaml_source import JSON

from .proposal import Hidden


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about one operation: it can be carried unless there are faults."""

    hidden: tuple[Hidden, ...] = ()
    faults: tuple[Diagnostic, ...] = ()


def verdicts(
    document: Document, operations: Sequence[Operation], frame: dict[str, JSON]
) -> dict[str, Verdict]:
    """A verdict for each operation, by its key; `frame` is the connector file without tools."""
    found: dict[str, Verdict] = {}
    first = _Attempts(document, frame, [(each, ()) for each in operations])
    for operation, faults in zip(operations, first.faults(), strict=True):
        found[operation.key] = Verdict(faults=faults)
        if faults:
            found[operation.key] = _without_parts(document, frame, operation, faults)
    return found


def _without_parts(
    document: Document,
    frame: dict[str, JSON],
    operation: Operation,
    faults: tuple[Diagnostic, ...],
) -> Verdict:
    """The verdict on an operation that cannot be carried whole."""
    optional = tuple(_optional(document, operation))
    bare = _Attempts(document, frame, [(operation, optional)])
    (left,) = bare.faults()
    if not optional or left:
        return Verdict(faults=left or faults)
    # Each part alone, all others hidden: what fails then is at fault by itself.
    alone = [(operation, tuple(each for each in optional if each != one)) for one in optional]
    failing = [
        (name, why)
        for name, why in zip(optional, _Attempts(document, frame, alone).faults(), strict=True)
        if why
    ]
    names = tuple(name for name, _ in failing)
    (rest,) = _Attempts(document, frame, [(operation, names)]).faults()
    hidden = tuple(
        Hidden(name=name, code=why[0].code, reason=why[0].message) for name, why in failing
    )
    if not rest:
        return Verdict(hidden=hidden)
    # They only clash with each other: none of them is carried.
    every = tuple(
        Hidden(name=name, code=faults[0].code, reason=faults[0].message) for name in optional
    )
    return Verdict(hidden=every)


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


class _Attempts:
    """Tools that are only planned, each an operation and what is hidden of it."""

    def __init__(
        self,
        document: Document,
        frame: dict[str, JSON],
        asked: Sequence[tuple[Operation, tuple[str, ...]]],
    ) -> None:
        self._document = document
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
        self._request = _request({**frame, "tools": tools})

    def faults(self) -> Iterator[tuple[Diagnostic, ...]]:
        trial = Trial(self._request, self._document)
        for index in range(len(self._request.file.tools)):
            # A part that a connector file cannot name in this operation needs no hiding.
            yield tuple(each for each in trial.faults_of(index) if each.code != "unknown-parameter")


def _request(data: dict[str, JSON]) -> ConnectorRequest:
    return read_connector_file(json.dumps(data), f"connectors/{data['name']}.yaml")
