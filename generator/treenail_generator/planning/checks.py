"""The calls of the login: reading operations whose every value is known before any tool call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from treenail_generator.connector_file import ConnectorRequest, Param
from treenail_generator.document import Operation
from treenail_generator.plan import (
    Binding,
    CheckPlan,
    Either,
    EndpointPlan,
    FromArgument,
    FromConnection,
    FromPage,
)
from treenail_generator.yaml_source import JSON, Pointer

from .connection import asked_last
from .faults import Faults
from .tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCall:
    """A call that the runtime makes while a person connects.

    Attributes:
        pointer: The section that asks for it.
        what: What people call it.
        is_check: Whether it proves the credentials; otherwise it reads choices.
        args: Values by the document's names.
        page: The query parameter that takes the number of a page; None when one page is read.
    """

    pointer: Pointer
    what: str
    is_check: bool
    args: Mapping[str, JSON]
    page: str | None = None


class LoginCalls:
    """Plans the calls of one `login` section."""

    def __init__(self, request: ConnectorRequest, tools: Tools, faults: Faults) -> None:
        self._request = request
        self._tools = tools
        self._faults = faults
        self._later = asked_last(request)

    def operation(self, call: LoginCall, key: str) -> Operation | None:
        """The operation `key` if it only reads; reported otherwise."""
        pointer = (*call.pointer, "operation")
        operation = self._tools.find(key, *pointer)
        if operation is None or operation.method in (
            ("GET", "HEAD") if call.is_check else ("GET",)
        ):
            return operation
        changes = operation.method != "HEAD"
        self._faults.add(
            self._request.at(*pointer),
            "unsafe-check" if call.is_check else "unsafe-choices",
            f"{call.what} uses {operation.method} {operation.path}, which "
            + ("may change something" if changes else "answers nothing to read"),
            hint="name an operation with GET",
        )
        return None

    def endpoint(self, call: LoginCall, operation: Operation) -> EndpointPlan:
        """What the call sends."""
        own = {name: Param(constant=value) for name, value in call.args.items()}
        endpoint = self._tools.endpoint_without_agent(operation, own, call.pointer)
        known = (self._known(binding, call) for binding in endpoint.bindings)
        return replace(endpoint, bindings=tuple(each for each in known if each is not None))

    def _known(self, binding: Binding, call: LoginCall) -> Binding | None:
        """`binding` without an agent; None when nothing is sent."""
        match binding.value:
            case Either(field=field, required=required) | FromConnection(field, required):
                if field in self._later:
                    self._tell_later(binding, field, call)
                    return None
                return replace(binding, value=FromConnection(field, required))
            case FromArgument():
                if (binding.place, binding.upstream) == ("query", call.page):
                    return replace(binding, value=FromPage())
                self._tell_missing(binding, call)
                return None
            case _:
                return binding

    def _tell_later(self, binding: Binding, field: str, call: LoginCall) -> None:
        if binding.required:
            self._faults.add(
                self._request.at(*call.pointer),
                "asked-later",
                f"{call.what} needs {binding.upstream!r}, but {field!r} is asked only behind it",
                hint=f"args: {{{binding.upstream}: ...}}, or give {field!r} no options_from",
            )

    def _tell_missing(self, binding: Binding, call: LoginCall) -> None:
        if binding.required:
            self._faults.add(
                self._request.at(*call.pointer),
                "check-needs-value" if call.is_check else "choices-need-value",
                f"{call.what} does not say what {binding.upstream!r} is",
                hint=f"args: {{{binding.upstream}: ...}}",
            )


def plan_check(request: ConnectorRequest, calls: LoginCalls) -> CheckPlan | None:
    """The check of the `login` section; None when the file has none."""
    check = request.file.login.check
    if check is None:
        return None
    call = LoginCall(pointer=("login", "check"), what="the check", is_check=True, args=check.args)
    operation = calls.operation(call, check.operation)
    if operation is None:
        return None
    return CheckPlan(endpoint=calls.endpoint(call, operation), denied=tuple(check.denied))
