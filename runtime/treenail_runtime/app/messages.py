"""What processes tell each other to do: a short text, without anything that is secret."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["all", "instance", "service", "connectors"]
"""Read everything again, or an instance, or those of a connector; load connectors again."""

LONGEST: Final = 256
_ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Message:
    """One of them.

    Attributes:
        name: Id of the instance, or the connector; for `connectors` empty for those that changed.
        sender: Of `connectors`: who has done it already.
    """

    kind: Kind
    name: str = ""
    sender: str = ""

    def __str__(self) -> str:
        """As it is sent."""
        match self.kind:
            case "all":
                return _ALL
            case "instance":
                return self.name
            case "service":
                return f"service:{self.name}"
            case "connectors":
                return f"connectors:{self.name}:{self.sender}"


def read_message(text: str) -> Message | None:
    """What was sent; None for what another release may understand."""
    if len(text) > LONGEST:
        return None
    match text.split(":"):
        case [all_] if all_ == _ALL:
            return Message("all")
        case [instance_id]:
            return Message("instance", instance_id)
        case ["service", name]:
            return Message("service", name)
        case ["connectors", name, sender]:
            return Message("connectors", name, sender)
        case _:
            return None
