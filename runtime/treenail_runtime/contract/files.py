"""Files as arguments: what the agent gives, and the bytes that are sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileRules:
    """What a `File` may be: `Annotated[File, FileRules(...)]`.

    Attributes:
        max_bytes: Largest content, decoded.
        accept: Media types, `image/*` for a whole family; empty for any.
    """

    max_bytes: int = 10_000_000
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class File:
    """The content of a file, with what it is called and what it is."""

    data: bytes
    name: str | None = None
    type: str | None = None

    def __repr__(self) -> str:
        return f"File({len(self.data)} bytes)"
