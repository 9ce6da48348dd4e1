"""Which server requests go to: the regions, and the servers of single operations."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice, product
from typing import Final
from urllib.parse import urlsplit

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.diagnostics import Location, nearest
from treenail_generator.document import Document, Operation, Server
from treenail_generator.plan import ServerPlan

from .faults import Faults

_LOOPBACK: Final = re.compile(r"http://(?:localhost|127(?:\.[0-9]+){3}|\[::1\])(?:[:/]|$)")
_ABSOLUTE: Final = re.compile(r"https?://[^\s?#{}/]+[^\s?#{}]*")
_PATH: Final = re.compile(r"/(?!/)[^\s?#{}]*")
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_ANY_VALUE: Final = r"[^/?#@\\\s]+"
_MOST_URLS: Final = 1000
_MOST_FREE: Final = 6
"""Variables of any value in one URL; more could make the comparison slow."""


def plan_servers(
    request: ConnectorRequest, document: Document, faults: Faults
) -> tuple[ServerPlan, ...]:
    """The regions; each URL is one that the document names, unless the file says otherwise."""
    servers = request.file.servers
    if servers.regions and servers.default not in servers.regions:
        faults.add(
            request.at("servers", "default"),
            "unknown-region",
            f"default {servers.default!r} is none of the regions",
            hint=f"regions: {', '.join(servers.regions)}",
        )
    for key, region in servers.regions.items():
        at = request.at("servers", "regions", key, "url")
        if is_sent_in_clear(region.url, at, faults) or region.unlisted:
            continue
        if not any(lists(server, region.url) for server in document.servers):
            close = nearest(region.url, [url for each in document.servers for url in urls_of(each)])
            faults.add(
                at,
                "unlisted-server",
                f"{region.url!r} is no server of {document.file}",
                hint=f"did you mean {close!r}? Or say `unlisted: true`"
                if close
                else "say `unlisted: true` if that is meant",
            )
    for index, url in enumerate(servers.others):
        is_sent_in_clear(url, request.at("servers", "others", index), faults)
    return tuple(
        ServerPlan(key=key, title=region.title, url=region.url.rstrip("/"))
        for key, region in servers.regions.items()
    )


class OperationServers:
    """The servers of operations that say where they are (OpenAPI 3.1.1, 4.8.10.1 `servers`)."""

    def __init__(self, request: ConnectorRequest, document: Document, faults: Faults) -> None:
        self._request = request
        self._document = document
        self._faults = faults
        self._regions = tuple(each.url for each in request.file.servers.regions.values())
        self._used: set[str] = set()

    def of(self, operation: Operation, at: Location) -> str:
        """What takes the place of the region's URL; empty for nothing.

        Credentials go there, too, so another origin has to be named by the connector file.

        Args:
            operation: Its servers are looked at.
            at: Where the connector file names it.
        """
        if not is_elsewhere(self._document, self._regions, operation):
            return ""
        for server in operation.servers:
            for url in self._request.file.servers.others:
                if _offers(server, url):
                    self._used.add(url)
                    return url.rstrip("/")
        paths = [_path_of(server) for server in operation.servers]
        path = next((each for each in paths if each), "")
        if not path:
            self._tell_unlisted(operation, at)
        return path

    def tell_unused(self) -> None:
        """Note the servers of the connector file that no operation in use has."""
        for index, url in enumerate(self._request.file.servers.others):
            if url not in self._used:
                self._faults.note(
                    self._request.at("servers", "others", index),
                    "unused-server",
                    f"{url!r} is a server of no operation in use",
                    hint="take it out",
                    severity="warning",
                )

    def _tell_unlisted(self, operation: Operation, at: Location) -> None:
        url = other_url(operation)
        written = operation.servers[0].url
        self._faults.add(
            at,
            "unlisted-server",
            f"{operation.key} goes to {written!r}, and so would the credentials "
            f"({operation.servers[0].location})",
            hint=f"if that is meant: servers: {{others: [{url}]}}"
            if url
            else "it has no whole URL: give it one by an overlay",
        )


def is_elsewhere(document: Document, regions: Iterable[str], operation: Operation) -> bool:
    """Whether the operation has servers, and neither a region nor the document's are among them."""
    if not operation.servers:
        return False
    usual = {_key(each) for each in document.servers} or {""}
    if any(_key(each) in usual for each in operation.servers):
        return False
    regions = tuple(regions)
    # A free variable would take a region for the operation's server, whatever its default says.
    named = {_secured(url) for server in operation.servers for url in urls_of(server)}
    if any(_secured(url.rstrip("/")) in named for url in regions):
        return False
    paths = {urlsplit(url).path.rstrip("/") for url in regions}
    return not any(paths == {path.rstrip("/")} for path in map(_path_of, operation.servers) if path)


def other_url(operation: Operation) -> str:
    """The first whole URL among the operation's servers, with https; empty when there is none."""
    for server in operation.servers:
        url = example_url(server)
        if _ABSOLUTE.fullmatch(url):
            clear = url.startswith("http://") and not _LOOPBACK.match(url)
            return f"https{url.removeprefix('http')}" if clear else url
    return ""


def example_url(server: Server) -> str:
    """The URL with its variables at their defaults; in the host, one without a value is its name."""
    url = server.url.strip()
    scheme, slashes, rest = url.partition("//")
    host_end = len(f"{scheme}//{rest.partition('/')[0]}") if slashes else 0
    parts: list[str] = []
    done = 0
    for found in _VARIABLE.finditer(url):
        variable = server.variables.get(found[1])
        default = variable.default if variable is not None else ""
        parts += [url[done : found.start()], default or found[1] * (found.start() < host_end)]
        done = found.end()
    whole = "".join((*parts, url[done:])).rstrip("/")
    return f"https:{whole}" if whole.startswith("//") else whole


def lists(server: Server, url: str) -> bool:
    """Whether the URL template can become `url`.

    A variable has the values that the document names; one without `enum` has any value that stays
    within one part of the URL.
    """
    url = url.rstrip("/")
    return url in urls_of(server) or bool(_pattern(server).fullmatch(url))


def urls_of(server: Server) -> list[str]:
    """What the URL template can become, by the values that the document gives its variables."""
    choices = [
        [(f"{{{name}}}", value) for value in dict.fromkeys((variable.default, *variable.enum))]
        for name, variable in server.variables.items()
    ]
    urls: list[str] = []
    for values in islice(product(*choices), _MOST_URLS):
        url = server.url
        for placeholder, value in values:
            url = url.replace(placeholder, value)
        urls.append(url.rstrip("/"))
    return urls


def _pattern(server: Server) -> re.Pattern[str]:
    texts = _VARIABLE.split(server.url.rstrip("/"))
    parts = [re.escape(text) for text in texts]
    free = 0
    for index in range(1, len(texts), 2):
        variable = server.variables.get(texts[index])
        named = (variable.default, *variable.enum) if variable is not None else ()
        values = [re.escape(value) for value in named if value]
        if variable is None or not variable.enum:
            free += 1
            values.append(_ANY_VALUE)
        parts[index] = f"(?:{'|'.join(values)})"
    return re.compile("".join(parts) if free <= _MOST_FREE else re.escape(server.url))


def _offers(server: Server, url: str) -> bool:
    """Whether `url` is the server's, over TLS if the document says http."""
    clear = f"http{url.removeprefix('https')}"
    return lists(server, url) or (url.startswith("https://") and lists(server, clear))


def _path_of(server: Server) -> str:
    """The path of a server that has no host; empty for any other."""
    path = urls_of(server)[0] or "/" * (server.url.strip() == "/")
    return path if _PATH.fullmatch(path) else ""


def _key(server: Server) -> str:
    return _secured(server.url.strip()).rstrip("/")


def _secured(url: str) -> str:
    return re.sub(r"^http:", "https:", url)


def is_sent_in_clear(url: str, at: Location, faults: Faults) -> bool:
    """Whether `url` is of plain HTTP beyond this machine, which is a fault."""
    in_clear = url.startswith("http://") and not _LOOPBACK.match(url)
    if in_clear:
        faults.add(
            at, "plain-http", f"{url!r}: credentials would travel in clear", hint="use https"
        )
    return in_clear


def others_of(
    document: Document, regions: Iterable[str], operations: Sequence[Operation]
) -> tuple[str, ...]:
    """The servers beside the regions that these operations need, each once."""
    known = tuple(regions)
    found = (other_url(each) for each in operations if is_elsewhere(document, known, each))
    return tuple(dict.fromkeys(url for url in found if url))
