"""What clients and the models behind them take of a tool, as far as it is known."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

ClientId: TypeAlias = Literal["claude", "chatgpt", "cursor", "strict"]

_COMBINATORS: Final = frozenset({"oneOf", "anyOf", "allOf", "not"})
_CONDITIONS: Final = frozenset(
    {"if", "then", "else", "dependentRequired", "dependentSchemas", "unevaluatedProperties"}
    | {"unevaluatedItems", "patternProperties", "propertyNames", "contains"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One client's limits; None where it is not known to have one.

    Attributes:
        prefix: What it puts before a tool's name, as a format string over `name`, the connector's.
        longest_name: Characters of a tool's name, prefix included.
        argument: Which names of arguments it takes.
        not_at_root: Keywords that the root of an input schema must not hold.
        nowhere: Keywords that no part of an input schema may hold.
        deepest: Objects and lists inside each other.
        recursive: Whether a schema may refer to itself.
        most_tools: Tools of one connector.
        most_properties: Properties of one tool's arguments, nested ones too.
        most_values: Values of all enumerations of one tool's arguments.
        source: Where the limits are told.
    """

    id: ClientId
    title: str
    prefix: str
    longest_name: int
    argument: re.Pattern[str]
    not_at_root: frozenset[str]
    nowhere: frozenset[str] = frozenset()
    deepest: int | None = None
    recursive: bool = True
    most_tools: int | None = None
    most_properties: int | None = None
    most_values: int | None = None
    source: str


_ARGUMENT: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")

PROFILES: Final[dict[ClientId, Profile]] = {
    "claude": Profile(
        id="claude",
        title="Claude",
        prefix="mcp__{name}__",
        longest_name=64,
        argument=_ARGUMENT,
        not_at_root=_COMBINATORS - {"not"},
        source="github.com/anthropics/claude-code/issues/5973 and 79418",
    ),
    "chatgpt": Profile(
        id="chatgpt",
        title="ChatGPT",
        prefix="",
        longest_name=64,
        argument=_ARGUMENT,
        not_at_root=_COMBINATORS | {"enum"},
        deepest=10,
        most_tools=128,
        most_properties=5000,
        most_values=1000,
        source="OpenAI, Structured Outputs, Supported schemas",
    ),
    "cursor": Profile(
        id="cursor",
        title="Cursor",
        prefix="{name}",
        longest_name=59,
        argument=_ARGUMENT,
        not_at_root=_COMBINATORS,
        most_tools=80,
        source="github.com/ComposioHQ/composio/issues/2788, Snowflake-Labs/mcp/issues/77",
    ),
    "strict": Profile(
        id="strict",
        title="Any client",
        prefix="mcp__{name}__",
        longest_name=59,
        argument=re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}"),
        not_at_root=_COMBINATORS | {"enum", "$ref"},
        nowhere=_CONDITIONS | {"allOf", "oneOf", "not", "prefixItems"},
        deepest=5,
        recursive=False,
        most_tools=40,
        most_properties=100,
        most_values=500,
        source="the least that all of them are known to take, and their earlier releases",
    ),
}
"""By the name that `gen lint --client` takes."""
