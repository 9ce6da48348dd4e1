"""Where the `$ref`s of a document lead; every target stays a place in the same file."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn
from urllib.parse import unquote

from treenail_generator.diagnostics import BuildError, Diagnostic, nearest
from treenail_generator.document.anchors import anchors
from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON, Pointer, Source

# To look for what was meant takes milliseconds among thousands of names.
_MOST_HINTS = 50

_KEYWORDS = ("$ref", "$dynamicRef", "$recursiveRef")
_REFERRING = frozenset(_KEYWORDS)

# Under these keys stands data, or what no tool needs: a `$ref` there is none of ours.
_DATA = {"const", "default", "enum", "example", "value"}
NOT_FOLLOWED = _DATA | {"callbacks", "discriminator", "externalDocs", "links", "xml"}

# The keys of these mappings are names that an author chose, not keywords.
_SCHEMA_MAPS = {"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"}
MAPS_OF_NAMES = _SCHEMA_MAPS | {"content", "encoding", "examples", "headers", "responses"}


class Target(NamedTuple):
    """A value of the document and where it stands."""

    pointer: Pointer
    value: JSON


class Reference(NamedTuple):
    """A reference and where it stands: the pointer ends with its keyword."""

    pointer: Pointer
    ref: str


class References:
    """Finds what the references of one document lead to; remembers what it found."""

    def __init__(self, source: Source, *, siblings_count: bool) -> None:
        """Read-only view of the source; OpenAPI 3.0 ignores what stands beside a `$ref`."""
        self.source = source
        self.root = mapping(source.value)
        self.siblings_count = siblings_count
        self._found: dict[str, Target] = {}
        self._dead: set[str] = set()
        self._hints = 0
        self._ends: dict[Pointer, Target] = {}
        self._inside: dict[Pointer, tuple[Reference, ...]] = {}
        self._anchors: dict[str, Pointer] | None = None
        self._following: dict[Pointer, tuple[Target, ...]] = {}

    def value_at(self, pointer: Pointer) -> JSON:
        """The raw value at a place that exists."""
        value: JSON = self.root
        for step in pointer:
            if isinstance(value, dict):
                value = value[str(step)]
            elif isinstance(value, list):
                value = value[int(step)]
        return value

    def find(self, ref: str, *, at: Pointer = ()) -> Target:
        """The value that `ref` names; `at` is where the reference stands, for the message.

        Raises:
            BuildError: `remote-ref`, `unknown-ref` or `ref-loop`.
        """
        if ref not in self._found:
            self._found[ref] = self._search(ref, at, frozenset())
        return self._found[ref]

    def follow(self, target: Target) -> Target:
        """The first value behind `target` that is not itself a reference.

        Raises:
            BuildError: As `find`, and `ref-loop` when there is none.
        """
        if ref_of(target.value) is None:
            return target
        passed: set[Pointer] = set()
        while (ref := ref_of(target.value)) is not None:
            if target.pointer in self._ends:
                target = self._ends[target.pointer]
                break
            at = (*target.pointer, "$ref")
            if target.pointer in passed:
                self.refuse_loop(ref, at=at)
            passed.add(target.pointer)
            target = self.find(ref, at=at)
        self._ends |= dict.fromkeys(passed, target)
        return target

    def found(self, ref: str) -> Target | None:
        """As `find`, but None for a reference that leads nowhere."""
        if ref in self._dead:
            return None
        try:
            return self.find(ref)
        except BuildError:
            self._dead.add(ref)
            return None

    def following(self, target: Target) -> tuple[Target, ...]:
        """What the references inside a value lead to, each once; those that lead nowhere left out."""
        if target.pointer not in self._following:
            refs = dict.fromkeys(reference.ref for reference in self.inside(target))
            found = map(self.found, refs)
            self._following[target.pointer] = tuple(each for each in found if each is not None)
        return self._following[target.pointer]

    def closure(self, starts: Iterable[Target]) -> Iterator[Target]:
        """Everything that the starts reach, by reference, in the order of discovery."""
        queue = list(starts)
        passed = {target.pointer for target in queue}
        for start in queue:
            for target in self.following(start):
                if target.pointer not in passed:
                    passed.add(target.pointer)
                    queue.append(target)
                    yield target

    def inside(self, target: Target) -> tuple[Reference, ...]:
        """The references inside a value, without looking behind them."""
        if target.pointer not in self._inside:
            found = references_in(target, siblings_count=self.siblings_count)
            self._inside[target.pointer] = tuple(found)
        return self._inside[target.pointer]

    def inside_parts(self, target: Target) -> Iterator[Reference]:
        """As `inside`, of an operation whose parts were looked at one by one when it was read."""
        if ref_of(target.value) is not None:
            yield from self.inside(target)
            return
        for pointer, value in _followed(target.pointer, mapping(target.value)):
            yield from self.inside(Target(pointer, value))

    def refuse_loop(self, ref: str, *, at: Pointer = ()) -> NoReturn:
        """Raise `ref-loop`, for references that lead only to each other."""
        self._fail(at, "ref-loop", f"{ref!r} leads only back to itself")

    def _search(self, ref: str, at: Pointer, searching: frozenset[str]) -> Target:
        if not ref.startswith("#"):
            hint = "bundle the document into one file, or say `spec: {path, refs: file}`; nothing is fetched"
            self._fail(at, "remote-ref", f"{ref!r} leads out of this file", hint)
        if not ref.startswith("#/"):
            return self._anchored(ref, at)
        if ref in searching:
            self.refuse_loop(ref, at=at)
        here = Target((), self.root)
        for segment in split_ref(ref):
            while (beyond := step_into(here, segment)) is None:
                passed_ref = ref_of(here.value)
                if passed_ref is None:
                    self._fail_unknown(ref, at, here, segment)
                here = self._search(passed_ref, at, searching | {ref})
            here = beyond
        return here

    def _anchored(self, ref: str, at: Pointer) -> Target:
        if self._anchors is None:
            self._anchors = anchors(self.root)
        pointer = self._anchors.get(unquote(ref.removeprefix("#")))
        if pointer is None:
            hint = "name the place from the root of the document: '#/components/schemas/…'"
            self._fail(at, "unknown-ref", f"{ref!r} names no place in the document", hint)
        return Target(pointer, self.value_at(pointer))

    def _fail_unknown(self, ref: str, at: Pointer, parent: Target, segment: str) -> NoReturn:
        hint = None
        self._hints += 1
        if self._hints <= _MOST_HINTS and (meant := nearest(segment, mapping(parent.value))):
            hint = f"did you mean {join_ref((*parent.pointer, meant))!r}?"
        elif ref.startswith(("#/$defs/", "#/definitions/")):
            hint = "'#/' is the root of the document, not of the schema"
        self._fail(at, "unknown-ref", f"nothing stands at {ref!r}", hint)

    def _fail(self, at: Pointer, code: str, message: str, hint: str | None = None) -> NoReturn:
        raise BuildError([Diagnostic(self.source.at(at), code, message, hint=hint)])


def ref_of(value: JSON) -> str | None:
    """The `$ref` of a value that has one."""
    if not isinstance(value, dict) or "$ref" not in value:
        return None
    ref = value["$ref"]
    return ref if isinstance(ref, str) else None


def child(parent: Target, key: str) -> Target:
    """The field of a mapping, None when it has none."""
    return Target((*parent.pointer, key), mapping(parent.value).get(key))


def split_ref(ref: str) -> tuple[str, ...]:
    """The segments of a local reference, unescaped (RFC 6901, section 6)."""
    segments = ref.removeprefix("#").split("/")[1:]
    return tuple(unquote(segment).replace("~1", "/").replace("~0", "~") for segment in segments)


def join_ref(pointer: Pointer) -> str:
    """The local reference that leads to a place."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in pointer)
    return "/".join(("#", *escaped))


def references_in(target: Target, *, siblings_count: bool) -> Iterator[Reference]:
    """The references inside a value, without looking behind them; `x-` keys and data have none."""
    waiting = [(target.pointer, target.value)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, list):
            nested = [((*pointer, index), item) for index, item in enumerate(value)]
            waiting.extend(reversed(nested))
        elif isinstance(value, dict):
            if not _REFERRING.isdisjoint(value):
                for keyword in _KEYWORDS:
                    if keyword in value:
                        yield Reference((*pointer, keyword), text(value[keyword]))
            if siblings_count or ref_of(value) is None:
                waiting.extend(reversed(list(_followed(pointer, value))))


def _followed(pointer: Pointer, node: dict[str, JSON]) -> Iterator[tuple[Pointer, JSON]]:
    for key, child in node.items():
        if not isinstance(child, (dict, list)):
            continue
        if key in MAPS_OF_NAMES and isinstance(child, dict):
            for name, value in child.items():
                if _may_refer(value):
                    yield (*pointer, key, name), value
        elif key not in NOT_FOLLOWED and key != "examples" and not key.startswith("x-"):
            yield (*pointer, key), child


def _may_refer(value: JSON) -> bool:
    """Whether references may stand in a value; most fields of most schemas hold texts alone."""
    if not isinstance(value, dict):
        return isinstance(value, list)
    for child in value.values():
        if isinstance(child, (dict, list)):
            return True
    return not _REFERRING.isdisjoint(value)


def step_into(here: Target, segment: str) -> Target | None:
    """The value that one segment of a pointer leads to, None when it leads nowhere."""
    value = here.value
    if isinstance(value, dict) and segment in value:
        return Target((*here.pointer, segment), value[segment])
    if isinstance(value, list) and segment.isdecimal() and int(segment) < len(value):
        index = int(segment)
        return Target((*here.pointer, index), value[index])
    return None
