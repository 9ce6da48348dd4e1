"""Which route a path is: exact ones, and those that every instance has under its own name.

A thousand instances cost no more here than one: only the shape of a path is looked at, and whether
there is such an instance is asked further on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from treenail_runtime.contract import RESERVED_NAMES

from .cors import Origins

INSTANCE: Final = "{instance}"
"""Stands for a name in the path of a route: at the start, behind `/.well-known/x/`, or further on."""

_WELL_KNOWN: Final = "/.well-known/"
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a path takes.

    Attributes:
        methods: In the order in which `Allow` tells them.
        max_body: Largest body in bytes; 0 takes none.
        json_rpc: Its clients expect JSON-RPC errors.
        any_host: Whether it answers under any name; for probes, which know only an address.
        origins: Which web pages may call.
    """

    methods: tuple[str, ...]
    max_body: int = 0
    json_rpc: bool = False
    any_host: bool = False
    origins: Origins = "listed"


class Routes:
    """Finds routes by the path of a request line."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        """Take `routes`, by path; `INSTANCE` in a path stands for any name that an instance can have."""
        self._exact = {path: route for path, route in routes.items() if INSTANCE not in path}
        self._of_instances = {
            _shape(path): route for path, route in routes.items() if INSTANCE in path
        }
        self._deep = sorted({before for before, _ in self._of_instances if _is_deep(before)})

    def find(self, path: str) -> Route | None:
        """The route of `path`, as it stands in the request line; an exact one goes first."""
        found = self._exact.get(path)
        if found is not None:
            return found
        for before in self._deep:
            if path.startswith(before):
                name, slash, rest = path[len(before) :].partition("/")
                return self._of_instances.get((before, slash + rest)) if is_name(name) else None
        split = split_instance(path)
        return None if split is None else self._of_instances.get((split[0], split[2]))


def split_instance(path: str) -> tuple[str, str, str] | None:
    """What stands before an instance's name in `path`, the name, and what stands behind it.

    None when no instance can be meant.
    """
    before = "/"
    if path.startswith(_WELL_KNOWN):
        document, slash, _ = path[len(_WELL_KNOWN) :].partition("/")
        before = f"{_WELL_KNOWN}{document}{slash}"
    name, slash, rest = path[len(before) :].partition("/")
    if not _NAME.fullmatch(name) or name in RESERVED_NAMES:
        return None
    return before, name, slash + rest


def is_name(text: str) -> bool:
    """Whether an instance, or a connector, can be called so."""
    return _NAME.fullmatch(text) is not None


def _is_deep(before: str) -> bool:
    """Whether names stand behind a path of the server, as in the admin API."""
    return before != "/" and not before.startswith(_WELL_KNOWN)


def _shape(path: str) -> tuple[str, str]:
    before, _, behind = path.partition(INSTANCE)
    return before, behind
