"""What several commands begin with."""

import sys

from treenail_generator.build import Built, build
from treenail_generator.diagnostics import BuildError
from treenail_generator.project import Project

from .files import read_sources
from .output import tell_faults


def built_or_exit(project: Project, name: str, *, as_json: bool) -> Built:
    """The build of the connector `name`; faults are told, and end the command with status 1."""
    try:
        return build(read_sources(project, name))
    except BuildError as error:
        tell_faults(error, as_json=as_json)
        sys.exit(1)
