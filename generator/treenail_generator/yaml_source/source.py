"""What every reader of a text gives: its data, and where each part of it stands."""

from typing import Protocol

from treenail_generator.diagnostics import Location
from treenail_generator.yaml_source.data import JSON, Pointer


class Source(Protocol):
    """Plain data, with the place of everything in it.

    One file, or what several became: each pointer then leads to the place it came from.
    """

    @property
    def file(self) -> str:
        """The name of the file at the root; locations carry their own."""
        ...

    @property
    def value(self) -> JSON:
        """The data; parts of it may be shared, so nobody may change it."""
        ...

    def at(self, pointer: Pointer) -> Location:
        """Where the value stands, or its nearest ancestor that exists; cheap until it is told."""
        ...

    def key_at(self, pointer: Pointer) -> Location:
        """Where the key of the value stands (of a list item: the item itself).

        For a value that does not exist, the key of its nearest ancestor that does.
        """
        ...

    def text_at(self, pointer: Pointer) -> str | None:
        """A scalar as written (`1.10`, not 1.1); None where no scalar stands, or null."""
        ...
