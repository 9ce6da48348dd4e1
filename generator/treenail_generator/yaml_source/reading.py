"""Text to data, by the reader that fits."""

import gc
import re
from collections.abc import Generator
from contextlib import contextmanager

from treenail_generator.diagnostics import BuildError, Diagnostic, Location
from treenail_generator.yaml_source.data import MAX_CHARACTERS
from treenail_generator.yaml_source.json_text import read_json
from treenail_generator.yaml_source.source import Source
from treenail_generator.yaml_source.yaml_text import read_yaml

_LOOKS_LIKE_JSON = re.compile(r"\s*[{[]")


def read_source(text: str, file: str) -> Source:
    """Read one YAML 1.2 or JSON document.

    Keys are texts, whatever they look like; only `true` and `false` are booleans; dates stay
    texts. An empty document has the value None.

    Raises:
        BuildError: `yaml-syntax`, `duplicate-key` (all of them) or `too-large`.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"more than {MAX_CHARACTERS:,} characters"
        raise BuildError([Diagnostic(Location(file, 1, 1), "too-large", message)])
    text = text.removeprefix("\ufeff")
    with _collector_paused():
        found = read_json(text, file) if _LOOKS_LIKE_JSON.match(text) else None
        # YAML's flow style knows comments, single quotes and more, and looks like JSON.
        return read_yaml(text, file) if found is None else found


@contextmanager
def _collector_paused() -> Generator[None]:
    """Reading makes millions of values and no cycle; to look for one takes longer than to read."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
