"""The names of one generated module: classes, constants and functions, each once."""

from treenail_generator.naming import (
    MODULE_NAMES,
    class_name,
    constant_name,
    free_name,
    function_name,
)


class ModuleNames:
    """Gives out names; whoever asks first gets the plain one, so that later tools change no earlier."""

    def __init__(self) -> None:
        self._taken = set(MODULE_NAMES)

    def class_of(self, text: str) -> str:
        """A class for `text`."""
        return self._take(free_name(class_name(text), self._taken))

    def constant(self, wanted: str) -> str:
        """A constant like `wanted`, which is upper case already."""
        return self._take(free_name(wanted, self._taken))

    def constant_of(self, text: str) -> str:
        """A constant for `text`."""
        return self.constant(constant_name(text))

    def function_of(self, text: str) -> str:
        """A function for `text`."""
        name = function_name(text)
        while name in self._taken:
            name += "_"
        return self._take(name)

    def is_free(self, name: str) -> bool:
        """Whether nobody has `name` yet."""
        return name not in self._taken

    def give_back(self, name: str) -> None:
        """Let somebody else have a name that was not needed after all."""
        self._taken.discard(name)

    def _take(self, name: str) -> str:
        self._taken.add(name)
        return name
