"""Actions applied in order, each to what the one before left.

Source: OpenAPI Overlay 1.1.0, Action Object.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.derived import Origin, Origins
from treenail_generator.document.overlays.editing import Editor, kind_of
from treenail_generator.document.overlays.queries import Query, QueryError, select
from treenail_generator.document.overlays.reading import Action, Overlay, read_overlay
from treenail_generator.yaml_source import JSON, Pointer, Source


def apply_overlays(
    source: Source, files: Sequence[Source]
) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The document with the overlays in it, and a warning for each action that changed nothing.

    What an overlay brings has its place in the overlay's file.

    Args:
        source: The document.
        files: The overlays, in the order in which they are applied.

    Raises:
        BuildError: Faults of the overlays, and `overlay-conflict` where a value cannot be merged.
    """
    if not files:
        return source, ()
    faults: list[Diagnostic] = []
    overlays: list[Overlay] = []
    for file in files:
        try:
            overlays.append(read_overlay(file))
        except BuildError as error:
            faults.extend(error.diagnostics)
    if faults:
        raise BuildError(faults)
    return _applied(source, overlays)


def _applied(source: Source, overlays: Sequence[Overlay]) -> tuple[Source, tuple[Diagnostic, ...]]:
    editor = Editor(source)
    faults: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    for overlay in overlays:
        warnings.extend(_other_document(overlay, source.file))
        for action in overlay.actions:
            if editor.is_full:
                break
            try:
                if not _apply(editor, overlay.file, action):
                    message = f"{action.target} selects nothing in {source.file}"
                    warnings.append(_idle(overlay.file, action, message))
            except BuildError as error:
                faults.extend(error.diagnostics)
    if faults:
        raise BuildError(faults)
    return editor.source(), tuple(warnings)


def _apply(editor: Editor, file: Source, action: Action) -> bool:
    """Whether the action selected anything."""
    targets = _select(editor, file, (*action.pointer, "target"), action.target)
    kinds = {kind_of(editor.at(target)) for target in targets}
    if action.kind != "remove" and len(kinds) > 1:
        message = f"{action.target} selects {' and '.join(sorted(kinds))}; it has to be one kind"
        place = file.at((*action.pointer, "target"))
        raise BuildError([Diagnostic(place, "overlay-conflict", message)])
    match action.kind:
        case "remove":
            _remove(editor, file, action, targets)
        case "update":
            _check_size(editor, file, action, action.value, targets)
            origins = Origins(Origin(file, (*action.pointer, "update")))
            for target in targets:
                editor.merge(target, action.value, origins)
        case "copy":
            _copy(editor, file, action, targets)
    return bool(targets)


def _remove(editor: Editor, file: Source, action: Action, targets: Sequence[Pointer]) -> None:
    """The last first, so that the indexes of those before still hold."""
    if () in targets:
        place = file.at((*action.pointer, "target"))
        message = "the whole document cannot be removed"
        raise BuildError([Diagnostic(place, "overlay-conflict", message)])
    for target in reversed(targets):
        editor.remove(target)


def _copy(editor: Editor, file: Source, action: Action, targets: Sequence[Pointer]) -> None:
    pointer = (*action.pointer, "copy")
    found = _select(editor, file, pointer, action.source) if action.source is not None else ()
    if len(found) != 1:
        message = f"{action.source} selects {len(found) or 'no'} values; a copy is made of one"
        raise BuildError([Diagnostic(file.at(pointer), "overlay-conflict", message)])
    value = editor.at(found[0])
    _check_size(editor, file, action, value, targets)
    origins = editor.origins.branch(found[0])
    editor.share()
    for target in targets:
        editor.merge(target, value, origins)
        editor.share()


def _check_size(
    editor: Editor, file: Source, action: Action, value: JSON, targets: Sequence[Pointer]
) -> None:
    message = editor.why_not(value, targets)
    if message is not None:
        place = file.at((*action.pointer, "target"))
        raise BuildError([Diagnostic(place, "too-large", message)])


def _select(editor: Editor, file: Source, pointer: Pointer, query: Query) -> tuple[Pointer, ...]:
    try:
        return select(query, editor.value)
    except QueryError as error:
        message = f"{query} cannot be evaluated: {error}"
        raise BuildError([Diagnostic(file.at(pointer), "overlay-conflict", message)]) from None


def _other_document(overlay: Overlay, document: str) -> list[Diagnostic]:
    """A relative `extends` names a file; a whole URL may well be where the document came from."""
    meant = overlay.extends
    if meant is None or urlsplit(meant).scheme or meant.startswith("/"):
        return []
    if PurePosixPath(meant).name == PurePosixPath(document).name:
        return []
    message = f"the overlay is meant for {meant!r}, not for {document}"
    place = overlay.file.at(("extends",))
    return [Diagnostic(place, "overlay-extends", message, severity="warning")]


def _idle(file: Source, action: Action, message: str) -> Diagnostic:
    place = file.at((*action.pointer, "target"))
    hint = "the document may have changed; the action changes nothing"
    return Diagnostic(place, "overlay-idle", message, hint=hint, severity="warning")
