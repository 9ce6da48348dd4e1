"""Our own reader of HTTP requests by the rules of OpenAPI.

Written against the tables of the specification and RFC 6570, from the document alone: it knows
neither the plan nor the runtime's encoder, so that each proves the other.
"""

from .readings import (
    NOTHING,
    DecodingError,
    Known,
    NothingRead,
    Octets,
    Reading,
    Several,
    Word,
    equals,
    same,
    told,
    values,
)
from .request import Part, RequestDecoder, Values, Wire

__all__ = [
    "NOTHING",
    "DecodingError",
    "Known",
    "NothingRead",
    "Octets",
    "Part",
    "Reading",
    "RequestDecoder",
    "Several",
    "Values",
    "Wire",
    "Word",
    "equals",
    "same",
    "told",
    "values",
]
