"""Files that are given to commands, such as hold secrets."""

from typing import IO

from treenail_runtime.settings import ConfigurationError


def read_text(file: IO[str], option: str) -> str:
    """The text of a file.

    Raises:
        ConfigurationError: It is no text in UTF-8.
    """
    try:
        return file.read()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{option}: the file is no text in UTF-8") from None


def read_secret(file: IO[str], option: str) -> str:
    """The one secret that a file holds, without the white space around it.

    Raises:
        ConfigurationError: It holds none, or no text.
    """
    secret = read_text(file, option).strip()
    if not secret:
        raise ConfigurationError(f"{option}: the file is empty")
    return secret
