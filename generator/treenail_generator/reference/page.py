"""From a finished build to the Markdown of its page; no I/O."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from treenail_generator.build import Built
from treenail_generator.lock import REDACTED, REST, WHOLE, Lock, published, total_tokens
from treenail_generator.markdown import code, escaped
from treenail_generator.plan import ToolPlan
from treenail_generator.tokens import count_tokens
from treenail_generator.verify import LoadedTool
from treenail_generator.visible import visible

from .arguments import MOST_ROWS, Row, rows_of
from .connecting import connecting
from .tables import table, yes

_MOST_FIELDS: Final = 60


def reference_page(built: Built) -> str:
    """The page as Markdown; the same text for the same build.

    Texts of documents are escaped, so none becomes markup.
    """
    lock = Lock.model_validate_json(built.lock)
    plans = {tool.name: tool for tool in built.plan.tools}
    parts = [*_head(built), *connecting(built.plan), *_index(built.tools)]
    for tool in built.tools:
        parts += _tool(tool, plans.get(tool.name), lock)
    return "\n".join(parts).rstrip() + "\n"


def _head(built: Built) -> Iterator[str]:
    plan = built.plan
    count = len(built.tools)
    yield f"# {escaped(plan.title)}: tools"
    yield ""
    yield f"<!-- Written by `gen docs {plan.name}`. Do not edit: change the connector file. -->"
    yield ""
    yield (
        f"Version {plan.version} of connector `{plan.name}`: {count} "
        f"{'tool' if count == 1 else 'tools'}, {total_tokens(built.tools)} tokens in tools/list."
    )
    yield ""
    yield escaped(plan.instructions)
    yield ""


def _index(tools: Sequence[LoadedTool]) -> Iterator[str]:
    yield "## Tools"
    yield ""
    yield from table(
        ("Tool", "Title", "Effect", "Tokens"),
        [
            (
                f"[`{tool.name}`](#{tool.name.replace('.', '')})",
                escaped(tool.title or ""),
                _effect(tool),
                str(count_tokens(published(tool))),
            )
            for tool in tools
        ],
    )


def _effect(tool: LoadedTool) -> str:
    hints = tool.annotations
    if hints.read_only:
        return "reads"
    return "writes, may replace or remove" if hints.destructive else "writes"


def _tool(tool: LoadedTool, plan: ToolPlan | None, lock: Lock) -> Iterator[str]:
    yield f"### {escaped(tool.name)}"
    yield ""
    yield escaped(tool.description)
    yield ""
    yield _sent(tool, plan)
    yield ""
    rows = rows_of(tool.input_schema)
    if rows:
        yield from table(
            ("Argument", "Type", "Required", "Meaning"), [_argument(row) for row in rows]
        )
        if len(rows) == MOST_ROWS:
            yield f"These are the first {MOST_ROWS}; `gen schema` tells all."
            yield ""
    else:
        yield "No arguments."
        yield ""
    if tool.example:
        yield from _example(tool.example)
    yield from _answer(tool, lock)
    if plan is not None and plan.errors:
        yield from table(
            ("Error", "Advice"),
            [(code(str(error)), escaped(advice)) for error, advice in plan.errors],
        )


def _sent(tool: LoadedTool, plan: ToolPlan | None) -> str:
    scope = f"Scope `{tool.required_scope}`."
    if plan is None:
        return f"Written by hand. {scope}"
    if plan.endpoint is None:
        return f"Sends nothing. {scope}"
    kept_s = plan.endpoint.cache_s
    old = f" Answers may be up to {kept_s:g} s old." if kept_s else ""
    return f"Sends {code(f'{plan.endpoint.method} {plan.endpoint.path}')}. {scope}{old}"


def _argument(row: Row) -> tuple[str, str, str, str]:
    told = [escaped(row.description)] if row.description else []
    if row.limits:
        limits = ", ".join(row.limits)
        told.append(f"{limits[0].upper()}{limits[1:]}.")
    if row.default is not None:
        told.append(f"Default: {code(json.dumps(row.default, ensure_ascii=False))}.")
    return code(row.path), row.kind, yes(is_so=row.is_required), " ".join(told)


def _example(example: Mapping[str, Any]) -> Iterator[str]:
    yield "```json"
    # A fence inside a text would end the block.
    yield visible(json.dumps(example, ensure_ascii=False)).replace("```", "`\\u0060`")
    yield "```"
    yield ""


def _answer(tool: LoadedTool, lock: Lock) -> Iterator[str]:
    locked = lock.tools.get(tool.name)
    answers = locked.answers if locked is not None else None
    if answers is None:
        return
    fields = list(dict.fromkeys(_fields(answers, lock, "", ())))
    more = len(fields) - _MOST_FIELDS
    told = ", ".join(fields[:_MOST_FIELDS])
    yield f"Answers {told}{f', and {more} more' if more > 0 else ''}."
    yield ""


def _fields(
    answers: str | Mapping[str, str], lock: Lock, path: str, above: tuple[str, ...]
) -> Iterator[str]:
    fields = lock.records.get(answers, {}) if isinstance(answers, str) else answers
    for name, kept in fields.items():
        if name == REST:
            yield f"further fields of {code(path)}" if path else "further fields"
            continue
        here = f"{path}.{name}" if path else name
        if kept in {WHOLE, REDACTED} or kept in above:
            yield code(here) + (" (redacted)" if kept == REDACTED else "")
        else:
            yield from _fields(kept, lock, here, (*above, kept))
