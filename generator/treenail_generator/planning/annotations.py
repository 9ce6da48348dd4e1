"""What a tool tells about its effects: by the HTTP method, unless the connector file knows better."""

from typing import Final

from treenail_generator.connector_file import ToolSection
from treenail_generator.document import Operation
from treenail_generator.plan import AnnotationPlan

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
KEPT: Final = frozenset({"GET", "HEAD"})
"""Methods whose answers may be given again (RFC 9110 9.3.1, 9.3.2)."""
REPEATABLE: Final = SAFE | {"PUT", "DELETE"}
"""RFC 9110 9.2.1 and 9.2.2; QUERY by its own draft."""


def plan_annotations(section: ToolSection, operation: Operation) -> AnnotationPlan:
    """The hints for clients."""
    said = section.annotations
    safe = operation.method in SAFE
    read_only = said.read_only if said.read_only is not None else safe
    destructive = operation.method in {"PUT", "PATCH", "DELETE"} and not read_only
    idempotent = operation.method in REPEATABLE or read_only
    return AnnotationPlan(
        read_only=read_only,
        destructive=destructive if said.destructive is None else said.destructive,
        idempotent=idempotent if said.idempotent is None else said.idempotent,
        open_world=True if said.open_world is None else said.open_world,
    )


def is_repeatable(section: ToolSection, operation: Operation, annotations: AnnotationPlan) -> bool:
    """Whether a request that failed may be sent again."""
    if section.retry is not None:
        return section.retry
    return operation.method in REPEATABLE or annotations.read_only
