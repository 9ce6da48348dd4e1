"""Times as they are stored, and as the rules have them."""

from datetime import UTC, datetime


def moment(ms: int) -> datetime:
    """The moment `ms` milliseconds after 1970-01-01 UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def moment_or_none(ms: int | None) -> datetime | None:
    """The same, None for None."""
    return None if ms is None else moment(ms)
