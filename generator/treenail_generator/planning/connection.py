"""Credentials and login fields: what a connection is made of."""

import re
from collections.abc import Mapping
from typing import Final

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.connector_file.schema import (
    ApiKeyKind,
    BasicKind,
    BearerKind,
    NoAuthKind,
)
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Document
from treenail_generator.plan import AuthPlan, ChoicesPlan, LoginFieldPlan

from .faults import Faults
from .headers import is_header_name, why_no_header

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_FILLED_IN: Final = frozenset({"password", "token", "username", "value"})


def check_headers(request: ConnectorRequest, faults: Faults) -> None:
    """Report fixed header fields that no request may carry."""
    for name, text in request.file.defaults.headers.items():
        reason = why_no_header(name)
        if reason is None and not (text.isascii() and text.isprintable() and text == text.strip()):
            reason = "only printable ASCII without outer spaces can be sent"
        if reason is not None:
            faults.add(
                request.at("defaults", "headers", name), "unusable-header", f"{name!r}: {reason}"
            )


def asked_last(request: ConnectorRequest) -> frozenset[str]:
    """The login fields that are asked once the credentials are proven."""
    fields = request.file.login.fields
    return frozenset(entry.name for entry in fields if entry.options_from is not None)


def plan_login(
    request: ConnectorRequest, choices: Mapping[str, ChoicesPlan], faults: Faults
) -> tuple[LoginFieldPlan, ...]:
    """The login fields; the one called `region` offers the regions, and chooses the server."""
    for index, entry in enumerate(request.file.login.fields):
        if (entry.options == "servers") != (entry.name == "region"):
            faults.add(
                request.at("login", "fields", index),
                "region-field",
                f"{entry.name!r}: the field called 'region', and no other, has options: servers",
            )
    regions = {key: region.title for key, region in request.file.servers.regions.items()}
    return tuple(
        LoginFieldPlan(
            name=entry.name,
            label=entry.label,
            kind=entry.type,
            secret=entry.is_secret,
            required=entry.required,
            pattern=entry.pattern,
            options=tuple(
                (regions if entry.options == "servers" else dict(entry.options or {})).items()
            ),
            help=entry.help,
            choices=choices.get(entry.name),
        )
        for entry in request.file.login.fields
    )


def plan_auth(request: ConnectorRequest, document: Document, faults: Faults) -> AuthPlan:
    """How credentials are sent, checked against the document's security schemes."""
    auth = request.file.auth
    match auth:
        case NoAuthKind():
            return AuthPlan(kind="NoAuth")
        case BasicKind():
            plan = AuthPlan(
                kind="BasicAuth",
                arguments=(("username", auth.username), ("password", auth.password)),
            )
            expected = ("http", "basic")
        case ApiKeyKind():
            plan = AuthPlan(
                kind="ApiKeyAuth",
                arguments=(("place", auth.place), ("name", auth.name), ("value", auth.value)),
            )
            expected = ("apiKey", auth.name)
            if auth.place != "query" and not is_header_name(auth.name):
                fault = f"{auth.name!r}: not a name that HTTP can carry"
                faults.add(request.at("auth", "name"), "unusable-header", fault)
        case BearerKind():
            plan = AuthPlan(kind="BearerAuth", arguments=(("token", auth.value),))
            expected = ("http", "bearer")
    _check_scheme(request, document, auth.scheme, expected, faults)
    _check_placeholders(request, plan, faults)
    return plan


def _check_scheme(
    request: ConnectorRequest,
    document: Document,
    scheme: str | None,
    expected: tuple[str, str],
    faults: Faults,
) -> None:
    if scheme is None:
        return
    found = document.security_schemes.get(scheme)
    if found is None:
        close = nearest(scheme, document.security_schemes)
        faults.add(
            request.at("auth", "scheme"),
            "unknown-security-scheme",
            f"{document.file} has no security scheme {scheme!r}",
            hint=f"did you mean {close!r}?" if close else None,
        )
    elif (found.kind, found.scheme or found.parameter_name) != expected:
        faults.add(
            request.at("auth", "kind"),
            "wrong-security-scheme",
            f"security scheme {scheme!r} is {found.kind} {found.scheme or found.parameter_name}, "
            f"not {expected[0]} {expected[1]}",
        )


def _check_placeholders(request: ConnectorRequest, plan: AuthPlan, faults: Faults) -> None:
    known = [entry.name for entry in request.file.login.fields]
    later = asked_last(request)
    if not any(_PLACEHOLDER.search(text) for key, text in plan.arguments if key in _FILLED_IN):
        faults.add(
            request.at("auth"),
            "literal-secret",
            "a credential stands in the connector file, and would be committed",
            hint="name a login field: {password}",
        )
    for key, text in plan.arguments:
        if key not in _FILLED_IN:
            continue
        written = "value" if request.has("auth", "value") and key in {"token", "value"} else key
        at = request.at("auth", written)
        for name in _PLACEHOLDER.findall(text):
            if name in later:
                faults.add(
                    at,
                    "asked-later",
                    f"{{{name}}} is asked only once the credentials are proven",
                    hint=f"give {name!r} no options_from",
                )
            elif name not in known:
                close = nearest(name, known)
                faults.add(
                    at,
                    "unknown-login-field",
                    f"{{{name}}} is no login field",
                    hint=f"did you mean {{{close}}}?" if close else None,
                )
