"""A drift as Markdown, to be put under a pull request."""

from typing import Final

from treenail_generator.markdown import escaped

from .drift import Change, Drift

_HEADS: Final = {
    "breaking": "Breaking: agents that know the tools would fail",
    "compatible": "Compatible: agents may notice",
    "invisible": "Invisible to agents",
}


def as_markdown(drift: Drift, connector: str) -> str:
    """Headline, one table a severity, proposed version; ends with a newline.

    Texts of documents are escaped: none becomes markup, a link or a mention.
    """
    lines = [f"### Tools of {escaped(connector)}: {_verdict(drift)}", ""]
    for severity, head in _HEADS.items():
        changes = [change for change in drift.changes if change.severity == severity]
        if changes:
            lines += [f"**{head}**", "", "| Tool | Change |", "| --- | --- |"]
            lines += [_row(change) for change in changes]
            lines.append("")
    if drift.changes:
        lines.append(f"Proposed version: {drift.version} → **{drift.proposed_version}**")
    else:
        lines.append("No tool changes.")
    return "\n".join(lines) + "\n"


def _verdict(drift: Drift) -> str:
    found = {change.tool for change in drift.changes if change.severity == drift.severity}
    if not found:
        return "no change"
    tools = len(found - {""})
    told = [f"{tools} {'tool' if tools == 1 else 'tools'}"] if tools else []
    return f"{drift.severity} in {' and '.join([*(['the login'] if '' in found else []), *told])}"


def _row(change: Change) -> str:
    subject = f"`{change.tool}`" if change.tool else change.subject
    return f"| {subject} | {escaped(change.message)} |"
