"""What came in lately, so that a test can look at the wire."""

from collections import deque
from typing import Final
from urllib.parse import unquote_plus

from treenail_generator.document import JSON

from .wire import Call

_KEPT: Final = 1000
_LONGEST_BODY: Final = 100_000
_HIDDEN: Final = "***"


class Journal:
    """The last thousand requests; credentials are told only as having been there."""

    def __init__(self, secret_names: frozenset[str]) -> None:
        """`secret_names` are headers and query parameters in lower case."""
        self._secret_names = secret_names
        self._entries: deque[JSON] = deque(maxlen=_KEPT)

    def reset(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def add(self, call: Call, status: int | None) -> None:
        """Note a request and its status, None when it was never answered."""
        self._entries.append(
            {
                "method": call.method,
                "path": call.path,
                "query": self._query(call.query_string),
                "headers": [
                    [name, _HIDDEN if name in self._secret_names else value]
                    for name, value in call.headers
                ],
                "body": call.body[:_LONGEST_BODY].decode(errors="replace"),
                "status": status,
            }
        )

    def last(self, count: int) -> list[JSON]:
        """The newest requests, oldest first."""
        return [*self._entries][-count:] if count > 0 else []

    def _query(self, text: str) -> str:
        """As it stood on the wire."""
        pairs = text.split("&")
        names = [unquote_plus(pair.partition("=")[0]) for pair in pairs]
        return "&".join(
            f"{pair.partition('=')[0]}={_HIDDEN}" if name.lower() in self._secret_names else pair
            for name, pair in zip(names, pairs, strict=True)
        )
