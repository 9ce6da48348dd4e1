"""Dates and times that move and keep their spelling."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When every mock starts; its clock moves only when something is written."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLOCK = re.compile(r"(\d{2}):(\d{2})(:\d{2})?")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})?")


def is_day(text: str) -> bool:
    """Whether it is a date alone."""
    return _DAY.fullmatch(text) is not None


def instant(text: object) -> datetime | None:
    """The moment that a date with a time names, in UTC when it names no zone; else None."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def moved(text: str, by: timedelta) -> str | None:
    """The date, time of day or instant, moved and spelled as before; None when it is none."""
    try:
        if is_day(text):
            return (datetime.fromisoformat(text) + by).date().isoformat()
        if found := _CLOCK.fullmatch(text):
            day = START.replace(hour=int(found[1]), minute=int(found[2]), second=0)
            return f"{day + by:%H:%M}{found[3] or ''}"
        if found := _INSTANT.fullmatch(text):
            moment = datetime.fromisoformat(found[1]) + by
            return (
                f"{moment:%Y-%m-%d}{found[1][10]}{moment:%H:%M:%S}{found[2] or ''}{found[3] or ''}"
            )
    except (ValueError, OverflowError):
        pass
    return None


def spelled_like(sample: str, moment: datetime) -> str | None:
    """The moment in the spelling of a sample, be it a day, a time of day or an instant; else None."""
    if _CLOCK.fullmatch(sample):
        return f"{moment.astimezone(UTC):%H:%M:%S}"[: len(sample)]
    there = instant(f"{sample}T00:00:00Z") if is_day(sample) else instant(sample)
    return None if there is None else moved(sample, moment - there)
