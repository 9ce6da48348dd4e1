"""A document of several files as one: the others stand under a key of their own.

A reference to `other.yaml#/Pet` becomes one to `#/x-files/other.yaml/other/Pet`, so that everything
behind this module knows one document only. Every part keeps the place in its own file.
"""

from collections import deque
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final
from urllib.parse import unquote, urlsplit

from treenail_generator.document.derived import DerivedSource, Origin, Origins
from treenail_generator.document.inputs import ReadOther, TextFile
from treenail_generator.document.references import MAPS_OF_NAMES, NOT_FOLLOWED, join_ref, ref_of
from treenail_generator.document.values import mapping
from treenail_generator.yaml_source import JSON, Pointer, Source, read_source

FILES: Final = "x-files"


def gather(source: Source, read_other: ReadOther) -> tuple[Source, tuple[TextFile, ...]]:
    """The document with every file that it leads to, and those files in the order of discovery.

    References that lead to no readable file stay as they are, for the reader to refuse.

    Args:
        source: The first document; the paths in it start at its folder.
        read_other: Reads a file by its path from there.

    Raises:
        BuildError: A file is no YAML or JSON.
    """
    gathering = _Gathering(source, read_other)
    root = gathering.rewritten(source.value, "")
    gathering.read_all()
    if not gathering.files:
        return source, ()
    value: dict[str, JSON] = {**mapping(root), FILES: dict[str, JSON](gathering.found)}
    return DerivedSource(value, gathering.origins, source.file), tuple(gathering.files)


class _Gathering:
    def __init__(self, source: Source, read_other: ReadOther) -> None:
        self.found: dict[str, JSON] = {}
        self.files: list[TextFile] = []
        self.origins = Origins(Origin(source, ()))
        self._folder = PurePosixPath(source.file).parent
        self._own_name = PurePosixPath(source.file).name
        self._read_other = read_other
        self._texts: dict[str, str | None] = {}
        self._waiting: deque[str] = deque()

    def read_all(self) -> None:
        while self._waiting:
            path = self._waiting.popleft()
            file = TextFile(self._texts[path] or "", str(self._folder / path))
            source = read_source(file.text, file.file)
            self.files.append(file)
            self.origins.put(_place(path), Origin(source, ()))
            self.found[path] = {PurePosixPath(path).stem: self.rewritten(source.value, path)}

    def rewritten(self, value: JSON, path: str) -> JSON:
        """The value with its references made local; the same one where nothing changes."""
        if isinstance(value, list):
            listed = [self.rewritten(item, path) for item in value]
            return listed if any(a is not b for a, b in zip(listed, value, strict=True)) else value
        if not isinstance(value, dict):
            return value
        fields = {key: self._field(key, inner, path) for key, inner in value.items()}
        if (ref := ref_of(value)) is not None:
            fields["$ref"] = self._local(ref, path)
        return fields if any(fields[key] is not value[key] for key in value) else value

    def _field(self, key: str, value: JSON, path: str) -> JSON:
        if key in MAPS_OF_NAMES and isinstance(value, dict):
            fields = {name: self.rewritten(inner, path) for name, inner in value.items()}
            return fields if any(fields[name] is not value[name] for name in value) else value
        if key in NOT_FOLLOWED or key.startswith("x-"):
            return value
        return self.rewritten(value, path)

    def _local(self, ref: str, path: str) -> str:
        """The reference as one from the root of the gathered document."""
        wanted, _, fragment = ref.partition("#")
        if fragment and not fragment.startswith("/"):
            return ref
        target = self._path(wanted, path) if wanted else path
        if target is None:
            return ref
        if not target:
            return ref if not wanted else f"#{fragment}"
        return join_ref(_place(target)) + fragment

    def _path(self, wanted: str, path: str) -> str | None:
        """From the first document's folder; empty for that document, None for no readable file."""
        split = urlsplit(wanted)
        if split.scheme or split.netloc or split.query:
            return None
        joined = normpath(str(PurePosixPath(path).parent / unquote(wanted)))
        if joined.startswith(("/", "../")) or "\\" in joined or "\0" in joined:
            return None
        if joined == self._own_name:
            return ""
        if joined not in self._texts:
            self._texts[joined] = self._read_other(joined)
            if self._texts[joined] is not None:
                self._waiting.append(joined)
        return None if self._texts[joined] is None else joined


def _place(path: str) -> Pointer:
    """Where a file stands; its last step is the name of a reference to the whole file."""
    return (FILES, path, PurePosixPath(path).stem)
