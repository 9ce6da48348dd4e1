"""All rules: what each looks at, why, and the function that does. docs/lint.md is this table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from . import (
    ages,
    annotations,
    clients,
    cost,
    credentials,
    descriptions,
    hidden,
    injection,
    names,
    pairs,
    parameters,
)
from .connector import LintedConnector
from .finding import Finding, RuleId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        severity: How bad its findings are, for people.
        checks: What it reports.
        why: What goes wrong otherwise.
        look: Its findings, in any order.
    """

    id: RuleId
    severity: str
    checks: str
    why: str
    look: Callable[[LintedConnector], Iterator[Finding]]


RULES: Final = (
    Rule(
        id="description-missing",
        severity="error; warning for a title",
        checks="A tool without a description, or with an empty title.",
        why="The description is all that an agent chooses by; the title is what people approve.",
        look=descriptions.description_missing,
    ),
    Rule(
        id="description-repeats-name",
        severity="error; warning for a part of it",
        checks="A description made of the words of the name or the title, and of no others.",
        why="It costs tokens and tells nothing.",
        look=descriptions.description_repeats_name,
    ),
    Rule(
        id="description-too-short",
        severity="warning",
        checks=f"A description below {descriptions.SHORTEST} characters.",
        why="It can hardly say when to use the tool and when not.",
        look=descriptions.description_too_short,
    ),
    Rule(
        id="description-too-long",
        severity="warning",
        checks=f"A description above {descriptions.LONGEST} characters.",
        why="Some model APIs refuse the whole list of tools for it, some clients cut it off.",
        look=descriptions.description_too_long,
    ),
    Rule(
        id="parameter-descriptions",
        severity=f"error below {parameters.LEAST:.0%}; warning for each argument",
        checks="Arguments, nested ones too, without a description or with one that repeats the "
        f"name; tools, and the connector, with less than {parameters.LEAST:.0%} described.",
        why="An agent guesses what nobody told it: formats, units, where an id comes from.",
        look=parameters.parameter_descriptions,
    ),
    Rule(
        id="missing-example",
        severity="warning",
        checks="A required argument without an example in the connector file or the document. "
        "Booleans and enumerations need none.",
        why="Docs, `gen call`, `gen mock` and tests then run on values that were made up.",
        look=parameters.missing_example,
    ),
    Rule(
        id="untold-age",
        severity="warning",
        checks=f"A tool with a `cache` above {ages.UNNOTICED_S // 60} minutes whose description "
        "does not tell that answers may be old.",
        why="An agent takes what it is told for how things are now.",
        look=ages.untold_age,
    ),
    Rule(
        id="annotations",
        severity="warning; info where the connector file decides",
        checks="Annotations that contradict each other or the HTTP method, and a POST that reads "
        "by its name but counts as a write.",
        why="Clients ask people before writes and skip the question for reads.",
        look=annotations.annotations,
    ),
    Rule(
        id="name-length",
        severity="error",
        checks=f"A name that has over {names.LONGEST} characters with the client's prefix, "
        "`mcp__<connector>__` unless `--prefix` says otherwise.",
        why="Clients and model APIs refuse such a tool, or cut the name so that calls miss it.",
        look=names.name_length,
    ),
    Rule(
        id="name-characters",
        severity="warning",
        checks="A name with other characters than letters, digits, `_` and `-`.",
        why="MCP allows dots; several clients refuse the whole list of tools for one.",
        look=names.name_characters,
    ),
    Rule(
        id="name-style",
        severity="warning",
        checks="A name in another style (snake_case, camelCase, …) than most.",
        why="Agents write names by analogy, and miss.",
        look=names.name_style,
    ),
    Rule(
        id="invocation-cost",
        severity="warning; info for the total",
        checks=f"A tool that costs over {cost.FLOOR} tokens and over {cost.FACTOR} times its share "
        f"of `budget.tokens`; without a budget, {cost.FACTOR} times the median. Tells the total "
        "and the cost of a typical call.",
        why="Every conversation pays for every tool before the first word.",
        look=cost.invocation_cost,
    ),
    Rule(
        id="shadowed-pairs",
        severity="warning",
        checks="Two tools with the same method and path, or with names or descriptions that say "
        "the same, neither of which names the other in its description.",
        why="An agent picks one of them by chance.",
        look=pairs.shadowed_pairs,
    ),
    Rule(
        id="prompt-injection",
        severity="error or warning by pattern; info where the agent does not get the text",
        checks="Text that gives orders to the agent: to set instructions aside, to keep things "
        "from the user, to carry data out; role tags; links that carry data; encoded data.",
        why="An agent may follow what it reads, and a document comes from outside.",
        look=injection.prompt_injection,
    ),
    Rule(
        id="hidden-unicode",
        severity="error; info where the agent does not get the text",
        checks="Zero-width, bidirectional, tag, private-use and control characters, variation "
        "selectors without a base, and look-alike letters of another script inside a word.",
        why="The person who reviews the text does not see what the agent reads.",
        look=hidden.hidden_unicode,
    ),
    Rule(
        id="secrets",
        severity="error; warning in text of the document that the agent does not get",
        checks="What looks like a credential: known forms of keys and tokens, random values under "
        "names like `password` or `api_key`, and `auth` that names no login field.",
        why="Connector files and documents are committed; generated modules are published.",
        look=credentials.secrets,
    ),
    Rule(
        id="client-names",
        severity="error",
        checks="With `--client`: a name that is too long there, with what that client puts before "
        "it.",
        why="The client leaves the tool out, or fails with all of them.",
        look=clients.client_names,
    ),
    Rule(
        id="client-arguments",
        severity="error",
        checks="With `--client`: an argument whose name is not of the form that client takes.",
        why="One such name fails the whole request, with every tool of every server.",
        look=clients.client_arguments,
    ),
    Rule(
        id="client-schemas",
        severity="error",
        checks="With `--client`: arguments that are no object, keywords that client refuses at the "
        "root or anywhere, depth, size, and types that hold themselves.",
        why="The client refuses the tools, or drops what it does not understand in silence.",
        look=clients.client_schemas,
    ),
    Rule(
        id="client-tools",
        severity="error",
        checks="With `--client`: more tools than that client takes.",
        why="The client hides some of them, and nobody chose which.",
        look=clients.client_tools,
    ),
)
