"""What a person gives to connect: fields, the proof of the credentials, choices of the upstream."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic import MISSING, JsonValue

from .answer import detail
from .context import ToolContext
from .types import JsonObject

MOST_CHOICES: Final = 500
"""So many are offered at most; a longer list is no help to a person."""

_MOST_PAGES: Final = 5
_LONGEST: Final = 256

PageReader: TypeAlias = "Callable[[int | MISSING], Awaitable[JsonObject]]"
"""Reads the page of that number; the first one when it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The options of a login field, told by the upstream once the credentials are proven.

    Attributes:
        run: A harmless call; of its context's connection, fields with choices are not known yet.
        items: Dotted path to the list in what `run` answers.
        value: Dotted path, inside an item, to what the connection keeps.
        label: Dotted path, inside an item, to what a person reads.
    """

    run: Callable[[ToolContext], Awaitable[JsonObject]]
    items: str
    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginField:
    """One value a person gives to connect.

    Attributes:
        kind: Input type on the login page.
        secret: Used for credentials only; no tool can read it.
        pattern: The whole value matches this regular expression.
        options: Allowed values with their labels; empty for free text.
        choices: Asked on a second page, from what the upstream tells; None for a plain field.
            Such fields are never secret, and stand behind all others.
    """

    name: str
    label: str
    kind: Literal["text", "email", "password", "select"] = "text"
    secret: bool = False
    required: bool = True
    pattern: str | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    help: str | None = None
    choices: Choices | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialCheck:
    """A harmless call that succeeds exactly when the credentials are good.

    Attributes:
        denied: HTTP statuses that mean "wrong credentials"; any other failure means "try later".
    """

    run: Callable[[ToolContext], Awaitable[JsonObject]]
    denied: Sequence[int] = (401, 403)


async def first_pages(read: PageReader) -> JsonObject:
    """The answer of the first page with the `items` of the next four behind its own.

    `next_page` is left in it when there are more, or when there are `MOST_CHOICES` already.

    Raises:
        ToolError: A page could not be read.
    """
    answer = await read(MISSING)
    found = _items(answer, "items")
    for _ in range(_MOST_PAGES - 1):
        number = answer.get("next_page")
        if not isinstance(number, int) or len(found) >= MOST_CHOICES:
            break
        answer = await read(number)
        found += _items(answer, "items")
    return {**answer, "items": found}


def read_choices(field: LoginField, answer: JsonObject) -> tuple[tuple[str, str], ...]:
    """Value and label of each choice in what `field.choices.run` answered, in that order.

    What cannot be a value of `field` is left out: not there, too long, unprintable, or against its
    pattern. A choice without a label is called by its value. Empty when there are no choices;
    `MOST_CHOICES` at most.
    """
    choices = field.choices
    if choices is None:
        return ()
    found: dict[str, str] = {}
    for item in _items(answer, choices.items):
        value = detail(item, choices.value) or ""
        if len(found) < MOST_CHOICES and _is_usable(field, value):
            found.setdefault(value, _label(detail(item, choices.label) or "") or value)
    return tuple(found.items())


def _items(answer: JsonObject, path: str) -> list[JsonValue]:
    """The list at the dotted `path`; empty when there is none."""
    found: Any = answer
    for step in path.split("."):
        found = cast("JsonObject", found).get(step) if isinstance(found, dict) else None
    return list(cast("list[JsonValue]", found)) if isinstance(found, list) else []


def _is_usable(field: LoginField, value: str) -> bool:
    if not (0 < len(value) <= _LONGEST and value.isprintable()):
        return False
    return field.pattern is None or re.fullmatch(field.pattern, value) is not None


def _label(text: str) -> str:
    """`text` on one line; what is invisible, or turns the direction of reading, is left out."""
    line = " ".join(text.split())
    return "".join(letter for letter in line if letter.isprintable())[:_LONGEST]
