"""ruff over generated text: unused imports out, one canonical form."""

import subprocess
from typing import Final

from ruff.__main__ import find_ruff_bin  # pyright: ignore[reportMissingTypeStubs]  # it has none

# Isolated: the form of the committed module must not depend on a reader's configuration.
_COMMON: Final = ("--isolated", "--quiet", "--target-version", "py311", "--line-length", "100")


_FIRST_PARTY: Final = 'lint.isort.known-first-party = ["treenail_runtime"]'


class FormattingError(Exception):
    """The rendered text is no Python; a fault of the templates, not of the inputs."""


def formatted(text: str) -> str:
    """`text` without unused imports, and these sorted, in ruff's format."""
    fixed = _ruff(text, "check", "--fix-only", "--select", "F401,I001", "--config", _FIRST_PARTY)
    return _ruff(fixed, "format")


def _ruff(text: str, command: str, *options: str) -> str:
    done = subprocess.run(  # noqa: S603  # our own pinned tool, over text
        [find_ruff_bin(), command, *_COMMON, *options, "--stdin-filename", "connector.py", "-"],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise FormattingError(done.stderr.strip() or "ruff refused the rendered text")
    return done.stdout
