"""What a connector file written by `gen init` says, before it is written."""

from dataclasses import dataclass
from typing import Literal

from treenail_generator.diagnostics import Diagnostic
from treenail_generator.yaml_source import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecProposal:
    """The document, and what is read together with it.

    Attributes:
        path: From the root of the project.
        overlays: Their paths, in the order in which they are applied.
        refs: `file` where the document may lead to other files beside it.
    """

    path: str
    overlays: tuple[str, ...] = ()
    refs: Literal["local", "file"] = "local"

    @property
    def section(self) -> JSON:
        """The connector file's `spec`."""
        refs: dict[str, JSON] = {"refs": "file"} if self.refs == "file" else {}
        overlays: dict[str, JSON] = {"overlays": [*self.overlays]} if self.overlays else {}
        return {"path": self.path, **refs, **overlays} if refs or overlays else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionProposal:
    """One server.

    Attributes:
        note: What a person has to look at; empty when nothing.
    """

    key: str
    title: str
    url: str
    is_listed: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthProposal:
    """How credentials are sent, and the login fields for that.

    Attributes:
        section: The connector file's `auth`.
        fields: The entries of `login.fields`.
        notes: What a person has to look at.
    """

    section: dict[str, JSON]
    fields: tuple[dict[str, JSON], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """An optional parameter or body field that is not offered, and why."""

    name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolProposal:
    """One tool.

    Attributes:
        operation: The key under which the connector file names the operation.
        title: None where it would only repeat the name or the description.
        annotations: Only where the method misleads.
        tokens: About what it costs a model.
        notes: For the person who curates.
    """

    operation: str
    endpoint: str
    name: str
    title: str | None
    description: str
    annotations: dict[str, JSON]
    tokens: int
    notes: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An operation that cannot be carried, and why.

    Attributes:
        operation: Its operationId, else its endpoint.
    """

    operation: str
    endpoint: str
    faults: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A whole connector file.

    Attributes:
        regions: The first one is the default.
        others: Servers of single operations.
        arrays: How arrays inside `deepObject` are sent, where operations need them.
        refused: Operations that were wished for and are left out.
        schema_tokens: What one tool's arguments may cost; None publishes them whole.
        helper_tokens: What the built-in tool costs that tells the rest of such arguments.
        is_proved: Whether it was built, so that its costs are exact.
    """

    name: str
    title: str
    version: str
    api_version: str
    instructions: str
    spec: SpecProposal
    regions: tuple[RegionProposal, ...]
    others: tuple[str, ...]
    auth: AuthProposal
    output: Literal["off", "lenient"]
    arrays: Literal["indexes"] | None = None
    tools: tuple[ToolProposal, ...]
    refused: tuple[Refused, ...]
    schema_tokens: int | None = None
    helper_tokens: int = 0
    is_proved: bool = False

    @property
    def tokens(self) -> int:
        """About what all tools cost a model."""
        return sum(tool.tokens for tool in self.tools) + self.helper_tokens
