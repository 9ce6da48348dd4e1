"""`gen docs`: the reference page of a connector."""

import sys
from pathlib import Path

import click

from treenail_generator.project import Project
from treenail_generator.reference import reference_page

from .common import built_or_exit
from .files import replace_file
from .options import as_json_option, name_argument, project_option
from .output import say, say_json, tell


@click.command("docs")
@name_argument
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the page; `-` prints it. Default: docs/connectors/NAME.md.",
)
@project_option
@as_json_option
def docs_command(name: str, output: Path | None, project: Project, as_json: bool) -> None:
    """Write the page that tells people what the tools do, take, answer and cost.

    `gen check` proves that a page in docs/connectors/ is up to date.
    """
    page = reference_page(built_or_exit(project, name, as_json=as_json))
    if output == Path("-"):
        click.echo(page, nl=False)
        return
    path = output or project.page(name)
    changed = not path.is_file() or path.read_bytes() != page.encode()
    try:
        if changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, page)
    except OSError as error:
        tell(f"{project.shown(path)} cannot be written: {error.strerror}")
        sys.exit(1)
    if as_json:
        say_json({"ok": True, "connector": name, "page": project.shown(path), "changed": changed})
    else:
        say(f"{project.shown(path)} {'written' if changed else 'is up to date'}")
