"""`gen lint`: whether agents can use the tools well and safely."""

import sys

import click

from treenail_generator.lint import PROFILES, ClientId, lint
from treenail_generator.lint import as_json as report_of
from treenail_generator.project import Project

from .common import built_or_exit
from .options import as_json_option, name_argument, project_option
from .output import say, say_json


@click.command("lint")
@name_argument
@click.option("--prefix", help="What clients put before tool names; default mcp__NAME__.")
@click.option(
    "--client",
    "clients",
    type=click.Choice(list(PROFILES)),
    multiple=True,
    help="Check the limits of this client, too; may be given several times.",
)
@project_option
@as_json_option
def lint_command(
    name: str, prefix: str | None, clients: tuple[ClientId, ...], project: Project, as_json: bool
) -> None:
    """Check whether agents can use the tools well and safely. Status 1 on errors."""
    built = built_or_exit(project, name, as_json=as_json)
    findings = lint(built, client_prefix=prefix, clients=clients)
    notes = (*built.document.notes, *built.plan.notes)
    report = report_of(findings, built)
    if as_json:
        say_json({**report, "notes": [note.as_json() for note in notes]})
    else:
        for finding in findings:
            say(str(finding))
        for note in notes:
            say(f"{note.severity}: {note}")
        say(
            f"{report['tools']} tools, {report['described']:.0%} of arguments described, "
            f"{report['errors']} errors, {report['warnings']} warnings"
        )
    sys.exit(1 if report["errors"] else 0)
