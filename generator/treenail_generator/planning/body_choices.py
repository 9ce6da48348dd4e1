"""Which media type of a request body is sent, and the schema of what it is made of."""

from dataclasses import dataclass, replace
from typing import Final, cast

from treenail_generator.connector_file import BodySection
from treenail_generator.document import Body, Media, Operation, Schema
from treenail_generator.media_types import essence, is_lines, is_media_range
from treenail_generator.plan import BodyKind

from .faults import Faults
from .files import as_files, holds_files
from .media_types import body_kind, preferred, sendable, without_parts
from .parts import apart, with_files
from .verbs import Verbs
from .views import View, Views

WHOLE: Final = "body"
_FORMS: Final = frozenset({"form", "multipart"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenBody:
    """The media type that is sent."""

    body: Body
    media: Media
    kind: BodyKind
    view: View

    @property
    def is_form(self) -> bool:
        """Whether its fields are sent one by one."""
        return self.kind in _FORMS

    def accepts(self, name: str) -> tuple[str, ...]:
        """The media types that a file may have: of the body, or of the part called `name`."""
        if self.kind == "binary":
            told = essence(self.media.content_type)
        else:
            encoding = self.media.encoding.get(name or "*")
            told = encoding.content_type or "" if encoding is not None else ""
        ranges = tuple(essence(each) for each in told.split(",") if is_media_range(each.strip()))
        # Any bytes are that.
        return () if {"*/*", "application/*", "application/octet-stream"} & {*ranges} else ranges


class BodyChoices:
    """Chooses for one tool's operation."""

    def __init__(self, views: Views, verbs: Verbs, faults: Faults) -> None:
        self._views = views
        self._verbs = verbs
        self._faults = faults

    def chosen(self, operation: Operation, section: BodySection) -> ChosenBody | None:
        """What is sent; None where nothing can be, or nothing tells what."""
        body = operation.body
        if body is None:
            return None
        if not body.media:
            self._faults.note(
                body.location, "body-untold", f"{operation.key}: nothing tells what its body is"
            )
            return None
        body = replace(body, media=sendable(body, self._faults))
        self._tell_unknown_media(body, section)
        offered = [self._in_sequence(each) for each in body.media]
        if not offered:
            return None
        views = {each.content_type: self._views.of(each.schema) for each in offered}
        kinds: dict[str, BodyKind] = {name: body_kind(name, view) for name, view in views.items()}
        said = [each for each in offered if each.content_type == section.media]
        media = said[0] if said else preferred(offered, kinds)
        if len(body.media) > 1 and not said:
            self._faults.note(
                media.location,
                "media-type-chosen",
                f"{operation.key}: its body is sent as {media.content_type}",
                hint="choose another: body: {media: ...}",
            )
        kind = kinds[media.content_type]
        if kind == "multipart":
            media = self._in_parts(media, operation)
        return ChosenBody(body=body, media=media, kind=kind, view=self._views.of(media.schema))

    def _in_parts(self, media: Media, operation: Operation) -> Media:
        """The multipart body with the fields that can be parts, each on its own."""
        views = self._views
        found = apart(media.schema, views)
        view, lost = found or (views.of(media.schema), ())
        if lost:
            self._faults.note(
                media.location,
                "parts-not-checked",
                f"{operation.key}: its body holds files, so that {' and '.join(lost)} of its schema "
                "is left to the upstream; its fields are offered",
                severity="warning",
            )
        own = with_files(view, media.encoding, views)
        self._tell_inner_files(media, own)
        return media if own is view and found is None else replace(media, schema=own)

    def _tell_inner_files(self, media: Media, view: View) -> None:
        views = self._views
        for name, schema in cast("dict[str, object]", view.get("properties") or {}).items():
            if as_files(schema, views) is None and holds_files(schema, views):
                self._faults.note(
                    media.location,
                    "file-as-text",
                    f"body field {name!r}: a file inside it has no part of its own; it is sent as "
                    "a text in JSON",
                    severity="warning",
                )

    def _in_sequence(self, media: Media) -> Media:
        """The media type with the schema of all its items, where it is JSON texts in a row.

        OpenAPI 3.2, 4.14.2: `itemSchema` is that of one; so is a `schema` of no list, before 3.2.
        """
        is_listed = media.positional or media.item_schema is not None
        if is_listed and not media.schema and media.content_type.startswith("multipart/"):
            return replace(media, schema={"type": "array", "items": media.item_schema or {}})
        view = self._views.of(media.schema)
        untold = "array" if "items" in view else "string" if not view else ""
        kind = view.get("type", untold)
        if not is_lines(media.content_type) or (
            kind in {"array", "string"} and not media.item_schema
        ):
            return media
        items: Schema = media.item_schema or media.schema
        return replace(media, schema={"type": "array", "items": items})

    def has_parts(self, chosen: ChosenBody) -> bool:
        """Whether the body can be made at all; reports it when not, unless it is hidden."""
        told = without_parts(chosen.media.content_type, chosen.kind, chosen.view)
        first = cast("list[object]", chosen.view.get("prefixItems") or [])
        apart = [*first, *([chosen.view.get("items")] if first else [])]
        if chosen.kind == "multipart" and any(as_files(each, self._views) for each in apart):
            told = "a file in prefixItems, or behind them,"
        if told is None:
            return True
        if chosen.body.required or not self._verbs.of(WHOLE, "body").param.hide:
            self._faults.add(
                chosen.media.location,
                "unsupported-body",
                f"the body is {chosen.media.content_type}, of which {told} has no form",
                hint="say by an overlay which fields it has",
            )
        return False

    def _tell_unknown_media(self, body: Body, section: BodySection) -> None:
        offered = [each.content_type for each in body.media]
        if section.media is not None and section.media not in offered:
            self._faults.add(
                self._verbs.at_tool("body", "media"),
                "unknown-media-type",
                f"the operation takes no {section.media!r}",
                hint=f"it takes: {', '.join(offered)}",
            )
