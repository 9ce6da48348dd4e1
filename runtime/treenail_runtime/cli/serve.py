"""`treenail serve`."""

from collections.abc import Sequence
from pathlib import Path

import click
import structlog

from treenail_runtime.app.collecting import uncollected
from treenail_runtime.app.connecting import without_client
from treenail_runtime.app.registry import Registry, open_registry
from treenail_runtime.app.servable import check_servable
from treenail_runtime.settings import Settings, environment, read_settings
from treenail_runtime.telemetry import set_up_logging

from .told import told

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@click.command
@click.argument("connectors", nargs=-1)
@click.option("--no-auth", is_flag=True, default=None, help="Serve without authorization.")
@click.option("--host", help="Address to listen at; with --no-auth a loopback one.")
@click.option("--base-url", help="Address under which clients reach the server, https://...")
@click.option("--port", type=int, help="TCP port; 0 takes a free one.")
@click.option("--workers", type=int, help="Processes that share the port.")
@click.option("--connectors-dir", type=click.Path(path_type=Path), help="Folder of the modules.")
@click.option("--watch", is_flag=True, default=None, help="Load connectors again when they change.")
@click.option("--upstream-url", help="Call this URL instead of the connector's servers.")
def serve(connectors: Sequence[str], **options: object) -> None:
    """Offer CONNECTORS to agents over MCP, each at /NAME/mcp, the first also at /mcp.

    Without names, all that are in the folder and can be served. SIGHUP loads them again.

    Agents authorize with OAuth: whoever connects one signs in to the upstream on a page of this
    server. With --no-auth the upstream's credentials come from variables such as PHOREST_EMAIL.
    """
    with told(), uncollected():
        settings = read_settings(connectors=connectors or None, **options)
        set_up_logging(settings.log_level, settings.log_format)
        check_servable(settings)
        registry = open_registry(settings, environment())
        if settings.no_auth:
            _warn(settings)
        else:
            _tell_missing_clients(registry)
        _serve(settings, registry)


def _serve(settings: Settings, registry: Registry) -> None:
    from treenail_runtime.app import (  # noqa: PLC0415  # takes a second; refusals do without
        serving,
        workers,
    )

    serve_here = serving.serve if settings.workers == 1 else workers.serve_by_workers
    serve_here(settings, registry, announce=lambda where: _announce(registry, where))


def _tell_missing_clients(registry: Registry) -> None:
    for each in registry.offerings:
        if reason := without_client(each):
            _log.warning("provider.no_client", connector=each.connector.name, reason=reason)


def _warn(settings: Settings) -> None:
    lines = (
        "NO AUTHORIZATION",
        "Every program and every user of this machine can call these tools",
        f"at {settings.host}, with the upstream credentials of this environment.",
    )
    width = max(map(len, lines)) + 4
    click.secho("!" * width, err=True, fg="red", bold=True)
    for line in lines:
        click.secho(f"! {line:<{width - 4}} !", err=True, fg="red", bold=True)
    click.secho("!" * width, err=True, fg="red", bold=True)


def _announce(registry: Registry, where: str) -> None:
    for index, name in enumerate(registry.connectors):
        path = f"/{name}/mcp" if index else "/mcp"
        click.echo(f"serving {name} at http://{where}{path}")
