"""Choices that keep their order."""

from typing import final


@final
class InOrder:
    """Marks a `Literal` whose values are told in its own order; no two marks are equal.

    Two literals are equal whatever the order of their values, and `typing` hands out the union that
    it made of the first one for the second.
    """

    __slots__ = ()
