"""The document's servers as regions of a connector file."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final
from urllib.parse import urlsplit

from treenail_generator.document import Document, Operation, Server
from treenail_generator.naming import free_name, snake_case
from treenail_generator.planning.servers import example_url

from .proposal import RegionProposal
from .words import plain_text, shortened

_URL: Final = re.compile(r"https?://[^\s?#{}/]+[^\s?#{}]*")
_LOOPBACK: Final = re.compile(r"http://(?:localhost|127(?:\.[0-9]+){3}|\[::1\])(?:[:/]|$)")
_MOST_REGIONS: Final = 12
_LONGEST_KEY: Final = 24
_LONGEST_TITLE: Final = 60
_PLACEHOLDER: Final = "https://api.example.com"


def propose_regions(
    document: Document, operations: Sequence[Operation]
) -> tuple[RegionProposal, ...]:
    """A region for each server and each value of its variables; a placeholder when there is none.

    A document that names no server at all may do so at its operations: the first ones are taken.
    """
    servers = document.servers or next((each.servers for each in operations if each.servers), ())
    regions: dict[str, RegionProposal] = {}
    found = list(islice(_urls(servers), _MOST_REGIONS))
    seen: set[str] = set()
    listed = {url for _, url in found}
    for server, url in found:
        # What is proposed for a host without TLS is the same with it.
        if url in seen or (_is_in_clear(url) and f"https{url.removeprefix('http')}" in listed):
            continue
        seen.add(url)
        region = _region(server, url, regions, is_root=bool(document.servers))
        regions[region.key] = region
    return tuple(regions.values()) or (_placeholder(document),)


def _urls(servers: Sequence[Server]) -> Iterator[tuple[Server, str]]:
    for server in servers:
        for url in _resolved(server):
            absolute = f"https:{url}" if url.startswith("//") else url
            if _URL.fullmatch(absolute):
                yield server, absolute.rstrip("/")


def _resolved(server: Server) -> Iterator[str]:
    """The URL with every choice of its variables, the defaults first."""
    if any(not each.default and not each.enum for each in server.variables.values()):
        yield example_url(server)
        return
    choices = [
        [(name, each) for each in dict.fromkeys((variable.default, *variable.enum))]
        for name, variable in server.variables.items()
    ]
    for chosen in islice(product(*choices), _MOST_REGIONS):
        url = server.url.strip()
        for name, each in chosen:
            url = url.replace(f"{{{name}}}", each)
        yield url


def _region(
    server: Server, url: str, taken: dict[str, RegionProposal], *, is_root: bool
) -> RegionProposal:
    title = shortened(plain_text(server.description), _LONGEST_TITLE)
    host = urlsplit(url).hostname or url
    wanted = snake_case(title)[:_LONGEST_KEY].strip("_") or snake_case(host)
    key = free_name(wanted if wanted[:1].isalpha() else "main", taken)
    if _is_in_clear(url):
        return RegionProposal(
            key=key,
            title=title or host,
            url=f"https{url.removeprefix('http')}",
            is_listed=False,
            note="the document says http, which would send credentials in clear: "
            "check that https answers",
        )
    # A URL without a scheme is relative to where the document lies, so the build takes it for another.
    is_listed = not server.url.strip().startswith("//")
    open_names = [name for name, each in server.variables.items() if not each.default]
    return RegionProposal(
        key=key,
        title=title or host,
        url=url,
        is_listed=is_listed and is_root,
        note=f"EDIT THIS: put in your own {', '.join(open_names)}" if open_names else "",
    )


def _is_in_clear(url: str) -> bool:
    return url.startswith("http://") and not _LOOPBACK.match(url)


def _placeholder(document: Document) -> RegionProposal:
    """For documents without a server, or with a relative one, whose path is kept."""
    written = [server.url for server in document.servers]
    path = next((each for each in written if re.fullmatch(r"/[^\s?#{}]*", each)), "")
    said = f"the document only says {written[0]!r}" if written else "the document names no server"
    return RegionProposal(
        key="main",
        title="Main",
        url=f"{_PLACEHOLDER}{path}".rstrip("/"),
        is_listed=False,
        note=f"EDIT THIS: {said}",
    )
