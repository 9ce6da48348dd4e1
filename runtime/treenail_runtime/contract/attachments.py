"""What stands beside a structured answer: images, sounds and other files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the upstream sent it.

    Attributes:
        media_type: Without parameters: `image/png` becomes an image, `audio/wav` a sound, anything
            else an embedded resource (MCP 2026-07-28, Tools, "Tool Result").
        name: The file's name; empty when nobody named it.
    """

    data: bytes
    media_type: str
    name: str = ""


class WithFiles(dict[str, JsonValue]):
    """A structured answer with files beside it; to a tool it is the answer, like any other.

    A tool that makes another object of it answers without the files.
    """

    def __init__(
        self, structured: Mapping[str, JsonValue], attachments: Iterable[Attachment] = ()
    ) -> None:
        super().__init__(structured)
        self.attachments = tuple(attachments)
