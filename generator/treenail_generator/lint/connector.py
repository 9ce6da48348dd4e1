"""What the rules look at, worked out once."""

from dataclasses import dataclass

from treenail_generator.build import Built
from treenail_generator.diagnostics import Location

from .profiles import Profile
from .texts import Text, read_texts
from .tools import LintedTool, read_tools


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedConnector:
    """A finished build under the eyes of the rules.

    Attributes:
        prefix: What a client puts before each tool name.
        clients: Those whose limits it has to keep.
    """

    built: Built
    prefix: str
    tools: tuple[LintedTool, ...]
    texts: tuple[Text, ...]
    clients: tuple[Profile, ...]

    @property
    def location(self) -> Location:
        """Where findings about all tools together point: the list of tools."""
        return self.built.request.key_at("tools")


def read_connector(
    built: Built, client_prefix: str | None, clients: tuple[Profile, ...]
) -> LintedConnector:
    """The connector as a client sees it; without a prefix, as Claude Code names tools."""
    tools = read_tools(built)
    return LintedConnector(
        built=built,
        prefix=f"mcp__{built.plan.name}__" if client_prefix is None else client_prefix,
        tools=tools,
        texts=read_texts(built, tools),
        clients=clients,
    )
