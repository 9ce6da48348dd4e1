"""The components of a document as requests may use them: each made once, when something needs it."""

import re
from typing import Final

import jsonschema_rs

from treenail_generator.document import Document
from treenail_generator.document.schemas import as_object
from treenail_generator.formats import validator_of
from treenail_generator.naming import class_name, is_hashed, short_hash, snake_case
from treenail_generator.plan import Definitions, mentions
from treenail_generator.tokens import compact
from treenail_generator.yaml_source import JSON, Pointer

from .descriptions import Descriptions
from .exact import Requestable
from .read_only import ReadOnly

_MOST_IN_MODEL: Final = 12
"""Components that one model may reach; more would make a module of many classes nobody reads."""


class Components:
    """Definitions by the names of their components; what they are depends on nothing else.

    Attributes:
        definitions: What was needed so far, with all that it reaches.
    """

    def __init__(self, document: Document, descriptions: Descriptions) -> None:
        self.definitions = Definitions()
        self._document = document
        self._names: dict[str, str] = {}
        self._refs: dict[str, str] = {}
        self._plain: dict[str, bool] = {}
        self._checked: dict[str, str | None] = {}
        self._reasons: dict[str, str | None] = {}
        self._requestable = Requestable(
            ReadOnly(self._target), self.name_of, descriptions=descriptions
        )

    def name_of(self, ref: str) -> str:
        """The name of the definition behind `ref`, unique in the document."""
        if ref not in self._names:
            self._names[ref] = self._name_at(self._document.pointer_of_ref(ref))
            self._refs.setdefault(self._names[ref], ref)
        return self._names[ref]

    def class_of(self, name: str) -> str:
        """The class of a model made of the component `name`; no other component has it."""
        wanted = class_name(name)
        if wanted == name and not _ends_hashed(name):
            return wanted
        told = snake_case(wanted) == name and not is_hashed(name)
        return f"{wanted}_" if told else f"{wanted}{short_hash(name).upper()}"

    def is_plain(self, name: str) -> bool:
        """Whether a model can be made of it: it reaches few others, and never itself."""
        if name not in self._plain:
            self._make(name)
            reached: dict[str, None] = {}
            waiting = list(self.definitions.mentions(name))
            for each in waiting:
                if each not in reached and len(reached) < _MOST_IN_MODEL:
                    reached[each] = None
                    waiting.extend(self.definitions.mentions(each))
            self._plain[name] = name not in reached and len(reached) < _MOST_IN_MODEL
        return self._plain[name]

    def requestable(self, schema: JSON) -> dict[str, JSON]:
        """A schema of the document as a request may use it, over the definitions."""
        own = self._requestable.of(schema)
        for name in mentions(own):
            self._make(name)
        return own

    def why_no_schema(self, own: dict[str, JSON]) -> str | None:
        """Why no value can be checked against what `requestable` gave; None when all is well."""
        told = compact(own)
        if told not in self._reasons:
            self._reasons[told] = _why_no_schema(own)
        reached = self.definitions.closure(own)
        reasons = (self._why_no_definition(name, schema) for name, schema in reached.items())
        return self._reasons[told] or next((each for each in reasons if each is not None), None)

    def _why_no_definition(self, name: str, schema: JSON) -> str | None:
        if name not in self._checked:
            reason = _why_no_schema(as_object(schema))
            self._checked[name] = reason and f"{name}: {reason}"
        return self._checked[name]

    def _make(self, name: str) -> None:
        waiting = [name]
        for each in waiting:
            if each not in self.definitions:
                made = self._requestable.of(self._target(self._refs[each]))
                self.definitions.add(each, made)
                waiting.extend(self.definitions.mentions(each))

    def _target(self, ref: str) -> dict[str, JSON]:
        return self._document.schemas.target(ref)

    def _name_at(self, pointer: Pointer) -> str:
        plain = _plain_name(str(pointer[-1]))
        if _is_component(pointer):
            own = plain == pointer[-1] and not is_hashed(plain)
            return plain if own else f"{plain}_{short_hash(str(pointer[-1]))}"
        return f"{plain}_{short_hash('/'.join(map(str, pointer)))}"


def _why_no_schema(own: dict[str, JSON]) -> str | None:
    elsewhere: dict[str, JSON] = {name: {} for name in mentions(own)}
    try:
        validator_of({**own, "$defs": elsewhere})
    except jsonschema_rs.ValidationError as error:
        return error.message
    return None


def _is_component(pointer: Pointer) -> bool:
    return len(pointer) == 3 and tuple(pointer[:2]) == ("components", "schemas")  # noqa: PLR2004  # …/name


def _plain_name(text: str) -> str:
    """A name like `text` that stands unescaped in a reference."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("_") or "Schema"


def _ends_hashed(name: str) -> bool:
    return re.search(r"[0-9A-F]{6}$", name) is not None
