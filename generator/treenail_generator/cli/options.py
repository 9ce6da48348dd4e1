"""Options and arguments that the commands share."""

from pathlib import Path
from typing import Any

import click

from treenail_generator.project import Project


def _as_project(_context: click.Context, _parameter: click.Parameter, value: Path) -> Project:
    return Project(value)


project_option = click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    callback=_as_project,
    help="Folder that holds connectors/ and specs/; the current one by default.",
)

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON value for programs."
)

name_argument: Any = click.argument("name")
