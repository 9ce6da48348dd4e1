"""An overlay file as a list of actions; every fault of the file is told at once.

Source: OpenAPI Overlay 1.1.0, Schema. Version 1.0 differs only in what actions may do.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from treenail_generator.diagnostics import BuildError, Diagnostic, nearest
from treenail_generator.document.overlays.queries import Query, QueryError, compile_query
from treenail_generator.document.values import items, mapping
from treenail_generator.yaml_source import JSON, Pointer, Source

Kind: TypeAlias = Literal["update", "copy", "remove"]

_VERSION: Final = re.compile(r"1\.[01](?:\.[0-9]+)?")
_ROOT_KEYS: Final = frozenset(("actions", "extends", "info", "overlay"))
_ACTION_KEYS: Final = frozenset(("copy", "description", "remove", "target", "update"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action.

    Attributes:
        pointer: Where it stands in its file.
        target: What it changes.
        value: What `update` brings; None for another kind.
        source: What `copy` brings, None for another kind.
    """

    pointer: Pointer
    kind: Kind
    target: Query
    value: JSON = None
    source: Query | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """The actions of one file, in order.

    Attributes:
        extends: The document that it is meant for, None when it does not say.
    """

    file: Source
    extends: str | None
    actions: tuple[Action, ...]


def read_overlay(file: Source) -> Overlay:
    """The overlay that the file holds.

    Raises:
        BuildError: `not-overlay`, or `invalid-overlay` for everything wrong in it.
    """
    root = mapping(file.value)
    if not _VERSION.fullmatch(file.text_at(("overlay",)) or ""):
        what = f"Overlay {file.text_at(('overlay',))}" if "overlay" in root else "this"
        message = f"{what} is no overlay that can be read"
        hint = "begin it with 'overlay: 1.1.0'"
        raise BuildError([Diagnostic(file.at(("overlay",)), "not-overlay", message, hint=hint)])
    faults = list(_root_faults(file))
    actions: list[Action] = []
    for index in range(len(items(root.get("actions")))):
        try:
            actions.append(_action(file, ("actions", index)))
        except BuildError as error:
            faults.extend(error.diagnostics)
    if faults:
        raise BuildError(faults)
    return Overlay(file, file.text_at(("extends",)), tuple(actions))


def _root_faults(file: Source) -> Iterator[Diagnostic]:
    root = mapping(file.value)
    yield from _unknown_keys(file, (), _ROOT_KEYS)
    if not isinstance(root.get("info"), dict):
        yield _fault(file, ("info",), "an overlay needs 'info' with title and version")
    if not items(root.get("actions")):
        yield _fault(file, ("actions",), "an overlay needs 'actions', at least one")


def _unknown_keys(file: Source, pointer: Pointer, known: Set[str]) -> Iterator[Diagnostic]:
    node: JSON = file.value
    for step in pointer:
        node = mapping(node)[step] if isinstance(step, str) else items(node)[step]
    for key in mapping(node):
        if key not in known and not key.startswith("x-"):
            meant = nearest(key, known)
            hint = f"did you mean {meant!r}?" if meant else f"keys: {', '.join(sorted(known))}"
            place = file.key_at((*pointer, key))
            yield Diagnostic(place, "invalid-overlay", f"{key!r} is not allowed here", hint=hint)


def _action(file: Source, pointer: Pointer) -> Action:
    node = mapping(items(mapping(file.value)["actions"])[int(pointer[-1])])
    if faults := list(_unknown_keys(file, pointer, _ACTION_KEYS) if node else ()):
        raise BuildError(faults)
    if "target" not in node:
        raise BuildError([_fault(file, pointer, "an action needs 'target'")])
    if not isinstance(node.get("remove", False), bool):
        raise BuildError([_fault(file, (*pointer, "remove"), "'remove' is true or false")])
    target = _query(file, (*pointer, "target"), node["target"])
    if node.get("remove") is True:
        return Action(pointer=pointer, kind="remove", target=target)
    if "update" in node and "copy" in node:
        message = "an action has 'update' or 'copy', not both"
        raise BuildError([_fault(file, (*pointer, "copy"), message)])
    if "update" in node:
        return Action(pointer=pointer, kind="update", target=target, value=node["update"])
    if "copy" in node:
        source = _query(file, (*pointer, "copy"), node["copy"])
        return Action(pointer=pointer, kind="copy", target=target, source=source)
    raise BuildError([_fault(file, pointer, "an action needs 'update', 'copy' or 'remove: true'")])


def _query(file: Source, pointer: Pointer, given: JSON) -> Query:
    if not isinstance(given, str):
        raise BuildError([_fault(file, pointer, "a JSONPath is a text")])
    try:
        return compile_query(given)
    except QueryError as error:
        hint = "JSONPath as in RFC 9535: $.paths['/pets'].get"
        message = f"{given!r} is no JSONPath: {error}"
        raise BuildError([_fault(file, pointer, message, hint)]) from None


def _fault(file: Source, pointer: Pointer, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(file.at(pointer), "invalid-overlay", message, hint=hint)
