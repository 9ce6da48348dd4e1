"""JSON in a few words, on one line."""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

_FACTS: Final = 4
_ID_CHARACTERS: Final = 8
_NEXT: Final = ("next", "next_offset", "next_page", "next_cursor")


def arguments_summary(arguments: Mapping[str, JsonValue]) -> str:
    """`client_id=ttv4HUsb…, version=4`."""
    return ", ".join(f"{name}={_shown(name, value)}" for name, value in arguments.items())


def answer_summary(answer: Mapping[str, JsonValue]) -> str:
    """`clients: 45, page 0 of 3` for a list of records, otherwise the first facts.

    Beside a list, what stands on its own is about the list: where the next page is, whose data it is.
    A record has an id of its own, and its lists are parts of it.
    """
    if not any(name == "id" or name.endswith("_id") for name in answer):
        for name, value in answer.items():
            if isinstance(value, list):
                return f"{name.replace('_', ' ')}: {_count(answer, len(value))}{_place(answer)}"
    facts = [(name, value) for name, value in answer.items() if not isinstance(value, dict | list)]
    return arguments_summary(dict(facts[:_FACTS]))


def one_line(text: str, columns: int | None = None) -> str:
    """`text` without what steers a terminal, cut to `columns`."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return line if columns is None or len(line) <= columns else f"{line[: columns - 1]}…"


def _count(answer: Mapping[str, JsonValue], shown: int) -> str:
    truncated = answer.get("truncated")
    if isinstance(truncated, dict):
        return f"{shown} of {truncated.get('of')}"
    return str(answer.get("total_items", shown))


def _place(answer: Mapping[str, JsonValue]) -> str:
    page, pages = answer.get("page"), answer.get("total_pages")
    if page is not None and pages is not None:
        return f", page {page} of {pages}"
    return ", and more" if any(answer.get(name) is not None for name in _NEXT) else ""


def _shown(name: str, value: JsonValue) -> str:
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    is_long_id = name.endswith("_id") and len(value) > _ID_CHARACTERS
    return f"{value[:_ID_CHARACTERS]}…" if is_long_id else value
