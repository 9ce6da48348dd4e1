"""The names that one `response` section speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .forms import Form


@dataclass(frozen=True, slots=True)
class Names:
    """Dotted names of one `response` section."""

    pick: list[str] | None
    omit: list[str]
    redact: list[str]
    rename: dict[str, str]
    plain: list[str] = field(default_factory=list[str])

    @property
    def told(self) -> Iterator[str]:
        """All of them."""
        yield from (*(self.pick or ()), *self.omit, *self.redact, *self.rename, *self.plain)


def passes_rest(names: Names) -> bool:
    """Whether fields that nobody named pass: not beside an allow-list, not where data is redacted."""
    return names.pick is None and not names.redact


def is_left_out(names: Names, path: str, form: Form) -> bool:
    """Whether the field at `path` is told to nobody, whatever else is said of it.

    What is only written is never told; what is deprecated only when somebody asks for it.
    """
    is_unasked = form.is_dated and path not in (names.pick or ())
    return path in names.omit or form.is_secret or is_unasked


def touches(names: Names, path: str) -> bool:
    """Whether something is said of what stands inside `path`; inside the whole payload for "".

    A `pick` of `path` itself, or of what is around it, takes all that is known of it.
    """
    if not path:
        said = names.omit or names.redact or names.rename or names.plain
        return names.pick is not None or bool(said)
    return any(name.startswith(f"{path}.") for name in names.told)


def names_it(pick: list[str] | None, path: str) -> bool:
    """Whether `pick` names the field, something inside it, or the whole object around it."""
    return any(
        path == name or name.startswith(f"{path}.") or path.startswith(f"{name}.")
        for name in pick or ()
    )


def takes_all(pick: list[str] | None, path: str) -> bool:
    """Whether nothing of the object at `path` is left out because `pick` does not name it."""
    return pick is None or any(not name or f"{path}.".startswith(f"{name}.") for name in pick)
