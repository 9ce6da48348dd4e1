"""Which models a model speaks of, and which of them are defined behind it."""

from collections.abc import Iterable
from dataclasses import replace

from treenail_generator.plan import ListType, MapType, ModelPlan, ModelType, NullableType, TypePlan


def in_order(models: Iterable[ModelPlan]) -> tuple[ModelPlan, ...]:
    """`models` with what each mentions ahead of its definition."""
    known: set[str] = set()
    ordered: list[ModelPlan] = []
    for model in models:
        ordered.append(replace(model, ahead=frozenset(_mentioned(model) - known)))
        known.add(model.name)
    return tuple(ordered)


def _mentioned(model: ModelPlan) -> set[str]:
    """The models that the fields of `model` speak of."""
    found: set[str] = set()
    waiting: list[TypePlan] = [field.type for field in model.fields]
    while waiting:
        match waiting.pop():
            case ModelType(name):
                found.add(name)
            case ListType(item=inner) | MapType(inner) | NullableType(inner):
                waiting.append(inner)
            case _:
                pass
    return found
