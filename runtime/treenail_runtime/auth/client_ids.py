"""What can be a client's id."""

import re
from typing import Final

LONGEST: Final = 512
"""Characters of a client id, as many as its column holds."""

# Neither spaces, which RFC 6749 A.1 would allow, nor NUL, which PostgreSQL cannot store.
_CLIENT_ID: Final = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")


def is_client_id(text: str) -> bool:
    """Whether a client can have that id; nothing else is looked up."""
    return _CLIENT_ID.fullmatch(text) is not None
