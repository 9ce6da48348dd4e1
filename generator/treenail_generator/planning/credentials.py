"""Whether the connection's credentials are what an operation asks for, and the name that they take."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.connector_file.auth import (
    ApiKeyKind,
    AuthSection,
    BasicKind,
    BearerKind,
    NoAuthKind,
    OAuthClientKind,
    OAuthCodeKind,
    SingleAuth,
    singles,
    together,
)
from treenail_generator.document import Document, Operation, SecurityScheme
from treenail_generator.plan import ToolPlan

from .faults import Faults

Key: TypeAlias = tuple[str, str]
"""Where a credential goes, and under which name; that of a header in lower case."""


_AUTHORIZATION: Final[Key] = ("header", "authorization")


def key_of(auth: SingleAuth) -> Key:
    """Where the credentials go, and under which name."""
    if not isinstance(auth, ApiKeyKind):
        return _AUTHORIZATION
    return auth.place, auth.name.lower() if auth.place == "header" else auth.name


def keys_of(auth: AuthSection) -> frozenset[Key]:
    """What the credentials take for themselves, of all that a tool could have."""
    return frozenset(key_of(each) for each in singles(auth) if isinstance(each, ApiKeyKind))


def tell_security(
    request: ConnectorRequest, document: Document, tools: Sequence[ToolPlan], faults: Faults
) -> None:
    """Warn of each tool whose operation does not accept what the connection sends.

    One alternative of `security` is enough, and all schemes of it are needed at once (OpenAPI 3.1.1,
    "Security Requirement Object"). Credentials that nobody asks for go to the same upstream and do
    no harm; that is a note, and only where other tools need them.
    """
    found = list(_asked(document, tools))
    auth = request.file.auth
    is_asked = any(any(operation.security) for _, operation in found)
    for tool, operation in found:
        ways = operation.security
        if not ways:
            if is_asked and not isinstance(auth, NoAuthKind):
                faults.note(
                    tool.source,
                    "security-unasked",
                    f"{tool.name}: {operation.key} asks for no credentials; they are sent all the same",
                )
        elif not any(_satisfies(request, document.security_schemes, tool, way) for way in ways):
            told = " or ".join(" and ".join(way) for way in ways)
            faults.note(
                tool.source,
                "security-differs",
                f"{tool.name}: {operation.key} asks for {told}, and `auth` is {auth.kind}",
                hint="leave the tool out, or give it a connector of its own with that `auth`",
                severity="warning",
            )


def _asked(document: Document, tools: Sequence[ToolPlan]) -> Iterator[tuple[ToolPlan, Operation]]:
    for tool in tools:
        operation = document.operation(tool.endpoint.operation) if tool.endpoint else None
        if operation is not None:
            yield tool, operation


def _satisfies(
    request: ConnectorRequest,
    schemes: Mapping[str, SecurityScheme],
    tool: ToolPlan,
    way: Mapping[str, object],
) -> bool:
    """Whether one set of credentials that goes with a request is all that `way` asks for."""
    return any(
        all(name in schemes and _is_met(request, sent, schemes[name], tool) for name in way)
        for sent in together(request.file.auth)
    )


def _is_met(
    request: ConnectorRequest, sent: Sequence[SingleAuth], scheme: SecurityScheme, tool: ToolPlan
) -> bool:
    """Whether the credentials, a fixed header, or a value of the tool say what `scheme` asks."""
    if any(each.scheme == scheme.name for each in sent):
        return True
    match scheme.kind:
        case "http":
            kinds = _OF_HTTP.get(scheme.scheme, ())
            return any(isinstance(each, kinds) for each in sent) or _has(
                request, sent, _AUTHORIZATION, tool
            )
        case "oauth2" | "openIdConnect":
            is_token = any(isinstance(each, _TOKENS) for each in sent)
            return is_token or _has(request, sent, _AUTHORIZATION, tool)
        case "apiKey":
            name = scheme.parameter_name
            key = (str(scheme.place), name.lower() if scheme.place == "header" else name)
            by_name = key == _AUTHORIZATION and any(key_of(each) == key for each in sent)
            return by_name or _has(request, sent, key, tool)
        case _:
            return False


_TOKENS: Final = (BearerKind, OAuthCodeKind, OAuthClientKind)
_OF_HTTP: Final[Mapping[str, tuple[type[SingleAuth], ...]]] = {
    "basic": (BasicKind,),
    "bearer": _TOKENS,
}


def _has(request: ConnectorRequest, sent: Sequence[SingleAuth], key: Key, tool: ToolPlan) -> bool:
    """Whether a request of `tool` holds something at `key`."""
    fixed = {("header", name.lower()) for name in request.file.defaults.headers}
    bound = {
        (each.place, each.upstream.lower() if each.place == "header" else each.upstream)
        for each in (tool.endpoint.bindings if tool.endpoint is not None else ())
    }
    keys = {key_of(each) for each in sent if isinstance(each, ApiKeyKind)}
    return key in {*keys, *fixed, *bound}
