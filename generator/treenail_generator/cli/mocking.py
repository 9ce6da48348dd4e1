"""`gen mock`: a fake upstream to try against."""

import gc
import sys

import click

from treenail_generator.diagnostics import BuildError, Diagnostic, Location
from treenail_generator.mock import FAULTS, print_url, run_mock
from treenail_generator.project import Project

from .files import read_sources
from .options import as_json_option, name_argument, project_option
from .output import say_json, tell, tell_faults


@click.command("mock")
@name_argument
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8791,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--seed", type=int, help="Other data; the connector file's mock.seed by default.")
@click.option("--fault", type=click.Choice(FAULTS), help="Answer every request with this fault.")
@click.option(
    "--fault-every",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Only every N-th request.",
)
@click.option(
    "--latency",
    "latency_ms",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Milliseconds per answer.",
)
@click.option(
    "--userinfo", "userinfo_url", help="Take only bearer tokens that are good at this URL, too."
)
@project_option
@as_json_option
def mock_command(
    name: str,
    host: str,
    port: int,
    seed: int | None,
    fault: str | None,
    fault_every: int,
    latency_ms: int,
    userinfo_url: str | None,
    project: Project,
    as_json: bool,
) -> None:
    """Serve the document of connector NAME as a real HTTP server with seeded data."""
    try:
        sources = read_sources(project, name)
        request = sources.request()
        document = sources.document()
    except BuildError as error:
        tell_faults(error, as_json=as_json)
        sys.exit(1)
    # A server lives longer than a command.
    gc.enable()
    try:
        run_mock(
            document,
            request,
            host=host,
            port=port,
            seed=seed,
            fault=fault,
            fault_every=fault_every,
            latency_ms=latency_ms,
            userinfo_url=userinfo_url,
            announce=_say_json if as_json else print_url,
        )
    except OSError as error:
        taken = f"cannot listen at {host}:{port}: {error.strerror}"
        _tell_taken(taken, sources.connector_name, as_json=as_json)
        sys.exit(1)


def _tell_taken(fault: str, file: str, *, as_json: bool) -> None:
    hint = "--port 0 takes a free port"
    if as_json:
        taken = Diagnostic(Location(file, 1, 1), "cannot-listen", fault, hint=hint)
        tell_faults(BuildError([taken]), as_json=True)
    else:
        tell(f"{fault}; {hint}")


def _say_json(name: str, url: str) -> None:
    say_json({"connector": name, "url": url})
