"""Which models stand inside several others."""

from collections import Counter
from collections.abc import Iterator

from treenail_generator.plan import (
    ConnectorPlan,
    ListType,
    MapType,
    ModelType,
    NullableType,
    TypePlan,
)


def shared_models(plan: ConnectorPlan) -> list[str]:
    """The names of models that more than one field has, each behind those inside it."""
    owners = (*plan.models, *(tool.model for tool in plan.tools))
    uses = Counter(name for owner in owners for field in owner.fields for name in _in(field.type))
    return [model.name for model in plan.models if uses[model.name] > 1]


def _in(kind: TypePlan) -> Iterator[str]:
    match kind:
        case ModelType(model):
            yield model
        case ListType(item=inner) | MapType(inner) | NullableType(inner):
            yield from _in(inner)
        case _:
            pass
