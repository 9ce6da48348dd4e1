"""Streams on which clients hear that the tools have changed."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "MCP-LISTEN": Requirement(
        "MCP 2026-07-28, Subscriptions",
        "subscriptions/listen: acknowledged first, with what will be told and nothing else; each "
        "message carries the id of the request; notifications/tools/list_changed for the streams "
        "whose tools have changed; promised in server/discover alone, where it can be kept",
    ),
    "LISTEN-GATE": Requirement(
        "ours",
        "a stream begins where a call would be served and ends when one would be no more: the token, "
        "the grant, the connection, the instance",
    ),
    "LISTEN-BOUNDS": Requirement(
        "ours",
        "streams are bounded by worker and by login, and no instance takes all places of a worker; "
        "who asks for one too many is told, and a client that does not read costs no more than one "
        "that does",
    ),
    "LISTEN-ALIVE": Requirement(
        "ours", "a stream shows that it is alive, and no proxy is to hold it back or keep it"
    ),
    "LISTEN-DRAIN": Requirement(
        "ours", "a server that stops ends its streams at once, with their result"
    ),
}
