"""Answers that nobody hopes for, on demand."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from .wire import JSON_TYPE, Answer, Call, Refusal, phrase

FaultName: TypeAlias = Literal[
    "401",
    "403",
    "404",
    "409",
    "412",
    "429",
    "500",
    "503",
    "slow",
    "reset",
    "oversized",
    "malformed",
    "empty",
    "html",
]
FAULTS: Final[tuple[FaultName, ...]] = get_args(FaultName)
FAULT_HEADER: Final = "x-mock-fault"
DELAY_HEADER: Final = "x-mock-delay"
DETAIL_HEADER: Final = "x-mock-detail"

OVERSIZED: Final = 20_000_000
_CHUNK: Final = 100_000
_DELAY_S: Final = 5.0
_LONGEST_DELAY_S: Final = 60.0
_RETRY_AFTER: Final = "1"
_HTML: Final = b"<!doctype html><html><body><h1>Service notice</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for every request, or with `every` for each n-th one."""

    name: FaultName
    every: int = 1

    def strikes(self, number: int) -> bool:
        """Whether the request of that number, counted from 1, meets the fault."""
        return number % max(self.every, 1) == 0


def fault_named(text: str) -> FaultName | None:
    """The fault of that name, None when there is none."""
    return next((name for name in FAULTS if name == text.strip().lower()), None)


def asked_fault(call: Call) -> FaultName | None:
    """The fault that the request itself asks for.

    Raises:
        Refusal: There is no such fault.
    """
    wanted = call.header(FAULT_HEADER)
    if wanted is None:
        return None
    name = fault_named(wanted)
    if name is None:
        raise Refusal(400, f"X-Mock-Fault: {wanted!r} is none of {', '.join(FAULTS)}")
    return name


def asked_delay(call: Call) -> float:
    """How many seconds a `slow` answer takes: what the request asks for, 60 at most."""
    try:
        delay = float(call.header(DELAY_HEADER) or _DELAY_S)
    except ValueError:
        return _DELAY_S
    return min(max(delay, 0.0), _LONGEST_DELAY_S) if math.isfinite(delay) else _DELAY_S


def refusal(name: FaultName, call: Call) -> Refusal | None:
    """The refusal with the fault's status, None for a fault of another sort."""
    if not name.isdecimal():
        return None
    status = int(name)
    headers = {"401": {"WWW-Authenticate": "Basic"}, "429": {"Retry-After": _RETRY_AFTER}}
    reason = call.header(DETAIL_HEADER) or f"{phrase(status)} (asked for)"
    return Refusal(status, reason, headers=headers.get(name))


def spoilt(name: FaultName) -> Answer | None:
    """An answer that says 200 and is useless, None for a fault of another sort."""
    match name:
        case "malformed":
            return Answer(
                status=200, body=b'{"data": [{"id": "1", "name": ', content_type=JSON_TYPE
            )
        case "empty":
            return Answer(status=200, content_type=JSON_TYPE)
        case "html":
            return Answer(status=200, body=_HTML, content_type="text/html; charset=utf-8")
        case _:
            return None


def oversized() -> Iterator[bytes]:
    """Valid JSON of 20 MB, piece by piece."""
    yield b'{"padding":"'
    for _ in range(OVERSIZED // _CHUNK):
        yield b"x" * _CHUNK
    yield b'"}'
