"""The parts of an operation that a plan leaves out by rule, so that a person is told of them."""

from collections.abc import Iterator, Mapping, Sequence

from treenail_generator.diagnostics import Diagnostic
from treenail_generator.document import Document, Operation
from treenail_generator.document.values import items, mapping
from treenail_generator.plan import EndpointPlan
from treenail_generator.yaml_source import JSON

from .proposal import Hidden

_BY_RULE = "left-out"


def left_out(
    document: Document, operation: Operation, endpoint: EndpointPlan, notes: Sequence[Diagnostic]
) -> tuple[Hidden, ...]:
    """What `endpoint` has no way to send, under the keys by which a connector file hides it.

    A path parameter that the path does not hold is no part of any request.
    """
    sent = {(each.place, each.upstream) for each in endpoint.bindings}
    names = [
        (each.place, each.name)
        for each in operation.parameters
        if each.place != "path" and (each.place, each.name) not in sent
    ]
    if ("body", "") not in sent:
        names += [("body", name) for name in _fields(document, operation, endpoint)]
    return tuple(_told(place, name, notes) for place, name in names if (place, name) not in sent)


def _fields(document: Document, operation: Operation, endpoint: EndpointPlan) -> Iterator[str]:
    """The fields of the body that is sent, without those that only answers hold."""
    media = operation.body.media if operation.body is not None else ()
    for each in media:
        if endpoint.body is not None and each.location is endpoint.body.source:
            schema = document.resolve(each.schema)
            together = [schema, *map(document.resolve, items(schema.get("allOf")))]
            yield from (
                name
                for name in mapping(schema.get("properties"))
                if not any(_is_answered(document, one, name) for one in together)
            )


def _is_answered(document: Document, schema: Mapping[str, JSON], name: str) -> bool:
    """Whether `schema` says that a property is read-only."""
    found = document.resolve(mapping(schema.get("properties")).get(name, {}))
    return found.get("readOnly") is True


def _told(place: str, name: str, notes: Sequence[Diagnostic]) -> Hidden:
    why = next((each for each in notes if repr(name) in each.message), None)
    return Hidden(
        name=f"{place}:{name}",
        code=why.code if why is not None else _BY_RULE,
        reason=why.message if why is not None else "the plan of the request has no place for it",
    )
