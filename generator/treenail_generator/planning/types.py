"""JSON Schema to types of the generated module; what they cannot say exactly stays a schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from treenail_generator.naming import attribute_name, class_name, snake_case
from treenail_generator.plan import (
    ABSENT,
    Absent,
    AnyType,
    ExactType,
    FieldPlan,
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
from .exact import requestable
from .faults import Faults
from .leaves import constraints, leaf_type
from .mentions import in_order
from .module_names import ModuleNames
from .objects import OBJECT, has_parts, offered, only_properties
from .verbs import Verb, Verbs
from .views import View, Views, split_null

_ARRAY = frozenset({"type", "items", "minItems", "maxItems"})
_NO_MODEL = ""
_MOST_ANCESTORS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A schema on its way to a type.

    Attributes:
        path: Dotted upstream name, under which the connector file speaks of it.
        place: Where a parameter or top-level body field goes; empty inside a body.
        hint: What a model made from it is called when it has no name of its own.
        ancestors: Names of models under construction, by component, for circular schemas.
    """

    schema: object
    path: str
    hint: str
    ancestors: Mapping[str, str]
    place: Place | Literal[""] = ""


class Types:
    """Plans types for one connector; models with equal fields are shared between tools."""

    def __init__(self, views: Views, naming: str, names: ModuleNames, faults: Faults) -> None:
        self.views = views
        self.faults = faults
        self._naming = naming
        self._models: dict[str, ModelPlan] = {}
        self._names = names
        self._of_component: dict[str, str] = {}

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models of objects inside arguments; each stands behind those it mentions, where it can."""
        return in_order(self._models.values())

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
        own = replace(subject, schema=subject.schema if not verb.says("constrain") else view)
        name = self.agent_name(upstream, verb)
        self._tell_illegal_name(verb, subject.path, name)
        told = verb.param.describe or description or str(view.get("description", ""))
        default = self._own_default(verb, subject.path, view)
        return FieldPlan(
            attribute=attribute_name(name),
            name=name,
            upstream=upstream,
            type=self.type_of(own, verbs),
            required=(required or verb.param.required is True) and isinstance(default, Absent),
            description=" ".join(told.split()),
            default=default,
            published_default=ABSENT if required else view.get("default", ABSENT),
            example=self._example(verb, view, examples, subject.path),
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

    def _example(self, verb: Verb, view: View, examples: tuple[JSON, ...], path: str) -> MaybeJSON:
        if verb.says("example"):
            if not has_parts(view):
                self.tell_misfit(verb, "example", path, view, verb.param.example)
            return verb.param.example
        if has_parts(view):
            return ABSENT
        given = (*examples, *cast("list[JSON]", view.get("examples", [])))
        fitting = (value for value in given if self.views.why_not(view, value) is None)
        return next(fitting, ABSENT)

    def type_of(self, subject: Subject, verbs: Verbs) -> TypePlan:
        """The type of `subject`, models included."""
        component = self.views.ref_name(subject.schema)
        view, nullable = split_null(self.views.of(subject.schema))
        if component is not None and component in subject.ancestors:
            name = subject.ancestors[component]
            if name == _NO_MODEL:
                return self._exact(subject, verbs)
            return NullableType(ModelType(name)) if nullable else ModelType(name)
        if (
            component is not None
            and component in self._of_component
            and not verbs.below(subject.path)
        ):
            model = ModelType(self._of_component[component])
            return NullableType(model) if nullable else model
        if len(subject.ancestors) > _MOST_ANCESTORS:
            return self._exact(subject, verbs)
        plan = leaf_type(view) or self._compound(view, component, subject, verbs)
        if plan is None:
            return self._exact(subject, verbs)
        return NullableType(plan) if nullable else plan

    def _exact(self, subject: Subject, verbs: Verbs) -> TypePlan:
        reason = self.views.why_no_schema(subject.schema)
        if reason is not None:
            self.faults.add(
                verbs.of(subject.path, subject.place).at(),
                "invalid-schema",
                f"{subject.path!r}: its schema cannot be used: {reason}",
                hint="repair the document, or hide the field",
            )
            return AnyType()
        return ExactType(requestable(self.views.bundle(subject.schema)))

    def _compound(
        self, view: View, component: str | None, subject: Subject, verbs: Verbs
    ) -> TypePlan | None:
        keywords = constraints(view)
        if not keywords:
            return AnyType()
        kind = view.get("type")
        if component is not None:
            # A model puts its name there.
            subject = replace(subject, ancestors={**subject.ancestors, component: _NO_MODEL})
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
        wanted = class_name(component or subject.hint)
        name = self._names.class_of(wanted)
        shared = component is not None and not verbs.below(subject.path)
        if shared:
            self._of_component[component or ""] = name
        ancestors = {**subject.ancestors, **({component: name} if component else {})}
        fields = self.properties(view, replace(subject, ancestors=ancestors), verbs)
        doc = " ".join(str(view.get("description") or f"Part of {subject.path!r}.").split())
        model = ModelPlan(name=name, doc=doc, fields=fields)
        for other in self._models.values():
            # A model that mentions itself is never equal to one of another name; it stays apart.
            if other.fields == fields and class_name(other.name).startswith(wanted):
                self._names.give_back(name)
                if shared:
                    self._of_component[component or ""] = other.name
                return ModelType(other.name)
        self._models[name] = model
        return ModelType(name)

    def properties(self, view: View, subject: Subject, verbs: Verbs) -> tuple[FieldPlan, ...]:
        """The fields of an object schema that a request may set."""
        required = set(view.get("required", ()))
        fields: list[FieldPlan] = []
        said: list[bool] = []
        for upstream, schema in cast("dict[str, Any]", view.get("properties", {})).items():
            path = f"{subject.path}.{upstream}" if subject.path else upstream
            verb = verbs.of(path, "")
            inner = self.views.of(schema)
            if not offered(inner, verb, required=upstream in required):
                continue
            self._tell_top_level_only(verb, path)
            if verb.param.hide and verb.says("hide"):
                self._tell_hidden_required(verb, path, upstream in required)
                continue
            own = replace(
                subject,
                schema=schema,
                path=path,
                place="",
                hint=f"{subject.hint}{class_name(upstream)}",
            )
            field = self.field(own, verbs, upstream=upstream, required=upstream in required)
            fields.append(field)
            said.append(bool(verb.param.rename))
        named, clashes = object_fields(fields, said)
        self._tell_clashes(named, clashes, verbs, subject.path)
        return tuple(named)

    def _tell_top_level_only(self, verb: Verb, path: str) -> None:
        for key in ("constant", "inject"):
            if verb.says(key):
                self.faults.add(
                    verb.at(key),
                    "top-level-only",
                    f"{path!r}: {key!r} is for parameters and for fields at the top of a body",
                    hint="hide the field, or leave it to the agent",
                )

    def _tell_hidden_required(self, verb: Verb, path: str, required: bool) -> None:  # noqa: FBT001  # a fact about it
        if required:
            self.faults.add(
                verb.at("hide"),
                "hidden-required",
                f"{path!r} is required by the upstream and cannot be hidden",
                hint="give it a constant, or inject it",
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
