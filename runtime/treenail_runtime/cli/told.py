"""How the command line tells that it cannot do what was asked."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from treenail_runtime.settings import ConfigurationError


@contextmanager
def told() -> Generator[None]:
    """End the process with status 2 and one line per problem, without a stack trace."""
    try:
        yield
    except ConfigurationError as error:
        for problem in error.problems:
            click.echo(f"treenail: {problem}", err=True)
        sys.exit(2)
