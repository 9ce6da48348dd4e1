"""Arguments in the agent's names to values in the upstream's, by the plan."""

from typing import Any, cast

from treenail_generator.plan import (
    Absent,
    ListType,
    MapType,
    ModelPlan,
    ModelType,
    NullableType,
    TypePlan,
)
from treenail_generator.yaml_source import JSON

from .decoding import same


class UpstreamTerms:
    """Renames the properties of models inside arguments."""

    def __init__(self, models: dict[str, ModelPlan]) -> None:
        self._models = models

    def of(self, kind: TypePlan, value: JSON) -> JSON:
        """`value` as the upstream should see it."""
        match kind:
            case NullableType(inner):
                return None if value is None else self.of(inner, value)
            case ListType(item=item):
                return [self.of(item, each) for each in cast("list[JSON]", value)]
            case MapType(inner):
                return {
                    key: self.of(inner, each)
                    for key, each in cast("dict[str, JSON]", value).items()
                }
            case ModelType(model):
                return self._object(model, cast("dict[str, JSON]", value))
            case _:
                return value

    def _object(self, model: str, value: dict[str, JSON]) -> JSON:
        named: dict[str, JSON] = {}
        plan = self._models[model]
        for field in plan.fields:
            if field.name in value:
                named[field.upstream] = self.of(field.type, value[field.name])
            elif not isinstance(field.default, Absent):
                named[field.upstream] = field.default
        return named | {each.upstream: each.value for each in plan.fixed}


def says(read: Any, wanted: Any) -> bool:
    """Whether `read` holds all of `wanted`, and beside it only what openapi-core fills in.

    openapi-core adds the defaults of the document; that nothing else was sent is for `same`.
    """
    if isinstance(wanted, Absent):
        return True
    if isinstance(read, dict) and isinstance(wanted, dict):
        have, need = cast("dict[str, object]", read), cast("dict[str, object]", wanted)
        return all(key in have and says(have[key], need[key]) for key in need)
    if isinstance(read, list) and isinstance(wanted, list):
        items, others = cast("list[object]", read), cast("list[object]", wanted)
        return len(items) == len(others) and all(map(says, items, others))
    return same(read, wanted)
