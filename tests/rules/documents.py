"""Reading documents: versions of OpenAPI, overlays, YAML and JSON, bounds."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {}
