"""One document through one contender: built or refused, how clean, at what cost."""

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cleanliness
import inputs
import limited

OURS: Final = "treenail"
PEER: Final = "FastMCP"
_HERE: Final = Path(__file__).parent
_GEN: Final = Path(sys.executable).with_name("gen")
_PEER_PYTHON: Final = _HERE.parent / ".peer/bin/python"
_PROBE_SECONDS: Final = 600
_PROBE_MIB: Final = 12_000
_MOST_FLAWS: Final = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What each process may use."""

    seconds: float
    mib: int


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What one contender made of one document.

    Attributes:
        built: Whether tools came out.
        why: A code for what stopped it; empty when nothing did.
        detail: The first words of that.
        operations: How many the document has, or how many of them were asked for.
        refused: Operations that were refused by name, by code.
        hidden: Optional inputs that are left out and told by name, by code.
        flaws: How many of each kind the checker found; `no-tool` counts silent losses alone.
        bytes: Of the compact list; `bare_bytes` without output schemas.
        cpu_s: Of everything from the document to the list's source: for us `gen init` + `gen build`.
    """

    name: str
    contender: str
    built: bool = False
    why: str = ""
    detail: str = ""
    operations: int = 0
    tools: int = 0
    refused: dict[str, int] = field(default_factory=dict[str, int])
    hidden: dict[str, int] = field(default_factory=dict[str, int])
    flaws: dict[str, int] = field(default_factory=dict[str, int])
    shown: list[str] = field(default_factory=list[str])
    bytes: int = 0
    bare_bytes: int = 0
    document_bytes: int = 0
    init_cpu_s: float = 0
    cpu_s: float = 0
    wall_s: float = 0
    rss_mib: float = 0

    @property
    def is_clean(self) -> bool:
        """Every operation a tool, nothing lost, all schemas and names sound."""
        return self.built and not self.flaws and not self.refused


def ours(
    name: str, document: Path, limits: Limits, choice: Sequence[str] = ("--all",)
) -> Judgement:
    """`gen init` and `gen build` in a project of their own."""
    judged = _begun(name, OURS, document)
    with tempfile.TemporaryDirectory() as folder:
        project = ["--project", folder, "--json"]
        command = [
            str(_GEN),
            "init",
            "doc",
            "--spec",
            str(document),
            *choice,
            "--outputs",
            *project,
        ]
        init = limited.run(command, seconds=limits.seconds, mib=limits.mib)
        judged.init_cpu_s = init.cpu_s
        if not _passed(judged, init, "init"):
            return judged
        proposed = json.loads(init.output.splitlines()[-1])
        judged.hidden = dict(Counter(each["code"] for each in proposed["hidden"]))
        codes = Counter(each["diagnostics"][0]["code"] for each in proposed["refused"])
        judged.refused = dict(codes)
        (Path(folder) / "init.json").write_text(json.dumps(proposed))
        build = limited.run(
            [str(_GEN), "build", "doc", *project], seconds=limits.seconds, mib=limits.mib
        )
        if not _passed(judged, build, "build"):
            return judged
        probe = [sys.executable, str(_HERE / "probe_ours.py"), folder, f"{folder}/init.json"]
        refused = {each["endpoint"] for each in proposed["refused"]}
        _judge(judged, document, probe, refused, chosen=choice != ("--all",))
    return judged


def peer(name: str, document: Path, limits: Limits) -> Judgement:
    """`FastMCP.from_openapi` and its list of tools."""
    judged = _begun(name, PEER, document)
    command = [str(_PEER_PYTHON), str(_HERE / "probe_peer.py"), str(document)]
    run = limited.run(command, seconds=limits.seconds, mib=limits.mib)
    if _passed(judged, run, "from_openapi"):
        _count(judged, document, json.loads(run.output), frozenset(), chosen=False)
    return judged


def _begun(name: str, contender: str, document: Path) -> Judgement:
    """Counted before anything is built, so that what is not built counts, too."""
    raw = json.loads(document.read_text("utf-8-sig"))
    return Judgement(
        name=name,
        contender=contender,
        operations=len(inputs.operations(raw)),
        document_bytes=document.stat().st_size,
    )


def _passed(judged: Judgement, run: limited.Run, step: str) -> bool:
    judged.cpu_s += run.cpu_s
    judged.wall_s += run.wall_s
    judged.rss_mib = max(judged.rss_mib, run.rss_mib)
    if run.status == 0:
        return True
    judged.why, judged.detail = _why(run)
    judged.why = f"{step}: {judged.why}"
    return False


def _why(run: limited.Run) -> tuple[str, str]:
    if run.status is None:
        return "time", ""
    try:
        first: Any = json.loads(run.output.splitlines()[-1])["diagnostics"][0]
    except (ValueError, LookupError, TypeError):
        last = run.error.strip().splitlines()[-1:] or [f"status {run.status}"]
        kind = re.match(r"[\w.]+", last[0])
        return f"crash {kind[0] if kind else ''}".strip(), last[0][:200]
    return first["code"], f"{first['message']} ({first['file']}:{first['line']})"[:200]


def _judge(
    judged: Judgement, document: Path, probe: list[str], refused: set[str], *, chosen: bool
) -> None:
    run = limited.run(probe, seconds=_PROBE_SECONDS, mib=_PROBE_MIB)
    if run.status != 0:
        judged.why, judged.detail = _why(run)
        judged.why = f"probe: {judged.why}"
        return
    _count(judged, document, json.loads(run.output), frozenset(refused), chosen=chosen)


def _count(
    judged: Judgement, document: Path, tools: list[Any], refused: frozenset[str], *, chosen: bool
) -> None:
    listed = cleanliness.listed(tools)
    raw = json.loads(document.read_text("utf-8-sig"))
    expected = inputs.operations(raw)
    there = {tool.operation for tool in listed}
    judged.operations = len(there) if chosen else len(expected)
    named = {
        operation: taken
        for operation, taken in expected.items()
        if operation not in refused and (operation in there or not chosen)
    }
    found = cleanliness.flaws(listed, named, raw)
    judged.built, judged.tools = True, sum(bool(tool.operation) for tool in listed)
    judged.flaws = dict(Counter(flaw.kind for flaw in found))
    judged.shown = [f"{each.kind}: {each.subject}: {each.detail}" for each in found[:_MOST_FLAWS]]
    judged.bytes = _size([each["tool"] for each in tools])
    judged.bare_bytes = _size(
        [{key: one for key, one in each["tool"].items() if key != "outputSchema"} for each in tools]
    )


def _size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
