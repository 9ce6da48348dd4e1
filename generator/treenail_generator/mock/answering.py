"""One valid request to one answer: from the store where it is about records, else made up."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from treenail_generator.document import JSON, Media, Operation
from treenail_generator.document.values import mapping
from treenail_generator.plan import ABSENT

from .echoing import Echo, Scope
from .letters import letters
from .links import with_links
from .listings import find_paging, page_asked, put, with_page
from .resources import Resource, Resources, Role, json_media, success
from .sampling import NoSampleError, Sampler, Spot
from .shapes import Shapes
from .store import Record, Store
from .validating import Given
from .wire import Answer, Call, Refusal, json_bytes
from .writing import Writer

UNKNOWN: Final = "unknown"
"""The id that nothing ever has."""


class Answers:
    """Answers requests that have been validated."""

    def __init__(
        self, shapes: Shapes, sampler: Sampler, resources: Resources, store: Store, writer: Writer
    ) -> None:
        self._shapes = shapes
        self._sampler = sampler
        self._resources = resources
        self._store = store
        self._writer = writer
        self._echo = Echo(shapes, sampler)
        self._envelopes: dict[str, JSON] = {}

    def check_ids(self, given: Given) -> None:
        """Do nothing when all the ids in the path may exist.

        Raises:
            Refusal: 404 for one that does not.
        """
        for name, value in given.ids.items():
            if value == UNKNOWN:
                raise Refusal(404, f"there is no {name} {value!r}")
        for resource in self._resources.named_in(given.operation.path):
            key = given.ids[resource.parameter or ""]
            if self._store.get(resource, given.ids, key) is None:
                raise Refusal(404, f"there is no {resource.parameter} {key!r}")

    def answer(self, given: Given, call: Call) -> Answer:
        """What the upstream would answer.

        Raises:
            Refusal: It would say no, or nothing valid could be made up (501).
        """
        operation = given.operation
        response = success(operation)
        status = int(response.status) if response and response.status.isdecimal() else 200
        role = self._resources.roles.get(operation.endpoint)
        media = json_media(response)
        try:
            value = self._value(given, call, role, media)
        except NoSampleError as error:
            raise Refusal(501, f"no value for {error} could be made up: add an example") from error
        if media is None:
            other = next(iter(response.media), None) if response is not None else None
            return Answer(status=status) if other is None else _other(status, other)
        if (fault := self._shapes.fault(media.schema, value)) is not None:
            raise Refusal(501, f"the mock's answer would not be valid: {fault}")
        return Answer(status=status, body=json_bytes(value), content_type=media.content_type)

    def _value(self, given: Given, call: Call, role: Role | None, media: Media | None) -> JSON:
        if role is None:
            return None if media is None else self._made_up(given, media)
        if role.action == "list":
            return self._list(given, call, role, media)
        record = self._acted(given, role)
        return None if media is None else self._told(given, role, media, record)

    def _acted(self, given: Given, role: Role) -> Record:
        """The record that a request reads or writes; `check_ids` has seen that it exists."""
        resource, operation, parents = role.resource, given.operation, given.ids
        if role.action == "create":
            return self._writer.create(resource, operation, given.body, parents)
        key = given.ids[resource.parameter or ""]
        record = self._store.get(resource, parents, key) or {}
        if role.action == "update":
            return self._writer.update(resource, operation, given.body, record, parents)
        if role.action == "delete":
            self._store.tick()
            self._store.put(resource, parents, key, None)
        return record

    def _list(self, given: Given, call: Call, role: Role, media: Media | None) -> JSON:
        listing = role.listing
        if listing is None or media is None:
            return None
        records = self._store.all(role.resource, given.ids)
        for wanted in self._filters(given.operation, call, listing.item):
            records = [record for record in records if _is_meant(record, wanted)]
        paging = find_paging(given.operation)
        page = page_asked(paging, call.query, len(records))
        shown: list[JSON] = [
            self._projected(listing.item, record, role.resource)
            for record in records[page.start : page.start + page.size]
        ]
        answer = with_page(listing, self._envelope(given.operation, media), shown, page)
        return with_links(self._shapes, media.schema, answer, call, page, paging)

    def _filters(
        self, operation: Operation, call: Call, item: JSON
    ) -> Iterator[tuple[str, frozenset[str]]]:
        """Property names with the texts that a record may have there."""
        by_letters = {letters(name): name for name in self._shapes.properties(item)}
        paging = find_paging(operation).names
        for name in dict.fromkeys(name for name, _ in call.query):
            if name not in paging and letters(name) in by_letters:
                values = frozenset(value for key, value in call.query if key == name)
                yield by_letters[letters(name)], values

    def _told(self, given: Given, role: Role, media: Media, record: Record) -> JSON:
        inner: JSON = media.schema
        for name in role.within:
            inner = self._shapes.properties(inner)[name]
        told = self._projected(inner, record, role.resource)
        return (
            put(self._envelope(given.operation, media), role.within, told) if role.within else told
        )

    def _projected(self, schema: JSON, record: Record, resource: Resource) -> JSON:
        """The record as another schema shows it."""
        if self._shapes.flat(schema) is self._shapes.flat(resource.schema):
            return record
        properties = self._shapes.properties(schema)
        told: Record = {name: record[name] for name in properties if name in record}
        if not properties:
            told = record
        if self._shapes.fits(schema, told):
            return told
        bare = self._sampler.sample(schema, Spot(collection=resource.path, bare=True))
        return {**mapping(bare), **told}

    def _envelope(self, operation: Operation, media: Media) -> JSON:
        """The made-up rest of an answer that holds records."""
        if operation.endpoint not in self._envelopes:
            example = next(iter(media.examples), ABSENT)
            made = self._sampler.sample(media.schema, Spot(depth=1), example)
            self._envelopes[operation.endpoint] = made
        return self._envelopes[operation.endpoint]

    def _made_up(self, given: Given, media: Media) -> JSON:
        example = next(iter(media.examples), ABSENT)
        value = self._sampler.sample(media.schema, Spot(), example)
        said: Mapping[str, JSON] = {**given.parameters, **given.ids, **mapping(given.body)}
        return self._echo.into(media.schema, value, Scope(said))


def _is_meant(record: Record, wanted: tuple[str, frozenset[str]]) -> bool:
    name, texts = wanted
    value = record.get(name)
    found = value if isinstance(value, list) else [value]
    return any(_text(each) in texts for each in found)


def _text(value: JSON) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _other(status: int, media: Media) -> Answer:
    """An answer that is no JSON."""
    example = next(iter(media.examples), "text")
    body = example if isinstance(example, str) else "text"
    return replace(Answer(status=status), body=body.encode(), content_type=media.content_type)
