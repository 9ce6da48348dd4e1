"""What a person asks `gen init` for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .proposal import SpecProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The arguments of one `gen init`.

    Attributes:
        spec: The document.
        everything: Take all operations.
        tags: Take the operations with one of these tags.
        includes: Take the operations that match one of these, as `GET /books/*`.
        excludes: Leave out the operations that match one of these.
        outputs: Publish schemas of the answers.
        kept_names: Names that an earlier connector file gives, by operation.
    """

    name: str
    spec: SpecProposal
    everything: bool = False
    tags: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    outputs: bool = False
    kept_names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def chooses(self) -> bool:
        """Whether anything says which operations to take."""
        return bool(self.everything or self.tags or self.includes)
