"""What several commands begin with."""

import sys

from treenail_generator.build import Built, build
from treenail_generator.diagnostics import BuildError
from treenail_generator.project import Project

from .files import read_sources
from .output import tell_faults
from .progress import Progress


def built_or_exit(
    project: Project, name: str, *, as_json: bool, progress: Progress | None = None
) -> Built:
    """The build of the connector `name`; faults are told, and end the command with status 1."""
    watch = progress or Progress(wanted=False)
    try:
        return build(read_sources(project, name), watch)
    except BuildError as error:
        watch.end()
        tell_faults(error, as_json=as_json)
        sys.exit(1)
    finally:
        watch.end()
