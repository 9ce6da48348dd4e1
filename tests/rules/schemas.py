"""What agents are told of arguments, and what is enforced."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {}
