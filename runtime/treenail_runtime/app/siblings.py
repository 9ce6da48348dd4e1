"""The workers of one server, which reach each other by way of their parent."""

from collections.abc import Callable


class Siblings:
    """The other workers, as one of them knows them."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Reach them by `say`."""
        self._say = say
        self._listeners: list[Callable[[str], None]] = []

    def tell(self, text: str) -> None:
        """Tell all of them."""
        self._say(text)

    def on_word(self, listener: Callable[[str], None]) -> None:
        """Have `listener` called with whatever one of them tells."""
        self._listeners.append(listener)

    def hear(self, text: str) -> None:
        """Pass on what one of them has told."""
        for listener in self._listeners:
            listener(text)
