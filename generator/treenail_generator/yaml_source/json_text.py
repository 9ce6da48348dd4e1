"""JSON text, read by Python's own parser: fast, and without a place for anything until asked."""

from dataclasses import dataclass
from functools import partial
from json import JSONDecodeError, JSONDecoder

from treenail_generator.diagnostics import Location
from treenail_generator.yaml_source.data import (
    JSON,
    MAX_DEPTH,
    MAX_FLOW_CHARACTERS,
    MAX_VALUES,
    Pointer,
)
from treenail_generator.yaml_source.json_faults import JsonFaults
from treenail_generator.yaml_source.json_places import JsonPlaces
from treenail_generator.yaml_source.scalars import plain_value


@dataclass(frozen=True, slots=True, eq=False)
class JsonSource:
    """What one JSON text holds."""

    value: JSON
    _places: JsonPlaces

    @property
    def file(self) -> str:
        """The name of the file."""
        return self._places.file

    def at(self, pointer: Pointer) -> Location:
        """See `Source.at`."""
        return Location.found_by(self.file, partial(self._places.value_at, pointer))

    def key_at(self, pointer: Pointer) -> Location:
        """See `Source.key_at`."""
        return Location.found_by(self.file, partial(self._places.key_at, pointer))

    def text_at(self, pointer: Pointer) -> str | None:
        """See `Source.text_at`."""
        value = self._value_at(pointer)
        if isinstance(value, str):
            return value
        is_other_scalar = isinstance(value, (bool, int, float))
        return self._places.written(pointer) if is_other_scalar else None

    def _value_at(self, pointer: Pointer) -> JSON:
        value = self.value
        for step in pointer:
            match value, step:
                case dict(), str():
                    value = value.get(step)
                case list(), int() if 0 <= step < len(value):
                    value = value[step]
                case _:
                    return None
        return value


def read_json(text: str, file: str) -> JsonSource | None:
    """What the text holds; None when it is no JSON and may be YAML.

    Raises:
        BuildError: `duplicate-key` (all of them), `too-large`, or `yaml-syntax` for what some
            parsers of JSON let pass: `NaN`, `Infinity`, and halves of surrogate pairs; also for
            a long text that is no JSON.
    """
    places = JsonPlaces(file, text)
    faults = JsonFaults(places)
    faults.refuse_size(MAX_VALUES)
    try:
        value, is_odd = _parsed(text)
    except JSONDecodeError as error:
        if len(text) > MAX_FLOW_CHARACTERS:
            faults.refuse_syntax(error.pos, error.msg)
        return None
    except RecursionError:
        faults.refuse_depth(MAX_DEPTH)
    if _is_deeper(value, MAX_DEPTH):
        faults.refuse_depth(MAX_DEPTH)
    if is_odd:
        faults.refuse_oddities()
    faults.refuse_half_characters()
    return JsonSource(value, places)


def _parsed(text: str) -> tuple[JSON, bool]:
    """The data, and whether the parser passed a key that repeats or a `NaN`."""
    odd: list[object] = []

    def mapping(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
        found = dict(pairs)
        if len(found) != len(pairs):
            odd.append(True)
        return found

    decoder = partial(
        JSONDecoder, object_pairs_hook=mapping, parse_float=plain_value, parse_constant=odd.append
    )
    try:
        value: JSON = decoder().decode(text)
    except JSONDecodeError:
        raise
    except ValueError:  # an integer of over 4300 digits
        value = decoder(parse_int=plain_value).decode(text)
    return value, bool(odd)


def _is_deeper(value: JSON, depth: int) -> bool:
    """Whether collections stand in each other more than `depth` levels deep."""
    level: list[dict[str, JSON] | list[JSON]] = [value] if isinstance(value, (dict, list)) else []
    for _ in range(depth):
        if not level:
            break
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)
