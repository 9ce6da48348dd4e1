"""`python -m treenail_runtime.demo.provider`: the provider as a program, for the demo.

It prints its URL and runs until SIGTERM or SIGINT. The client's secret comes from the environment,
so that it stands in no list of processes.
"""

import asyncio
import os
import signal
from typing import Final, cast, get_args

import click

from .ledger import FakeClient
from .modes import ModeName
from .serving import serving_provider

SECRET_VARIABLE: Final = "MADE_UP_PROVIDER_SECRET"  # noqa: S105  # a name


@click.command()
@click.option("--mode", type=click.Choice(get_args(ModeName)), default="oidc", help="Be like it.")
@click.option("--client-id", default="treenail-demo", help="The one client; returns to loopback.")
@click.option("--port", default=0, help="0 takes a free one.")
def main(mode: str, client_id: str, port: int) -> None:
    """Run a made-up provider on loopback."""
    client = FakeClient(client_id, os.environ.get(SECRET_VARIABLE))
    asyncio.run(_run(cast("ModeName", mode), client, port))


async def _run(mode: ModeName, client: FakeClient, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving_provider(mode, clients=[client], port=port) as provider:
        click.echo(f"provider at {provider.issuer}")
        await stop.wait()


if __name__ == "__main__":
    main()
