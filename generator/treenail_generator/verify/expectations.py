"""What a request has to say: arguments under the upstream's names, constants, the connection's values."""

from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from treenail_generator.plan import (
    ABSENT,
    Absent,
    AnswerPlan,
    Binding,
    ConnectorPlan,
    Constant,
    Either,
    EndpointPlan,
    FromArgument,
    FromConnection,
    FromPage,
    MaybeJSON,
    ModelPlan,
)
from treenail_generator.planning.exact_samples import NoSampleError
from treenail_generator.planning.samples import Samples
from treenail_generator.yaml_source import JSON

from .upstream_terms import UpstreamTerms

Wanted = dict[tuple[str, str], MaybeJSON]
"""By place and upstream name; the whole body by ("body", "")."""


class Expectations:
    """What the requests of one connector have to say."""

    def __init__(self, plan: ConnectorPlan) -> None:
        """Take the plan, which knows where each value of a request comes from."""
        models = {model.name: model for model in plan.models}
        self._terms = UpstreamTerms(models)
        self._samples = Samples(models)
        self._connection = _connection(plan)

    def connection(self, endpoint: EndpointPlan) -> Mapping[str, str]:
        """Made-up values of the connection that fit where `endpoint` uses them."""
        fitting = dict(self._connection)
        for binding in endpoint.bindings:
            match binding.value:
                case FromConnection(field) | Either(field=field):
                    with suppress(NoSampleError):
                        fitting[field] = str(self._samples.of(binding.type, "minimal", ""))
                case _:
                    pass
        return fitting

    def of_tool(
        self,
        model: ModelPlan,
        endpoint: EndpointPlan,
        case: Mapping[str, JSON],
        connection: Mapping[str, str],
    ) -> Wanted:
        """What the arguments `case` have to become."""
        given: dict[str, MaybeJSON] = {
            field.attribute: self._terms.of(field.type, case[field.name])
            if field.name in case
            else field.default
            for field in model.fields
        }
        return _wanted(endpoint, given, connection, ABSENT)

    def of_call(
        self, endpoint: EndpointPlan, connection: Mapping[str, str], page: MaybeJSON
    ) -> Wanted:
        """What a request of the login has to say; `page` is the number of the page it asks for."""
        return _wanted(endpoint, {}, connection, page)


def _wanted(
    endpoint: EndpointPlan,
    given: Mapping[str, MaybeJSON],
    connection: Mapping[str, str],
    page: MaybeJSON,
) -> Wanted:
    wanted: Wanted = {}
    fields: dict[str, JSON] = {}
    for binding in endpoint.bindings:
        value = _source(binding, given, connection, page)
        if binding.place != "body" or binding.upstream == "":
            wanted[binding.place, binding.upstream] = value
        elif not isinstance(value, Absent):
            fields[binding.upstream] = value
    if ("body", "") not in wanted:
        wanted["body", ""] = fields if fields or endpoint.body_required else ABSENT
    return wanted


def _source(
    binding: Binding,
    given: Mapping[str, MaybeJSON],
    connection: Mapping[str, str],
    page: MaybeJSON,
) -> MaybeJSON:
    match binding.value:
        case FromArgument(attribute):
            return given[attribute]
        case FromConnection(field):
            return connection[field]
        case Either(attribute, field):
            value = given[attribute]
            return connection[field] if isinstance(value, Absent) else value
        case Constant(value):
            return value
        case FromPage():
            return page


def first_of_two(answer: AnswerPlan) -> JSON:
    """What an upstream could answer for the first of two pages."""
    told: dict[str, JSON] = {}
    if answer.page is not None:
        told = {answer.page.number: 0, answer.page.pages: 2, answer.page.total: 2}
    whole: dict[str, JSON] = {}
    for path, value in {answer.root: [], **told}.items():
        *above, last = path.split(".")
        holder = whole
        for step in above:
            holder = cast("dict[str, JSON]", holder.setdefault(step, {}))
        holder[last] = value
    return whole


def _connection(plan: ConnectorPlan) -> dict[str, str]:
    return {
        field.name: field.options[0][0] if field.options else f"connection-{field.name}"
        for field in plan.login
        if not field.secret
    }
