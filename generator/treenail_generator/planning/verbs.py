"""What the connector file says about parameters and body fields, by upstream name."""

from dataclasses import dataclass
from typing import Final

from treenail_generator.connector_file import ConnectorRequest, Param
from treenail_generator.diagnostics import Location, nearest
from treenail_generator.plan import Arrays
from treenail_generator.yaml_source import Pointer

from .faults import Faults

_DECISIVE: Final = ("hide", "constant", "inject")
_SILENT: Final = Param()


@dataclass(frozen=True, slots=True)
class Verb:
    """The merged entry for one name: the tool's keys over the defaults' keys.

    Attributes:
        said: The keys that the file gives.
    """

    param: Param
    said: frozenset[str]
    _request: ConnectorRequest
    _pointers: tuple[Pointer, ...]

    def says(self, key: str) -> bool:
        """Whether the file gives `key`, null included."""
        return key in self.said

    @property
    def keeps_deprecated(self) -> bool:
        """Whether what is deprecated is offered all the same."""
        if self.says("keep_deprecated"):
            return self.param.keep_deprecated
        return self._request.file.defaults.keep_deprecated

    def at(self, *keys: str) -> Location:
        """Where `keys` stand, or the entry itself, the tool's first."""
        for pointer in self._pointers:
            if self._request.has(*pointer, *keys):
                return self._request.at(*pointer, *keys)
        return self._request.at(*self._pointers[0])


class Verbs:
    """The entries that one tool's parameters are planned with; they stand at `pointer` + `key`."""

    def __init__(
        self,
        request: ConnectorRequest,
        pointer: Pointer,
        own: dict[str, Param],
        *,
        key: str = "params",
    ) -> None:
        self._request = request
        self._pointer = pointer
        self._key = key
        self._own = own
        self._implied: dict[str, tuple[Param, Pointer]] = {}
        self._known: dict[tuple[str, str], Verb] = {}
        self._silent = Verb(_SILENT, frozenset(), request, (pointer,))
        self.seen: set[str] = set()
        self.qualified: set[str] = set()

    def at_tool(self, *pointer: str | int) -> Location:
        """Where a key stands, from the tool's section on."""
        return self._request.at(*self._pointer, *pointer)

    def imply(self, key: str, param: Param, *pointer: str | int) -> None:
        """Take `param` for an entry at `key`, behind those that the file gives.

        Args:
            key: As in the file.
            param: What another key of the file, at `pointer`, says about it.
            pointer: From the tool's section on.
        """
        self._implied[key] = (param, (*self._pointer, *pointer))
        self._known.clear()

    def of(self, name: str, place: str) -> Verb:
        """The entry for `name` (dotted for fields inside a body, whose `place` is empty).

        An entry for "query:id" is laid over one for "id", and holds for that place alone.
        """
        known = self._known.get((name, place))
        if known is None:
            keys = (name, f"{place}:{name}") if place else (name,)
            self.seen.add(name)
            self.qualified.update(keys[1:])
            known = self._known[name, place] = self._merged(keys)
        return known

    def _merged(self, keys: tuple[str, ...]) -> Verb:
        """The entries at `keys`, each laid over those before it.

        What the tool's own body section leaves out, no entry for every tool brings back.
        """
        implied = [self._implied[key][0] for key in keys if key in self._implied]
        is_left_out = any(each.hide for each in implied)
        defaults = {} if is_left_out else self._request.file.defaults.params
        found: list[tuple[Param, Pointer]] = [
            *(self._implied[key] for key in keys if key in self._implied),
            *((defaults[key], ("defaults", "params", key)) for key in keys if key in defaults),
            *(
                (self._own[key], (*self._pointer, self._key, key))
                for key in keys
                if key in self._own
            ),
        ]
        if not found:
            return self._silent
        values = {key: getattr(part, key) for part, _ in found for key in part.model_fields_set}
        pointers = [pointer for _, pointer in reversed(found)]
        return Verb(
            Param.model_construct(**values) if values else _SILENT,
            frozenset(values),
            self._request,
            (*pointers, self._pointer),
        )

    def renames(self, name: str, place: str) -> bool:
        """Whether an entry says what the agent calls `name`."""
        return bool(self.of(name, place).param.rename)

    def arrays(self, name: str, place: str) -> Arrays | None:
        """How arrays inside `deepObject` are written, which only the connector file can know."""
        return self.of(name, place).param.arrays or self._request.file.defaults.arrays

    def below(self, path: str) -> bool:
        """Whether an entry names something inside `path`."""
        named = (*self._own, *self._implied, *self._request.file.defaults.params)
        return any(name.startswith(f"{path}.") for name in named)

    def idle(self, path: str) -> tuple[str, ...]:
        """The names inside `path` that another key of the file speaks of, and nobody looked at."""
        start = f"{path}."
        implied = (key for key in self._implied if key.startswith(start))
        return tuple(key.removeprefix(start) for key in implied if key not in self.seen)

    def tell_unused(self, operation: str, faults: Faults) -> None:
        """Report entries that name nothing of the operation, once all of it was looked at."""
        names = self.seen
        for name, param in self._own.items():
            if name in names or name in self.qualified:
                continue
            close = nearest(name, names)
            at = self._request.key_at(*self._pointer, self._key, name)
            what = "rename " if param.rename else ""
            faults.add(
                at,
                "unknown-parameter",
                f"{what}{name!r}: {operation} has no such parameter or body field",
                hint=f"did you mean {close!r}?" if close else f"it has: {', '.join(sorted(names))}",
            )


def tell_conflicts(verb: Verb, name: str, faults: Faults) -> None:
    """Report keys that contradict each other."""
    decisive = [
        key for key in _DECISIVE if verb.says(key) and getattr(verb.param, key) is not False
    ]
    if len(decisive) > 1:
        faults.add(
            verb.at(decisive[1]),
            "conflicting-keys",
            f"{name!r}: {decisive[0]!r} and {decisive[1]!r} exclude each other",
            hint="keep one of them",
        )
    if verb.says("override") and not verb.says("inject"):
        faults.add(verb.at("override"), "conflicting-keys", f"{name!r}: 'override' needs 'inject'")
