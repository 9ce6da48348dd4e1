"""The credential check: a reading operation whose every value is known before any tool call."""

from dataclasses import replace

from treenail_generator.connector_file import ConnectorRequest, Param
from treenail_generator.plan import Binding, CheckPlan, Either, FromArgument, FromConnection

from .faults import Faults
from .tools import Tools

_READING = frozenset({"GET", "HEAD"})


def plan_check(request: ConnectorRequest, tools: Tools, faults: Faults) -> CheckPlan | None:
    """The check of the `login` section; None when the file has none."""
    check = request.file.login.check
    if check is None:
        return None
    pointer = ("login", "check")
    operation = tools.find(check.operation, *pointer, "operation")
    if operation is None:
        return None
    if operation.method not in _READING:
        faults.add(
            request.at(*pointer, "operation"),
            "unsafe-check",
            f"the check uses {operation.method} {operation.path}, which may change something",
            hint="name an operation with GET",
        )
        return None
    own = {name: Param(constant=value) for name, value in check.args.items()}
    endpoint = tools.endpoint_without_agent(operation, own, pointer)
    bindings = [
        known
        for binding in endpoint.bindings
        if (known := _known(binding, request, faults)) is not None
    ]
    return CheckPlan(
        endpoint=replace(endpoint, bindings=tuple(bindings)), denied=tuple(check.denied)
    )


def _known(binding: Binding, request: ConnectorRequest, faults: Faults) -> Binding | None:
    match binding.value:
        case Either(field=field, required=required):
            return replace(binding, value=FromConnection(field, required))
        case FromArgument():
            if binding.required:
                faults.add(
                    request.at("login", "check"),
                    "check-needs-value",
                    f"the check does not say what {binding.upstream!r} is",
                    hint=f"args: {{{binding.upstream}: ...}}",
                )
            return None
        case _:
            return binding
