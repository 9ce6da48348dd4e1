"""Time as an argument: whatever needs the time takes a `Clock`, so tests can move it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""The time of day, aware, in UTC."""

Stopwatch: TypeAlias = Callable[[], float]
"""Seconds since some fixed moment; never goes back."""


def utc_now() -> datetime:
    """The system's time of day."""
    return datetime.now(UTC)  # noqa: TID251  # the one place that reads the clock


monotonic: Final[Stopwatch] = time.monotonic
