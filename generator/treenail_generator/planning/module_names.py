"""The names of one generated module: classes, constants and functions, each once.

A name is made by rule from what it stands for alone, so that no tool that comes or goes changes the
names of another one. To that end the kinds are told apart by their form: the class of a component ends
with `Model`, that of an object inside one tool holds the tool's class, an underscore and the path to
it, and a tool's own class does neither.
"""

import re
from typing import Final

from treenail_generator.naming import (
    MODULE_NAMES,
    class_name,
    constant_name,
    function_name,
    tool_constant,
    tool_function,
    tool_word,
)

_NUMBER: Final = re.compile(r"_([0-9])")
_LAST_UNDERSCORE: Final = re.compile(r"_(?!_|$)")
_COMPONENT: Final = "Model"


class ModuleNames:
    """Gives out names."""

    def __init__(self) -> None:
        self._taken = set(MODULE_NAMES)

    def class_of_tool(self, tool: str) -> str:
        """The class of the arguments of a tool; no two tools make the same function, nor class."""
        # Of "a_1" and "a1", only the underscore tells.
        name = _NUMBER.sub(r"__\1", tool_word(tool))
        parts = _LAST_UNDERSCORE.split(name)
        joined = "".join(part[:1].upper() + part[1:] for part in parts)
        if joined[0].isdigit():
            # Its word ends with a hash, so that no tool called so has the same class.
            joined = f"Tool{joined}"
        # Constants are upper case, and theirs alone.
        unlike = not joined.rstrip("_").endswith(_COMPONENT) and not joined.isupper()
        return self._take(joined if unlike else f"{joined}_")

    def class_of_component(self, wanted: str) -> str:
        """The class of a component, which the document calls `wanted` in one word."""
        return self._take(f"{wanted}{_COMPONENT}")

    def class_inside(self, tool_class: str, path: str) -> str:
        """The class of an object inside the arguments of one tool."""
        name = f"{tool_class}_{class_name(path)}"
        return self._take(f"{name}_" if name.endswith(f"_{_COMPONENT}") else name)

    def constant_of_endpoint(self, tool: str) -> str:
        """The constant of what a tool sends."""
        return self.constant(tool_constant(tool))

    def constant_of_tool(self, tool: str) -> str:
        """The constant of a tool itself."""
        return self.constant(f"{tool_constant(tool)}_TOOL")

    def function_of_tool(self, tool: str) -> str:
        """The function of a tool."""
        return self._take(tool_function(tool))

    def constant(self, wanted: str) -> str:
        """A constant like `wanted`, which is upper case already."""
        return self._take(wanted)

    def constant_of(self, text: str) -> str:
        """A constant for `text`."""
        return self.constant(constant_name(text))

    def function_of(self, text: str) -> str:
        """A function for `text`."""
        return self._take(function_name(text))

    def _take(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name
