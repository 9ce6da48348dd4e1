"""A light stand-in for Phorest: every GET of its document, answered from memory.

Usage: upstream.py SPEC PORT. A path that ends in an id gets one record, a list one page of one.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any, Final, cast

import uvloop
import yaml

_SERVED_SECONDS: Final = 3600
"""Then it ends by itself, whatever became of the benchmark."""

_CLIENT: Final[dict[str, Any]] = {
    "clientId": "ttv4HUsbHAtBl96E-kFe_A",
    "version": 4,
    "firstName": "Aoife",
    "lastName": "Marlowe",
    "mobile": "353209100123",
    "landLine": "35312345678",
    "email": "aoife.marlowe@example.com",
    "address": {
        "streetAddress1": "12 Harbour Row",
        "streetAddress2": "Second floor, left",
        "city": "Dublin",
        "state": "Leinster",
        "postalCode": "D04 X285",
        "country": "IE",
    },
    "birthDate": "1988-04-17",
    "clientSince": "2022-03-05T10:00:00.000Z",
    "gender": "FEMALE",
    "notes": "Prefers the chair by the window. " * 26,
    "smsMarketingConsent": True,
    "emailMarketingConsent": False,
    "smsReminderConsent": True,
    "emailReminderConsent": True,
    "preferredStaffId": "9tWPo0mVjHQfYkzW8rB2Zg",
    "externalId": "crm-0004711",
    "archived": False,
    "banned": False,
    "clientCategoryIds": ["c0hF2vVJmF8bq1xR5nT7Ew", "Zk3mB9sLq0aWcY6uD4hJpA"],
    "creditAccount": {"outstandingBalance": 12.5, "creditDays": 30, "creditLimit": 250.0},
    "loyaltyCard": {"serial": "6334980012345678", "points": 1240.5},
    "lastVisitedBranchId": "OH6ngN-VsK7sXsnCIBKJtA",
    "firstVisit": "2022-03-12",
    "lastVisit": "2026-10-08",
    "deleted": False,
    "photoUrl": "https://images.example.com/clients/aoife.jpg",
    "createdAt": "2022-03-05T10:00:00.000Z",
    "updatedAt": "2026-10-08T16:42:10.000Z",
}
_PAGE: Final[dict[str, Any]] = {
    # Branches are what the login page of our connector asks for.
    "_embedded": {
        "clients": [_CLIENT],
        "branches": [{"branchId": "bench-branch", "name": "Harbour Row"}],
    },
    "page": {"size": 20, "totalElements": 1, "totalPages": 1, "number": 0},
}


def _answer(status: str, value: object) -> bytes:
    body = json.dumps(value, separators=(",", ":")).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


_RECORD_ANSWER: Final = _answer("200 OK", _CLIENT)
_PAGE_ANSWER: Final = _answer("200 OK", _PAGE)
_NOT_FOUND: Final = _answer("404 Not Found", {"errorCode": "NOT_FOUND"})


def answers_by_pattern(spec: Path) -> re.Pattern[bytes]:
    """Request lines of the document's GETs; the group `record` matches where an id is last."""
    document = yaml.load(spec.read_text(), Loader=yaml.CSafeLoader)
    paths = [path for path, item in document["paths"].items() if "get" in item]
    # `staff` is a list, `staff/{staffId}` a record: told apart by the last segment.
    records = "|".join(_pattern(path) for path in paths if path.endswith("}"))
    lists = "|".join(_pattern(path) for path in paths if not path.endswith("}"))
    line = rf"GET (?:(?:{lists})|(?P<record>{records}))(?:\?[^ ]*)? HTTP/1\.1\r\n"
    return re.compile(line.encode())


def _pattern(path: str) -> str:
    return "".join("[^/? ]+" if part[:1] == "{" else part for part in re.split(r"({\w+})", path))


class Upstream(asyncio.Protocol):
    """One connection: requests without a body, one after the other or all at once."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        *requests, self._received = (self._received + data).split(b"\r\n\r\n")
        for request in requests:
            found = self._pattern.match(request + b"\r\n")
            if found is None:
                self._transport.write(_NOT_FOUND)
            else:
                self._transport.write(_RECORD_ANSWER if found["record"] else _PAGE_ANSWER)


async def serve(spec: Path, port: int) -> None:
    """Listen on the loopback address."""
    pattern = answers_by_pattern(spec)
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Upstream(pattern), "127.0.0.1", port)
    await asyncio.sleep(_SERVED_SECONDS)


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
