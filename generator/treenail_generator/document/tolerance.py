"""The parts of one operation: a fault costs the part where the operation can do without it."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, TypeAlias

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.model import Body, Media, Parameter, Response
from treenail_generator.document.parts import Context, read_body, read_parameter, read_response
from treenail_generator.document.references import Target, child
from treenail_generator.document.values import items, mapping

_Identity: TypeAlias = tuple[str, str]

# OpenAPI 3.1.1, section 4.8.12.1: definitions of these header parameters shall be ignored.
_IGNORED_HEADERS: Final = frozenset(
    ("header", name) for name in ("accept", "authorization", "content-type")
)


class Parts:
    """Reads the parts of one operation.

    Attributes:
        faults: What costs the operation.
        left_out: What costs only a part; says which.
    """

    def __init__(self, context: Context, endpoint: str) -> None:
        """Nothing is read yet; `endpoint` names the operation in messages."""
        self.faults: list[Diagnostic] = []
        self.left_out: list[Diagnostic] = []
        self._context = context
        self._endpoint = endpoint

    def parameters(self, lists: Iterable[Target]) -> tuple[Parameter, ...]:
        """Those of all lists; later lists override earlier ones, in one a parameter stands once."""
        merged: dict[_Identity, Parameter] = {}
        for owner in lists:
            own: dict[_Identity, Parameter] = {}
            for index, listed in enumerate(items(owner.value)):
                with self._collected():
                    found = self._parameter(Target((*owner.pointer, index), listed))
                    if found is not None:
                        self._add(own, found, Target((*owner.pointer, index), listed))
            merged |= own
        return tuple(kept for key, kept in merged.items() if key not in _IGNORED_HEADERS)

    def body(self, declared: Target) -> Body | None:
        """The request body; None when it has faults."""
        with self._collected():
            self._context.reach.check(declared)
            return read_body(self._context, declared)
        return None

    def responses(self, declared: Target) -> tuple[Response, ...]:
        """All of them; of one with faults nothing but its status and media types is known."""
        return tuple(
            self._response(status, child(declared, status))
            for status in mapping(declared.value)
            if not status.startswith("x-")
        )

    def _parameter(self, listed: Target) -> Parameter | None:
        """None for one that is left out."""
        fault = self._fault_of(listed)
        try:
            found = read_parameter(self._context, listed)
        except BuildError as error:
            raise fault or error from None
        if fault is None:
            return found
        if found.required:
            raise fault
        self._leave_out(fault, f"without the {found.place} parameter {found.name!r}")
        return None

    def _add(self, own: dict[_Identity, Parameter], found: Parameter, listed: Target) -> None:
        key = _identity(found)
        if key not in own:
            own[key] = found
            return
        first = own[key]
        message = f"{found.place} parameter {found.name!r} stands twice"
        if not self._is_same(first, found):
            self._context.fail(listed.pointer, f"{message}, with different words")
        self._note(listed, f"{self._endpoint}: {message}, in the same words")

    def _is_same(self, first: Parameter, second: Parameter) -> bool:
        value_at = self._context.references.value_at
        return value_at(first.pointer) == value_at(second.pointer)

    def _response(self, status: str, declared: Target) -> Response:
        without = f"nothing is known of the answer {status}"
        try:
            found = read_response(self._context, status, declared)
        except BuildError as error:
            self._leave_out(error, without)
            location = self._context.references.source.key_at(declared.pointer)
            return Response(status=status, description="", media=(), location=location)
        fault = self._fault_of(declared)
        if fault is None:
            return found
        self._leave_out(fault, without)
        return replace(found, media=tuple(_open(media) for media in found.media))

    def _fault_of(self, target: Target) -> BuildError | None:
        try:
            self._context.reach.check(target)
        except BuildError as error:
            return error
        return None

    def _leave_out(self, error: BuildError, without: str) -> None:
        self.left_out += (
            replace(fault, message=f"{self._endpoint}: {without}: {fault.message}")
            for fault in error.diagnostics
        )

    def _note(self, target: Target, message: str) -> None:
        location = self._context.references.source.at(target.pointer)
        self.left_out.append(Diagnostic(location, "invalid-openapi", message))

    @contextmanager
    def _collected(self) -> Generator[None]:
        try:
            yield
        except BuildError as error:
            self.faults.extend(error.diagnostics)


def _identity(parameter: Parameter) -> _Identity:
    """Case tells parameters apart, except in headers (RFC 9110, section 5.1)."""
    is_header = parameter.place == "header"
    return (parameter.place, parameter.name.lower() if is_header else parameter.name)


def _open(media: Media) -> Media:
    """The same, of which anything may come."""
    return replace(media, schema={}, item_schema=None, examples=())
