"""What operators and owners of instances may rely on when something is wrong."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "TOLD-COMMANDS": Requirement(
        "ours",
        "what a command is given and cannot take is told in one line: no stack trace, no SQL, no key",
    ),
    "HELD-BACK": Requirement(
        "ours", "a signal that comes while a server starts is obeyed once it has, and ends nothing"
    ),
}
