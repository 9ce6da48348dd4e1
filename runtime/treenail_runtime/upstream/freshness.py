"""For how long an upstream lets its answer be used again (RFC 9111), for a cache of one connection."""

import math
from collections.abc import Mapping

from treenail_runtime.caching_headers import age_s, directives, expires_s, seconds

_OK = 200


def allowed_s(status: int, headers: Mapping[str, str]) -> float:
    """Seconds; 0 when the answer may not be kept, infinite when the upstream says nothing.

    `private` is fine (5.2.2.7), and `s-maxage` is for others (5.2.2.10): nothing is shared. `Vary`
    is kept by comparing whole requests, but for `*`, which no request is like (4.1). Where
    `no-cache` would have us ask again (5.2.2.4), there is nothing to gain.

    Args:
        status: Of the answer.
        headers: Of the answer, by name in any case.
    """
    told = directives(headers.get("cache-control", ""))
    varies = {each.strip() for each in headers.get("vary", "").split(",")}
    if status != _OK or "*" in varies or not told.keys().isdisjoint({"no-store", "no-cache"}):
        return 0.0
    if "max-age" in told:
        return max(0.0, seconds(told["max-age"]) - age_s(headers))
    if "expires" in headers:
        return max(0.0, (expires_s(headers) or 0.0) - age_s(headers))
    return math.inf
