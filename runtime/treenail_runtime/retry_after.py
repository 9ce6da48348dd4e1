"""How long a server asks to be left alone (RFC 9110 10.2.3)."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from treenail_runtime.clock import Clock

_MOST_DIGITS: Final = 9


def told_s(headers: Mapping[str, str], now: Clock) -> float | None:
    """Seconds of `Retry-After`; None when it is not there or not understood.

    A date counts from the answer's own `Date`, so the two clocks need not agree.
    """
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told) if len(told) <= _MOST_DIGITS else None
    try:
        then = parsedate_to_datetime(told)
        since = headers.get("Date")
        return max(0.0, (then - (parsedate_to_datetime(since) if since else now())).total_seconds())
    except (ValueError, TypeError, OverflowError):
        # TypeError: a date without a zone. OverflowError: a number that no date has.
        return None
