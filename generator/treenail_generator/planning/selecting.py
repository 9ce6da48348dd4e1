"""What a JMESPath expression makes of an answer, by the answer's schema.

Derived for identifiers, sub-expressions, indexes, projections, filters, multiselects, pipes and the
functions below; of anything else nothing is known.
"""

import importlib
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from treenail_generator.yaml_source import JSON

from .forms import Forms

LONGEST: Final = 1000
"""Characters of an expression."""

_ANY: Final[dict[str, JSON]] = {}
_NUMBERS: Final = frozenset({"abs", "avg", "ceil", "floor", "sum", "to_number"})
_BOOLEANS: Final = frozenset({"contains", "ends_with", "starts_with"})
_TEXTS: Final = frozenset({"join", "to_string", "type"})
_SAME: Final = frozenset({"reverse", "sort", "sort_by"})
_ONE: Final = frozenset({"max", "max_by", "min", "min_by"})

_Node: TypeAlias = dict[str, Any]


class ExpressionError(ValueError):
    """No JMESPath."""


@dataclass(slots=True)
class Derived:
    """What an expression makes.

    Attributes:
        schema: Of the result, where nothing is `untyped`.
        unknown: Names that an object does not have, with those that it has.
        untyped: What kept the type from being derived; empty when nothing did.
    """

    schema: JSON = None
    unknown: list[tuple[str, tuple[str, ...]]] = field(
        default_factory=list[tuple[str, tuple[str, ...]]]
    )
    untyped: list[str] = field(default_factory=list[str])


def derive(expression: str, schema: JSON, forms: Forms) -> Derived:
    """What `expression` makes of values of `schema`.

    Raises:
        ExpressionError: It is no JMESPath, or too long.
    """
    if len(expression) > LONGEST:
        raise ExpressionError(f"is longer than {LONGEST} characters")
    # It carries no types.
    jmespath: Any = importlib.import_module("jmespath")
    try:
        tree: _Node = jmespath.compile(expression).parsed
    except ValueError as error:
        raise ExpressionError(str(error).split("\n", maxsplit=1)[0]) from None
    deriving = _Deriving(forms)
    deriving.found.schema = deriving.of(tree, schema)
    return deriving.found


class _Deriving:
    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self.found = Derived()

    def of(self, node: _Node, schema: JSON) -> JSON:
        """The schema of what `node` makes of `schema`."""
        inner: list[_Node] = node["children"]
        match node["type"]:
            case "field":
                return self._field(str(node["value"]), schema)
            case "subexpression" | "pipe" | "index_expression":
                for each in inner:
                    schema = self.of(each, schema)
                return schema
            case "identity" | "current" | "slice":
                return schema
            case "index":
                return self._items(schema)
            case "projection" | "filter_projection":
                return self._projection(inner, schema)
            case "flatten":
                return self._flat(self.of(inner[0], schema))
            case _:
                return self._made(node, inner, schema)

    def _made(self, node: _Node, inner: list[_Node], schema: JSON) -> JSON:
        """The schema of a value that stands nowhere in the answer."""
        match node["type"]:
            case "multi_select_list":
                return {"type": "array", "items": self._each(inner, schema)}
            case "multi_select_dict":
                made = {each["value"]: self.of(each["children"][0], schema) for each in inner}
                return {"type": "object", "properties": made}
            case "literal":
                return {"const": node["value"]}
            case "comparator" | "not_expression":
                self._each(inner, schema)
                return {"type": "boolean"}
            case "or_expression" | "and_expression":
                return self._each(inner, schema)
            case "function_expression":
                return self._function(str(node["value"]), inner, schema)
            case kind:
                self.found.untyped.append(str(kind).replace("_", " "))
                return _ANY

    def _field(self, name: str, schema: JSON) -> JSON:
        properties = self._forms.of(schema).properties
        if name in properties:
            return properties[name]
        if properties:
            self.found.unknown.append((name, tuple(properties)))
        return _ANY

    def _items(self, schema: JSON) -> JSON:
        items = self._forms.of(schema).items
        return items if items is not None else _ANY

    def _projection(self, inner: list[_Node], schema: JSON) -> JSON:
        """A list of what the right side makes of each item; nulls are left out."""
        item = self._items(self.of(inner[0], schema))
        if len(inner) > 2:  # noqa: PLR2004  # left, right and the condition of a filter
            self.of(inner[2], item)
        return {"type": "array", "items": self.of(inner[1], item)}

    def _flat(self, schema: JSON) -> JSON:
        item = self._items(schema)
        form = self._forms.of(item)
        return {"type": "array", "items": form.items} if form.is_list else schema

    def _each(self, nodes: list[_Node], schema: JSON) -> JSON:
        """What any of `nodes` makes."""
        unique: list[JSON] = []
        for node in nodes:
            made = self.of(node, schema)
            if made not in unique:
                unique.append(made)
        return unique[0] if len(unique) == 1 else {"anyOf": unique}

    def _function(self, name: str, inner: list[_Node], schema: JSON) -> JSON:
        given = [each for each in inner if each["type"] != "expref"]
        arguments = [self.of(each, schema) for each in given]
        first = arguments[0] if arguments else _ANY
        for each in inner:
            if each["type"] == "expref":
                self.of(each["children"][0], self._items(first))
        if name == "length":
            return {"type": "integer"}
        if name == "keys":
            return {"type": "array", "items": {"type": "string"}}
        for names, kind in ((_NUMBERS, "number"), (_BOOLEANS, "boolean"), (_TEXTS, "string")):
            if name in names:
                return {"type": kind}
        if name in _SAME:
            return first
        if name in _ONE:
            return self._items(first)
        self.found.untyped.append(f"{name}()")
        return _ANY
