"""Judgements line by line in a file, so that a run that was stopped can go on."""

import dataclasses
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from judging import Judgement

_HERE: Final = Path(__file__).parent


class Judged:
    """What was judged before under the same conditions, and what is judged now."""

    def __init__(self, path: Path, conditions: dict[str, Any], *, resume: bool) -> None:
        """Take up the file at `path` where `resume` says so, else begin it anew."""
        self._path = path
        self._conditions = {**conditions, "commit": _commit()}
        self._known: dict[tuple[str, str], Judgement] = {}
        path.parent.mkdir(exist_ok=True)
        if resume and path.exists():
            for line in path.read_text().splitlines():
                self._take(json.loads(line))
        else:
            path.write_text("")

    def _take(self, entry: dict[str, Any]) -> None:
        # Nobody knows what stood in files that were never committed.
        if entry["conditions"] == self._conditions and self._conditions["commit"]:
            judgement = Judgement(**entry["judgement"])
            self._known[judgement.name, judgement.contender] = judgement

    def of(self, name: str, contender: str, judge: Callable[[], Judgement]) -> Judgement:
        """The judgement that is known, or the one of `judge`, which is written down."""
        if (name, contender) in self._known:
            return self._known[name, contender]
        judgement = judge()
        entry = {"conditions": self._conditions, "judgement": dataclasses.asdict(judgement)}
        with self._path.open("a") as file:
            file.write(f"{json.dumps(entry)}\n")
        return judgement


def _commit() -> str:
    """The commit that is judged; empty where files differ from it, and outside a repository."""
    told = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--dirty"],  # noqa: S607  # the one in PATH
        cwd=_HERE,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return "" if told.endswith("-dirty") else told
