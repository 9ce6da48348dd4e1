"""ruff over generated text: one canonical form."""

import subprocess
from typing import Final

from ruff.__main__ import find_ruff_bin  # pyright: ignore[reportMissingTypeStubs]  # it has none

# Isolated: the form of the committed module must not depend on a reader's configuration.
_OPTIONS: Final = ("--isolated", "--quiet", "--target-version", "py311", "--line-length", "100")


class FormattingError(Exception):
    """The rendered text is no Python; a fault of the templates, not of the inputs."""


def formatted(text: str) -> str:
    """`text` in ruff's format.

    Raises:
        FormattingError: It is no Python.
    """
    done = subprocess.run(  # noqa: S603  # our own pinned tool, over text
        [find_ruff_bin(), "format", *_OPTIONS, "--stdin-filename", "connector.py", "-"],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise FormattingError(done.stderr.strip() or "ruff refused the rendered text")
    return done.stdout
