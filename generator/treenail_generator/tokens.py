"""What a piece of JSON costs a model's context: UTF-8 bytes of compact JSON divided by four.

An estimate with a known rule, the same on every machine; docs/decisions/0004-token-count.md says
why no tokenizer counts here.
"""

import json
from typing import Any

_BYTES_PER_TOKEN = 4


def compact(value: Any) -> str:
    """`value` as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def count_tokens(value: Any) -> int:
    """The estimate, rounded up."""
    return tokens_of(len(compact(value).encode()))


def tokens_of(size: int) -> int:
    """The estimate for `size` bytes of compact JSON, rounded up."""
    return -(-size // _BYTES_PER_TOKEN)
