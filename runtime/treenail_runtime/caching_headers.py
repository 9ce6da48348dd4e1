"""What an answer says of how long it may be kept (RFC 9111)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_DIRECTIVE: Final = re.compile(r'\s*([A-Za-z-]+)\s*(?:=\s*"?([^",]*)"?)?\s*')
_SECONDS: Final = re.compile(r"[0-9]{1,10}")


def directives(value: str) -> Mapping[str, str]:
    """Those of `Cache-Control`, by name in lower case; without an argument they are empty."""
    found = [_DIRECTIVE.fullmatch(part) for part in value.split(",")]
    # Of two that disagree the first counts (RFC 9111 4.2.1).
    return {each[1].lower(): (each[2] or "").strip() for each in reversed(found) if each}


def seconds(text: str) -> int:
    """A number of seconds (RFC 9111 1.2.2); 0 for what is none."""
    return int(text) if _SECONDS.fullmatch(text) else 0


def age_s(headers: Mapping[str, str]) -> int:
    """Seconds for which others have kept the answer already."""
    return seconds(headers.get("age", ""))


def expires_s(headers: Mapping[str, str]) -> float | None:
    """Seconds from `Date` to `Expires`, which is there; None when one of them is no date."""
    end, start = _moment(headers.get("expires", "")), _moment(headers.get("date", ""))
    return None if end is None or start is None else (end - start).total_seconds()


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a number in it may have any length
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
