"""What the commands print: plain lines for people on stderr and stdout, one JSON value for programs."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.visible import visible

_MOST_WARNINGS: Final = 20
_MOST_NOTES: Final = 4
_COUNTED: Final = "security-differs"
"""Of a whole connector more often than of one tool, so it is told once."""


def say(text: str) -> None:
    """A result, on stdout; texts of documents cannot speak to the terminal."""
    click.echo(visible(text, keep="\n\t"))


def tell(text: str) -> None:
    """Progress and faults, on stderr; as `say`."""
    click.echo(visible(text, keep="\n\t"), err=True)


def say_json(value: Any) -> None:
    """One JSON value on one line of stdout."""
    click.echo(json.dumps(value, ensure_ascii=False))


def tell_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Each diagnostic with its place and hint."""
    for diagnostic in diagnostics:
        tell(str(diagnostic))


def tell_faults(error: BuildError, *, as_json: bool) -> None:
    """Every fault, and that nothing was written."""
    if as_json:
        say_json({"ok": False, "diagnostics": [each.as_json() for each in error.diagnostics]})
    else:
        tell_diagnostics(error.diagnostics)
        count = len(error.diagnostics)
        tell(f"{count} {'fault' if count == 1 else 'faults'}; nothing was written")


def tell_warnings(warnings: Sequence[Diagnostic]) -> None:
    """Each warning, up to a limit, and how many there are; nothing when there is none."""
    for warning in warnings[:_MOST_WARNINGS]:
        tell(f"warning: {warning}")
    if len(warnings) > _MOST_WARNINGS:
        tell(f"and {len(warnings) - _MOST_WARNINGS} more")
    if warnings:
        count = len(warnings)
        noun = "warning" if count == 1 else "warnings"
        tell(f"{count} {noun} about the document")


def tell_unproven(warnings: Sequence[Diagnostic]) -> None:
    """The tools of which no request is proven, up to a limit; nothing when there is none."""
    for warning in warnings[:_MOST_WARNINGS]:
        tell(f"warning: {warning}")
    if len(warnings) > _MOST_WARNINGS:
        tell(f"and {len(warnings) - _MOST_WARNINGS} more")


def tell_rules(notes: Sequence[Diagnostic]) -> None:
    """Each warning of the plan, up to a limit, and how much was decided by rule."""
    warnings = [note for note in notes if note.severity == "warning"]
    listed = [warning for warning in warnings if warning.code != _COUNTED]
    for warning in listed[:_MOST_WARNINGS]:
        tell(f"warning: {warning}")
    if len(listed) > _MOST_WARNINGS:
        tell(f"and {len(listed) - _MOST_WARNINGS} more")
    _tell_counted([warning for warning in warnings if warning.code == _COUNTED])
    others = len(notes) - len(warnings)
    if others:
        tell(
            f"{others} {'thing was' if others == 1 else 'things were'} decided by rule; see --json"
        )


def _tell_counted(warnings: Sequence[Diagnostic]) -> None:
    """Those of one kind in one line, the first one in full; nothing when there is none."""
    if warnings:
        more = f" (and {len(warnings) - 1} more tools; see --json)" if len(warnings) > 1 else ""
        tell(f"warning: {warnings[0]}{more}")


def tell_notes(notes: Sequence[Diagnostic]) -> None:
    """In one line, how the document was read otherwise than it is written; nothing when it was not."""
    if notes:
        told = "; ".join(note.message for note in notes[:_MOST_NOTES])
        more = f"; and {len(notes) - _MOST_NOTES} more" if len(notes) > _MOST_NOTES else ""
        tell(f"note: {told}{more}")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns with two spaces between them."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
