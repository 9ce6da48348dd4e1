"""What a model says by schemas of its own."""

from collections.abc import Iterator

from treenail_generator.plan import (
    ExactType,
    ListType,
    MapType,
    ModelPlan,
    NullableType,
    TypePlan,
)
from treenail_generator.yaml_source import JSON


def exact_schemas(model: ModelPlan) -> Iterator[dict[str, JSON]]:
    """The exact schemas in the fields of `model`."""
    waiting: list[TypePlan] = [field.type for field in model.fields]
    while waiting:
        match waiting.pop():
            case ExactType(own=own):
                yield own
            case ListType(item=inner) | MapType(inner) | NullableType(inner):
                waiting.append(inner)
            case _:
                pass
