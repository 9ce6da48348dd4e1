"""Connector file text to `ConnectorRequest`: as much as can be understood, and every fault found."""

import copy
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from treenail_generator.diagnostics import BuildError, Diagnostic, Location, nearest
from treenail_generator.yaml_source import Pointer, Source, read_source

from .schema import ConnectorFile

_ROUNDS = 8
_ADVICE = "see docs/connector-file.md"


@dataclass(frozen=True, slots=True)
class ConnectorRequest:
    """A connector file, with the places where its parts stand.

    Attributes:
        file: What could be understood; tools with faults of their own are left out.
        tool_indexes: For each of `file.tools`, its index in the text.
        faults: What could not be understood.
    """

    file: ConnectorFile
    source: Source
    tool_indexes: tuple[int, ...]
    faults: tuple[Diagnostic, ...] = ()

    def at(self, *pointer: str | int) -> Location:
        """Where the value at `pointer` stands; tool indexes count in `file.tools`."""
        return self.source.at(self._original(pointer))

    def key_at(self, *pointer: str | int) -> Location:
        """Where the key of the value at `pointer` stands."""
        return self.source.key_at(self._original(pointer))

    def has(self, *pointer: str | int) -> bool:
        """Whether the text says something at `pointer`; null counts."""
        value: Any = self.source.value
        for step in self._original(pointer):
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return False
        return True

    def _original(self, pointer: Pointer) -> Pointer:
        match pointer:
            case ("tools", int(index), *rest) if index < len(self.tool_indexes):
                return ("tools", self.tool_indexes[index], *rest)
            case _:
                return tuple(pointer)


def read_connector_file(text: str, file: str) -> ConnectorRequest:
    """The request that `text` makes.

    Raises:
        BuildError: When so little can be understood that planning makes no sense.
    """
    return understood_request(read_source(text, file))


def understood_request(source: Source) -> ConnectorRequest:
    """As `read_connector_file`, for a text that is read already.

    Raises:
        BuildError: When so little can be understood that planning makes no sense.
    """
    if not isinstance(source.value, dict):
        raise BuildError(
            [
                Diagnostic(
                    source.at(()), "not-a-mapping", "a connector file is a mapping", hint=_ADVICE
                )
            ]
        )
    try:
        understood = ConnectorFile.model_validate(source.value)
    except ValidationError:
        return _understood_in_part(source)
    return ConnectorRequest(understood, source, tuple(range(len(understood.tools))))


def _understood_in_part(source: Source) -> ConnectorRequest:
    value = cast("dict[str, Any]", copy.deepcopy(source.value))
    tools = value.get("tools")
    numbered = list(enumerate(cast("list[Any]", tools))) if isinstance(tools, list) else []
    faults: list[Diagnostic] = []
    for _ in range(_ROUNDS):
        if isinstance(tools, list):
            value["tools"] = [entry for _, entry in numbered]
        indexes = tuple(index for index, _ in numbered)
        try:
            understood = ConnectorFile.model_validate(value)
        except ValidationError as error:
            found = _Faults(source, indexes)
            dropped = found.collect(value, error)
            faults.extend(found.diagnostics)
            if dropped is None:
                break
            numbered = [item for place, item in enumerate(numbered) if place not in dropped]
        else:
            return ConnectorRequest(understood, source, indexes, tuple(faults))
    raise BuildError(faults)


class _Faults:
    """Turns one `ValidationError` into diagnostics, and finds what to leave out to go on."""

    def __init__(self, source: Source, indexes: Sequence[int]) -> None:
        self._source = source
        self._indexes = indexes
        self.diagnostics: list[Diagnostic] = []

    def collect(self, value: dict[str, Any], error: ValidationError) -> set[int] | None:
        """The places of tools to drop; None when the rest of the file cannot be used.

        Unknown keys are deleted from `value`.
        """
        dropped: set[int] = set()
        usable = True
        for fault in error.errors(include_url=False, include_input=False, include_context=True):
            given = self._given(value, fault["loc"])
            if given and str(given[-1]).startswith("literal["):
                # A section in the place of a word: what is wrong with it is told of the section.
                continue
            if fault["type"] == "extra_forbidden":
                self._unknown_key(value, given)
            else:
                self._wrong_value(fault["type"], fault["msg"], given)
                match given:
                    case ("tools", int(place), *_):
                        dropped.add(place)
                    case _:
                        usable = False
        return dropped if usable else None

    def _given(self, value: object, steps: Iterable[str | int]) -> Pointer:
        """`steps` without the names of union members, which pydantic puts between."""
        given: list[str | int] = []
        all_steps = list(steps)
        for number, step in enumerate(all_steps):
            node = cast("Any", value)
            try:
                value = node[step]
            except (KeyError, IndexError, TypeError):
                if (
                    number == len(all_steps) - 1
                    and isinstance(step, str)
                    and isinstance(node, dict)
                ):
                    given.append(step)
                continue
            given.append(step)
        return tuple(given)

    def _original(self, pointer: Pointer) -> Pointer:
        match pointer:
            case ("tools", int(place), *rest):
                return ("tools", self._indexes[place], *rest)
            case _:
                return pointer

    def _unknown_key(self, value: dict[str, Any], pointer: Pointer) -> None:
        *above, key = pointer
        holder: Any = value
        for step in above:
            holder = holder[step]
        holder.pop(key, None)
        known = _keys_at(above)
        close = nearest(str(key), known)
        hint = f"did you mean {close!r}?" if close else f"known keys: {', '.join(sorted(known))}"
        self.diagnostics.append(
            Diagnostic(
                self._source.key_at(self._original(pointer)),
                "unknown-key",
                f"{key!r} is not a key of {_place(above)}",
                hint=hint,
            )
        )

    def _wrong_value(self, kind: str, message: str, pointer: Pointer) -> None:
        if kind == "missing":
            *above, key = pointer
            found = Diagnostic(
                self._source.at(self._original(tuple(above))),
                "missing-key",
                f"{_place(above)} needs {key!r}",
                hint=_ADVICE,
            )
        else:
            text = (
                message.removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
            )
            found = Diagnostic(
                self._source.at(self._original(pointer)),
                "wrong-value",
                f"{_place(pointer)} {text}",
                hint=_ADVICE,
            )
        if found not in self.diagnostics:
            self.diagnostics.append(found)


def _place(pointer: Sequence[str | int]) -> str:
    text = ""
    for step in pointer:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "the connector file"


def _keys_at(pointer: Iterable[str | int]) -> set[str]:
    """The keys that the schema allows in the section at `pointer`."""
    models: list[type[BaseModel]] = [ConnectorFile]
    for step in pointer:
        annotations = [_annotation(model, step) for model in models] or []
        models = [model for annotation in annotations for model in _models(annotation)]
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _annotation(model: type[BaseModel], step: str | int) -> Any:
    if isinstance(step, int):
        return model
    for name, field in model.model_fields.items():
        if (field.alias or name) == step:
            return field.annotation
    return model


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    """The models that a value of `annotation`, or an item of it, may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {Annotated, Union, types.UnionType, list, dict}:
        for argument in get_args(annotation):
            yield from _models(argument)
