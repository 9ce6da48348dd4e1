"""A proposal as the text of a connector file, with comments for the person who curates it."""

from collections.abc import Iterator
from typing import Final

from treenail_generator.yaml_source import JSON

from .proposal import Proposal, RegionProposal, ToolProposal
from .quoting import comment, quoted, value

_HEAD_ROOM: Final = 125
"""Per cent."""
_ROUND: Final = 100
_MOST_REASONS: Final = 3
_LONGEST_DESCRIPTION: Final = 100
"""Characters."""


def frame_of(proposal: Proposal) -> dict[str, JSON]:
    """Everything that stands before `tools`, as plain data."""
    defaults = _defaults(proposal)
    login: dict[str, JSON] = {"fields": [*_login_fields(proposal)]}
    return {
        "schema": 1,
        "name": proposal.name,
        "title": proposal.title,
        "version": proposal.version,
        "instructions": proposal.instructions,
        "spec": proposal.spec.section,
        "servers": {
            "default": proposal.regions[0].key,
            "regions": {region.key: _region(region) for region in proposal.regions},
            "others": [*proposal.others],
        },
        "auth": proposal.auth.section,
        **({"login": login} if login["fields"] else {}),
        "defaults": defaults,
    }


def _defaults(proposal: Proposal) -> dict[str, JSON]:
    output: dict[str, JSON] = {"output": "lenient"} if proposal.output == "lenient" else {}
    return {
        "description_length": _LONGEST_DESCRIPTION,
        "keep_deprecated": True,
        **output,
        **({"arrays": proposal.arrays} if proposal.arrays is not None else {}),
    }


def written(proposal: Proposal) -> str:
    """The file's text."""
    lines = [*_head(proposal), *_servers(proposal), *_auth(proposal), *_limits(proposal)]
    lines.append("tools:" if proposal.tools else "tools: []")
    for tool in proposal.tools:
        lines.extend(_tool(tool))
    lines.extend(_refused(proposal))
    return "\n".join(lines) + "\n"


def tool_lines(text: str) -> tuple[int, ...]:
    """The lines, from 1, on which the tools of a written file begin."""
    lines = enumerate(text.split("\n"), 1)
    return tuple(number for number, line in lines if line.startswith("  - operation: "))


def _head(proposal: Proposal) -> Iterator[str]:
    yield "# Proposed by `gen init`: read it, rename, shorten, leave out. docs/connector-file.md has every key."
    yield f"# {len(proposal.tools)} tools, about {proposal.tokens} tokens in all; {len(proposal.refused)} operations refused."
    yield "schema: 1"
    yield f"name: {quoted(proposal.name)}"
    yield f"title: {quoted(proposal.title)}"
    yield f"version: {proposal.version}" + (
        f"  # of the tools; the document says {comment(proposal.api_version)}"
        if proposal.api_version
        else ""
    )
    yield "# What an agent should know before its first call: where ids come from, what to do first."
    yield f"instructions: {quoted(proposal.instructions)}"
    yield f"spec: {value(proposal.spec.section)}"


def _servers(proposal: Proposal) -> Iterator[str]:
    yield "servers:"
    yield f"  default: {quoted(proposal.regions[0].key)}"
    yield "  regions:"
    for region in proposal.regions:
        if region.note:
            yield f"    # {comment(region.note)}"
        yield f"    {quoted(region.key)}: {value(_region(region))}"
    if proposal.others:
        yield "  # Operations say that they are there, so the credentials go there, too."
        yield "  others:"
        for url in proposal.others:
            yield f"    - {quoted(url)}"


def _region(region: RegionProposal) -> dict[str, JSON]:
    unlisted: dict[str, JSON] = {} if region.is_listed else {"unlisted": True}
    return {"title": region.title, "url": region.url, **unlisted}


def _auth(proposal: Proposal) -> Iterator[str]:
    for note in proposal.auth.notes:
        yield f"# {comment(note)}"
    yield f"auth: {value(proposal.auth.section)}"
    fields = _login_fields(proposal)
    if fields:
        yield "login:"
        yield "  # check: {operation: ...}  # a GET that proves the credentials"
        yield "  fields:"
        for each in fields:
            yield f"    - {value(each)}"


def _login_fields(proposal: Proposal) -> tuple[dict[str, JSON], ...]:
    region: dict[str, JSON] = {
        "name": "region",
        "label": "Region",
        "type": "select",
        "options": "servers",
    }
    return (*([region] if len(proposal.regions) > 1 else []), *proposal.auth.fields)


def _limits(proposal: Proposal) -> Iterator[str]:
    yield from _defaults_section(proposal)
    if proposal.tools:
        tokens = -(-proposal.tokens * _HEAD_ROOM // 100 // _ROUND) * _ROUND
        largest = max(proposal.helper_tokens, *(tool.tokens for tool in proposal.tools))
        most = -(-largest * _HEAD_ROOM // 100)
        count = len(proposal.tools) + (proposal.schema_tokens is not None)
        budget = f"budget: {{tokens: {tokens}, tool_tokens: {most}, tools: {count}}}"
        # An estimate must not fail a build.
        yield "# The build fails above it. Lower it with every tool that you leave out or shorten."
        yield budget if proposal.is_proved else f"# {budget}"


def _defaults_section(proposal: Proposal) -> Iterator[str]:
    defaults = _defaults(proposal)
    yield "defaults:"
    yield f"  description_length: {_LONGEST_DESCRIPTION}  # characters of what the document says of an argument"
    yield "  keep_deprecated: true  # without it, optional arguments that are deprecated are not offered"
    if "output" in defaults:
        yield f"  output: {defaults['output']}"
    if "arrays" in defaults:
        yield "  # A guess: the document says deepObject for arrays, which has no rule for them. Ask the upstream."
        yield f"  arrays: {defaults['arrays']}"
    if proposal.schema_tokens is not None:
        yield "  # Larger arguments are told in part, and enforced whole; describe_type tells the rest."
        yield f"  schema_tokens: {proposal.schema_tokens}"
        yield "helpers: {describe_type: {}}"


def _tool(tool: ToolProposal) -> Iterator[str]:
    yield f"  # {comment(tool.endpoint)}; about {tool.tokens} tokens"
    for note in tool.notes:
        yield f"  # {comment(note)}"
    yield f"  - operation: {quoted(tool.operation)}"
    yield f"    name: {quoted(tool.name)}"
    if tool.title is not None:
        yield f"    title: {quoted(tool.title)}"
    yield f"    description: {quoted(tool.description)}"
    if tool.hidden:
        yield "    params:"
        for hidden in tool.hidden:
            yield f"      # {hidden.code}: {comment(hidden.reason)}"
            yield f"      {quoted(hidden.name)}: {{hide: true}}"
    if tool.annotations:
        yield f"    annotations: {value(tool.annotations)}"


def _refused(proposal: Proposal) -> Iterator[str]:
    for refused in proposal.refused:
        yield f"# refused: {comment(refused.operation)} ({comment(refused.endpoint)})"
        for fault in refused.faults[:_MOST_REASONS]:
            # A place in the connector file is one in a file that was never written.
            own = fault.location.file == f"connectors/{proposal.name}.yaml"
            place = "" if own else f" ({fault.location})"
            yield f"#   {fault.code}: {comment(fault.message + place)}"
