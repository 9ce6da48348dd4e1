"""Answers of upstreams that are given again."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "CACHE-FILE": Requirement(
        "ours; RFC 9110 9.3.1 and 9.3.2",
        "a tool keeps answers only if the connector file says so, of a GET or HEAD that reads, for 1"
        " second to 1 hour; lock, diff, page and lint tell it",
    ),
    "CACHE-OWN": Requirement(
        "ours",
        "an answer is given again to the same connection with the same credentials, settings and"
        " request only, also where the upstream knows nobody",
    ),
    "CACHE-FRESH": Requirement(
        "RFC 9111 3, 4.1, 4.2, 5.2",
        "only a sound answer 200 is kept, for no longer than the upstream allows: no-store, no-cache,"
        " max-age, Age, Expires, Vary: *",
    ),
    "CACHE-WRITE": Requirement(
        "ours; RFC 9111 4.4",
        "after a write through a connection nothing from before it is given again, in any worker",
    ),
    "CACHE-BOUND": Requirement(
        "ours",
        "what is held has limits in number and bytes, for each connection, too; the least recently"
        " used goes first",
    ),
    "CACHE-FLIGHT": Requirement(
        "ours",
        "of equal reads at one time one is sent; its failure, end or delay is no other's",
    ),
    "CACHE-END": Requirement(
        "ours",
        "answers of a connection or an instance go with it, with its settings, and at an operator's"
        " word; the upstream's 401 ends them",
    ),
    "CACHE-TOLD": Requirement("ours", "looks and what is held are counted"),
}
