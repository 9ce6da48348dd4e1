"""The names that one `response` section speaks of."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Names:
    """Dotted names of one `response` section; `used` are those that named a field."""

    pick: list[str] | None
    omit: list[str]
    redact: list[str]
    rename: dict[str, str]
    used: set[str] = field(default_factory=set[str])
    seen: set[str] = field(default_factory=set[str])


def passes_rest(names: Names) -> bool:
    """Whether fields that nobody named pass: not beside an allow-list, not where data is redacted."""
    return names.pick is None and not names.redact


def names_it(pick: list[str] | None, path: str) -> bool:
    """Whether `pick` names the field, something inside it, or the whole object around it."""
    return any(
        path == name or name.startswith(f"{path}.") or path.startswith(f"{name}.")
        for name in pick or ()
    )
