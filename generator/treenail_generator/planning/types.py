"""JSON Schema to types of the generated module; what they cannot say exactly stays a schema."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from treenail_generator.connector_file import Defaults
from treenail_generator.naming import attribute_name, class_name, free_name, snake_case
from treenail_generator.plan import (
    ABSENT,
    Absent,
    AnyType,
    ExactType,
    FieldPlan,
    FileType,
    FixedField,
    ListType,
    MapType,
    MaybeJSON,
    ModelPlan,
    ModelType,
    NullableType,
    Place,
    TypePlan,
)
from treenail_generator.yaml_source import JSON

from .argument_names import Clash, is_legal, legal_name, object_fields, shortened
from .constrain import narrowed
from .exact_samples import takes
from .faults import Faults
from .files import as_files, beside_files
from .leaves import constraints, leaf_type
from .mentions import exact_schemas
from .module_names import ModuleNames
from .objects import OBJECT, has_parts, offered, only_properties
from .verbs import Verb, Verbs, tell_conflicts
from .views import View, Views, split_null

_ARRAY = frozenset({"type", "items", "minItems", "maxItems"})
_MOST_ANCESTORS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A schema on its way to a type.

    Attributes:
        path: Dotted upstream name, under which the connector file speaks of it.
        place: Where a parameter or top-level body field goes; empty inside a body.
        hint: The path to it in one word, for a model that has no name of its own.
        owner: The class of the tool's arguments.
        ancestors: The components that it stands in.
        files: At how many levels from here a binary text is a file: none, here or as an item of a
            list here, also one object further in.
    """

    schema: object
    path: str
    hint: str
    owner: str = ""
    ancestors: frozenset[str] = frozenset()
    place: Place | Literal[""] = ""
    files: int = 0


class Types:
    """Plans types for one connector; a component has one model, whichever tools need it."""

    def __init__(
        self, views: Views, defaults: Defaults, names: ModuleNames, faults: Faults
    ) -> None:
        self.views = views
        self.faults = faults
        self._naming = defaults.naming
        self._formats = defaults.formats == "assert"
        self._models: dict[str, ModelPlan] = {}
        self._names = names
        self._components = views.components
        self._shared: dict[str, str] = {}

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models of objects inside arguments; each stands behind those it mentions."""
        return tuple(self._models.values())

    def definitions(self, tools: Iterable[ModelPlan]) -> tuple[tuple[str, JSON], ...]:
        """What the arguments of `tools` and the models refer to, by name."""
        known = self._components.definitions
        used: dict[str, JSON] = {}
        for model in (*tools, *self._models.values()):
            for own in exact_schemas(model):
                used |= known.closure(own)
        return tuple(sorted(used.items()))

    @property
    def by_name(self) -> Mapping[str, ModelPlan]:
        """The models so far, by class name."""
        return self._models

    def agent_name(self, upstream: str, verb: Verb) -> str:
        """What the agent calls the parameter or field `upstream`."""
        if verb.param.rename:
            return verb.param.rename
        snake = self._naming == "snake_case" and snake_case(upstream)
        return shortened(snake, upstream) if snake else legal_name(upstream)

    def field(
        self,
        subject: Subject,
        verbs: Verbs,
        *,
        upstream: str,
        required: bool,
        description: str = "",
        examples: tuple[JSON, ...] = (),
    ) -> FieldPlan:
        """The argument or property that `subject` becomes."""
        verb = verbs.of(subject.path, subject.place)
        view = narrowed(self.views.of(subject.schema), verb, subject.path, self.views, self.faults)
        own = replace(subject, schema=view) if verb.says("constrain") else subject
        name = self.agent_name(upstream, verb)
        self._tell_illegal_name(verb, subject.path, name)
        said = description or view.get("description")
        told = verb.param.describe or self.views.descriptions.of(said, name, required=required)
        default = self._own_default(verb, subject.path, view)
        kind = self.type_of(own, verbs)
        return FieldPlan(
            attribute=attribute_name(name),
            name=name,
            upstream=upstream,
            type=kind,
            required=(required or verb.param.required is True) and isinstance(default, Absent),
            description=" ".join(told.split()),
            default=default,
            published_default=ABSENT if required else view.get("default", ABSENT),
            example=self._example(verb, view, kind, examples, subject.path),
            shown=verb.says("example"),
        )

    def _tell_illegal_name(self, verb: Verb, path: str, name: str) -> None:
        if not is_legal(name):
            self.faults.add(
                verb.at("rename"),
                "argument-name",
                f"{path!r}: clients refuse an argument called {name!r}",
                hint="rename it: 1 to 64 of the characters A-Z a-z 0-9 _ . -",
            )

    def _own_default(self, verb: Verb, path: str, view: View) -> MaybeJSON:
        if not verb.says("default"):
            return ABSENT
        value = verb.param.default
        self.tell_misfit(verb, "default", path, view, value)
        return value

    def tell_misfit(self, verb: Verb, key: str, path: str, view: View, value: JSON) -> None:
        """Report a value of the connector file that the document does not allow."""
        reason = self.views.why_not(view, value)
        if reason is not None:
            self.faults.add(
                verb.at(key), f"{key}-does-not-fit", f"{path!r}: {reason}", hint="see the document"
            )

    def _example(
        self, verb: Verb, view: View, kind: TypePlan, examples: tuple[JSON, ...], path: str
    ) -> MaybeJSON:
        if verb.says("example"):
            if not has_parts(view):
                self.tell_misfit(verb, "example", path, view, verb.param.example)
            return verb.param.example
        if has_parts(view):
            return ABSENT
        given = (*examples, *cast("list[JSON]", view.get("examples", [])))
        fitting = (value for value in given if self.views.why_not(view, value) is None)
        return next((value for value in fitting if takes(kind, value)), ABSENT)

    def type_of(self, subject: Subject, verbs: Verbs) -> TypePlan:
        """The type of `subject`, models included."""
        files = as_files(subject.schema, self.views) if subject.files else None
        if files is not None:
            return self._files(files, subject, verbs)
        view, nullable = split_null(self.views.of(subject.schema))
        plan = leaf_type(view, formats=self._formats) or self._of_component(subject, verbs)
        if plan is None and len(subject.ancestors) <= _MOST_ANCESTORS:
            plan = self._compound(view, subject, verbs)
        if plan is None or isinstance(plan, ExactType):
            return plan or self._exact(subject, verbs)
        return NullableType(plan) if nullable else plan

    def _of_component(self, subject: Subject, verbs: Verbs) -> TypePlan | None:
        """The type of a component that was planned before, or never gets a model; else None."""
        if not subject.ancestors.isdisjoint(self._origins(subject.schema)):
            return self._exact(subject, verbs)
        component = self.views.component(subject.schema)
        if component is None:
            return None
        if _is_alone(subject, verbs):
            return None
        if component in self._shared:
            return ModelType(self._shared[component])
        return None if self._components.is_plain(component) else self._exact(subject, verbs)

    def _origins(self, schema: object) -> frozenset[str]:
        """The components that a schema is made of: the one that it refers to, and those beside it."""
        if not isinstance(schema, dict):
            return frozenset()
        node = cast("dict[str, Any]", schema)
        ref, component = node.get("$ref"), self.views.component(node)
        named = {component, self.views.components.name_of(ref) if isinstance(ref, str) else None}
        members = [
            each
            for key in ("allOf", "anyOf", "oneOf")
            if isinstance(node.get(key), list) and (key == "allOf" or len(node[key]) == 1)
            for each in node[key]
        ]
        own = frozenset(each for each in named if each is not None)
        return own.union(*map(self._origins, members))

    def _files(self, view: View, subject: Subject, verbs: Verbs) -> TypePlan:
        """A file, or a list of files."""
        verb = verbs.of(subject.path, subject.place)
        file = FileType(accept=tuple(verb.param.accept), max_bytes=verb.param.max_bytes)
        if beside_files(subject.schema, self.views):
            self.faults.note(
                verb.at(),
                "alternative-left-out",
                f"{subject.path!r}: a file is offered, and what else its schema allows is not",
            )
        if "items" not in view:
            return file
        return ListType(item=file, min_items=view.get("minItems"), max_items=view.get("maxItems"))

    def _exact(self, subject: Subject, verbs: Verbs) -> TypePlan:
        own = self._components.requestable(cast("JSON", subject.schema))
        reason = self._components.why_no_schema(own)
        if reason is not None:
            self.faults.add(
                verbs.of(subject.path, subject.place).at(),
                "invalid-schema",
                f"{subject.path!r}: its schema cannot be used: {reason}",
                hint="repair the document, or hide the field",
            )
            return AnyType()
        return ExactType(own, self._components.definitions, self._formats)

    def _compound(self, view: View, subject: Subject, verbs: Verbs) -> TypePlan | None:
        keywords = constraints(view)
        if not keywords:
            return AnyType()
        kind = view.get("type")
        component = self.views.component(subject.schema)
        if origins := self._origins(subject.schema):
            subject = replace(subject, ancestors=subject.ancestors | origins)
        if kind == "array" or (kind is None and "items" in view):
            return self._list(view, subject, verbs) if keywords <= _ARRAY else None
        if kind == "object" or (kind is None and "properties" in view):
            return self._object(view, component, subject, verbs) if keywords <= OBJECT else None
        return None

    def _list(self, view: View, subject: Subject, verbs: Verbs) -> TypePlan:
        item = replace(subject, schema=view.get("items", {}), hint=f"{subject.hint}Item")
        return ListType(
            item=self.type_of(item, verbs),
            min_items=view.get("minItems"),
            max_items=view.get("maxItems"),
        )

    def _object(
        self, view: View, component: str | None, subject: Subject, verbs: Verbs
    ) -> TypePlan | None:
        extra = view.get("additionalProperties")
        if view.get("properties"):
            if not only_properties(view):
                return None
            return self._model(view, component, subject, verbs)
        if extra is False or view.get("required"):
            return None
        value = replace(subject, schema={} if extra in (None, True) else extra)
        return MapType(self.type_of(value, verbs))

    def _model(
        self, view: View, component: str | None, subject: Subject, verbs: Verbs
    ) -> ModelType:
        if _is_alone(subject, verbs):
            # The connector file speaks of its fields, or they are files.
            own, component = component, None
            subject = replace(subject, hint=class_name(own) if own else subject.hint)
        name = (
            self._names.class_of_component(self._components.class_of(component))
            if component
            else self._names.class_inside(subject.owner, subject.hint)
        )
        fixed: list[FixedField] = []
        fields = self.properties(view, subject, verbs, fixed)
        told = f"{component} in the document." if component else f"Part of {subject.path!r}."
        doc = " ".join(str(view.get("description") or told).split())
        self._models[name] = ModelPlan(
            name=name,
            doc=doc,
            fields=fields,
            fixed=tuple(fixed),
            closed=view.get("additionalProperties") is False,
        )
        if component is not None:
            self._shared[component] = name
        return ModelType(name)

    def properties(
        self, view: View, subject: Subject, verbs: Verbs, fixed: list[FixedField]
    ) -> tuple[FieldPlan, ...]:
        """The fields of an object schema that a request may set; `fixed` gains those with constants."""
        required = set(view.get("required", ()))
        fields: list[FieldPlan] = []
        said: list[bool] = []
        for upstream, schema in cast("dict[str, Any]", view.get("properties", {})).items():
            path = f"{subject.path}.{upstream}" if subject.path else upstream
            verb = verbs.of(path, "")
            inner = self.views.of(schema)
            if not verb.says("constant") and not offered(
                inner, verb, required=upstream in required
            ):
                continue
            tell_conflicts(verb, path, self.faults)
            self._tell_top_level_only(verb, path)
            if verb.says("constant"):
                self.tell_misfit(verb, "constant", path, inner, verb.param.constant)
                fixed.append(_fixed(upstream, verb.param.constant, fixed, view))
                continue
            if verb.param.hide and verb.says("hide"):
                self._tell_hidden_required(verb, path, upstream in required)
                continue
            own = replace(
                subject,
                schema=schema,
                path=path,
                place="",
                files=max(subject.files - 1, 0),
                hint=f"{subject.hint}{class_name(upstream)}",
            )
            field = self.field(own, verbs, upstream=upstream, required=upstream in required)
            fields.append(field)
            said.append(bool(verb.param.rename))
        named, clashes = object_fields(fields, said)
        self._tell_clashes(named, clashes, verbs, subject.path)
        return tuple(named)

    def _tell_top_level_only(self, verb: Verb, path: str) -> None:
        if verb.says("inject"):
            self.faults.add(
                verb.at("inject"),
                "top-level-only",
                f"{path!r}: 'inject' is for parameters and for fields at the top of a body",
                hint="hide the field, give it a constant, or leave it to the agent",
            )

    def _tell_hidden_required(self, verb: Verb, path: str, required: bool) -> None:  # noqa: FBT001  # a fact about it
        if required:
            self.faults.add(
                verb.at("hide"),
                "hidden-required",
                f"{path!r} is required by the upstream and cannot be hidden",
                hint="give it a constant",
            )

    def _tell_clashes(
        self, fields: Sequence[FieldPlan], clashes: Sequence[Clash], verbs: Verbs, path: str
    ) -> None:
        """Report a `rename` to a name that another field of the object has."""
        for clash in clashes:
            other, field = fields[clash.first], fields[clash.second]
            full = f"{path}.{field.upstream}" if path else field.upstream
            self.faults.add(
                verbs.of(full, "").at("rename"),
                "name-clash",
                f"{field.upstream!r} and {other.upstream!r} are both called {other.name!r}",
                hint=f"rename one of them, e.g. params: {{{full}: {{rename: ...}}}}",
            )


def _fixed(upstream: str, value: JSON, others: list[FixedField], view: View) -> FixedField:
    """A constant under an attribute that no other property can have."""
    taken = {*map(attribute_name, view["properties"]), *(each.attribute for each in others)}
    name = free_name(f"{attribute_name(upstream)}_constant", taken)
    return FixedField(attribute=name, upstream=upstream, value=value)


def _is_alone(subject: Subject, verbs: Verbs) -> bool:
    """Whether a model belongs to one tool, because it is not what its component says."""
    return verbs.below(subject.path) or subject.files > 0
