"""What is sent: parameters, bodies, and the proof of them."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {}
