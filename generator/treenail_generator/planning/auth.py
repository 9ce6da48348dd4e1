"""How credentials are sent: the `auth` section, checked against the document and the login."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.connector_file.auth import (
    ApiKeyKind,
    BasicKind,
    BearerKind,
    ChainKind,
    NoAuthKind,
    OAuthClientKind,
    OAuthCodeKind,
    SingleAuth,
    singles,
)
from treenail_generator.diagnostics import nearest
from treenail_generator.document import Document, SecurityScheme
from treenail_generator.plan import AuthPlan, SchemePlan
from treenail_generator.yaml_source import Pointer

from .connection import asked_last
from .credentials import key_of
from .faults import Faults
from .headers import is_header_name
from .providers import plan_provider, tell_reserved_parameters

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def plan_auth(request: ConnectorRequest, document: Document, faults: Faults) -> AuthPlan:
    """How credentials are sent, checked against the document's security schemes."""
    auth = request.file.auth
    schemes = _Schemes(request, document, faults)
    _tell_unasked(request, faults)
    match auth:
        case NoAuthKind():
            return AuthPlan(schemes=(SchemePlan(kind="NoAuth"),))
        case ChainKind():
            planned = tuple(
                schemes.plan(each, ("auth", "schemes", index))
                for index, each in enumerate(auth.schemes)
            )
            _tell_two_grants(request, auth, faults)
            if auth.use == "all":
                _tell_shared_places(request, auth, faults)
            else:
                _tell_required_fields(request, auth, faults)
                _tell_never_chosen(request, auth, faults)
            return AuthPlan(schemes=planned, use=auth.use)
        case _:
            return AuthPlan(schemes=(schemes.plan(auth, ("auth",)),))


class _Schemes:
    """Plans single schemes."""

    def __init__(self, request: ConnectorRequest, document: Document, faults: Faults) -> None:
        self._request = request
        self._document = document
        self._faults = faults

    def plan(self, auth: SingleAuth, pointer: Pointer) -> SchemePlan:
        """The scheme that stands at `pointer`."""
        self._tell_other_scheme(auth, pointer)
        self._tell_placeholders(auth, pointer)
        match auth:
            case BasicKind():
                told = (("username", auth.username), ("password", auth.password))
                return SchemePlan(kind="BasicAuth", arguments=told)
            case BearerKind():
                return SchemePlan(kind="BearerAuth", arguments=(("token", auth.value),))
            case ApiKeyKind():
                if auth.place != "query" and not is_header_name(auth.name):
                    fault = f"{auth.name!r}: not a name that HTTP can carry"
                    self._faults.add(self._request.at(*pointer, "name"), "unusable-header", fault)
                told = (("place", auth.place), ("name", auth.name), ("value", auth.value))
                return SchemePlan(kind="ApiKeyAuth", arguments=told)
            case OAuthCodeKind() | OAuthClientKind():
                return self._oauth(auth, pointer)

    def _oauth(self, auth: OAuthCodeKind | OAuthClientKind, pointer: Pointer) -> SchemePlan:
        client: tuple[tuple[str, str], ...] = ()
        if isinstance(auth, OAuthClientKind):
            client = (("client_id", auth.client_id), ("client_secret", auth.client_secret))
        tell_reserved_parameters(self._request, auth, pointer, self._faults)
        return SchemePlan(
            kind="OAuthCodeAuth" if isinstance(auth, OAuthCodeKind) else "OAuthClientAuth",
            arguments=tuple((name, text) for name, text in client if text),
            provider=plan_provider(self._request, auth, pointer, self._faults),
            scopes=tuple(auth.scopes),
            parameters=tuple(auth.parameters.items()),
        )

    def _tell_other_scheme(self, auth: SingleAuth, pointer: Pointer) -> None:
        """Report a `scheme` that the document does not have, or that is of another kind."""
        if auth.scheme is None:
            return
        found = self._document.security_schemes.get(auth.scheme)
        if found is None:
            close = nearest(auth.scheme, self._document.security_schemes)
            self._faults.add(
                self._request.at(*pointer, "scheme"),
                "unknown-security-scheme",
                f"{self._document.file} has no security scheme {auth.scheme!r}",
                hint=f"did you mean {close!r}?" if close else None,
            )
        elif (wanted := _wanted(auth, found)) is not None:
            self._faults.add(
                self._request.at(*pointer, "kind"),
                "wrong-security-scheme",
                f"security scheme {auth.scheme!r} is {_told(found)}, not {wanted}",
            )

    def _tell_placeholders(self, auth: SingleAuth, pointer: Pointer) -> None:
        texts = dict(_filled_in(auth))
        if not any(map(_PLACEHOLDER.search, texts.values())) and any(texts.values()):
            key = "client_secret" if isinstance(auth, OAuthClientKind) else None
            self._faults.add(
                self._request.at(*pointer, *([key] if key else [])),
                "literal-secret",
                "a credential stands in the connector file, and would be committed",
                hint="name a login field: {password}",
            )
        for key, text in texts.items():
            for name in _PLACEHOLDER.findall(text):
                self._tell_field(name, (*pointer, key))

    def _tell_field(self, name: str, pointer: Pointer) -> None:
        known = [entry.name for entry in self._request.file.login.fields]
        if name in asked_last(self._request):
            self._faults.add(
                self._request.at(*pointer),
                "asked-later",
                f"{{{name}}} is asked only once the credentials are proven",
                hint=f"give {name!r} no options_from",
            )
        elif name not in known:
            close = nearest(name, known)
            self._faults.add(
                self._request.at(*pointer),
                "unknown-login-field",
                f"{{{name}}} is no login field",
                hint=f"did you mean {{{close}}}?" if close else None,
            )


def _filled_in(auth: SingleAuth) -> Iterator[tuple[str, str]]:
    """The keys of `auth` that hold credentials, and what they say."""
    match auth:
        case BasicKind():
            yield from (("username", auth.username), ("password", auth.password))
        case BearerKind() | ApiKeyKind():
            yield "value", auth.value
        case OAuthClientKind():
            yield from (("client_id", auth.client_id), ("client_secret", auth.client_secret))
        case OAuthCodeKind():
            return


def _wanted(auth: SingleAuth, scheme: SecurityScheme) -> str | None:
    """What the document's scheme should be; None when it is that."""
    match auth:
        case BasicKind():
            fits, wanted = (scheme.kind, scheme.scheme) == ("http", "basic"), "http basic"
        case BearerKind():
            fits, wanted = (scheme.kind, scheme.scheme) == ("http", "bearer"), "http bearer"
        case ApiKeyKind():
            here = ("apiKey", auth.name, auth.place)
            fits = (scheme.kind, scheme.parameter_name, scheme.place) == here
            wanted = f"apiKey {auth.name} in {auth.place}"
        case OAuthCodeKind() | OAuthClientKind():
            flow = "authorizationCode" if isinstance(auth, OAuthCodeKind) else "clientCredentials"
            fits = scheme.kind == "openIdConnect" or flow in scheme.flows
            wanted = f"oauth2 with the flow {flow}"
    return None if fits else wanted


def _told(scheme: SecurityScheme) -> str:
    more = scheme.scheme or scheme.parameter_name or " and ".join(scheme.flows)
    place = f" in {scheme.place}" if scheme.place else ""
    return f"{scheme.kind} {more}{place}".strip()


def _tell_two_grants(request: ConnectorRequest, chain: ChainKind, faults: Faults) -> None:
    grants = [
        index
        for index, each in enumerate(chain.schemes)
        if isinstance(each, OAuthCodeKind | OAuthClientKind)
    ]
    for index in grants[1:]:
        faults.add(
            request.at("auth", "schemes", index),
            "two-grants",
            "a connection holds the tokens of one provider, and there are two",
            hint="make it two connectors",
        )


def _tell_shared_places(request: ConnectorRequest, chain: ChainKind, faults: Faults) -> None:
    """Report credentials that would be sent in the same place at once."""
    seen: set[tuple[str, str]] = set()
    for index, each in enumerate(chain.schemes):
        key = key_of(each)
        if key in seen:
            faults.add(
                request.at("auth", "schemes", index),
                "shared-place",
                f"two schemes go into {key[0]} {key[1]!r} of each request",
                hint="use: first",
            )
        seen.add(key)


def _tell_required_fields(request: ConnectorRequest, chain: ChainKind, faults: Faults) -> None:
    """Report login fields that everybody has to fill in, and not every way needs."""
    needed = [frozenset(_fields_of(each)) for each in chain.schemes]
    by_all = frozenset[str].intersection(*needed)
    by_some = frozenset[str]().union(*needed) - by_all
    for index, entry in enumerate(request.file.login.fields):
        if entry.required and entry.name in by_some:
            faults.add(
                request.at("login", "fields", index),
                "required-by-some",
                f"{entry.name!r} has to be filled in, and not every scheme of the chain needs it",
                hint="say required: false",
            )


def _tell_never_chosen(request: ConnectorRequest, chain: ChainKind, faults: Faults) -> None:
    """Report schemes that nobody can have the credentials for without those of an earlier one."""
    needs = [_needs_of(each) for each in chain.schemes]
    for index, here in enumerate(needs):
        if any(before <= here for before in needs[:index]):
            faults.add(
                request.at("auth", "schemes", index),
                "never-chosen",
                "whoever has what this scheme takes has what an earlier one takes, which goes first",
                hint="put it before that one, or leave it out",
            )


def _tell_unasked(request: ConnectorRequest, faults: Faults) -> None:
    """Report what has to be chosen, where people may come from the provider without choosing."""
    if not any(isinstance(each, OAuthCodeKind) for each in singles(request.file.auth)):
        return
    for index, entry in enumerate(request.file.login.fields):
        if entry.required and entry.name in asked_last(request):
            faults.add(
                request.at("login", "fields", index),
                "never-asked",
                f"{entry.name!r} has to be chosen, and whoever logs in at the provider is not asked",
                hint="say required: false",
            )


def _needs_of(auth: SingleAuth) -> frozenset[str]:
    """What a connection must have for a scheme: login fields, and for one a person's token."""
    token = ["{token of the provider}"] if isinstance(auth, OAuthCodeKind) else []
    return frozenset([*_fields_of(auth), *token])


def _fields_of(auth: SingleAuth) -> Iterable[str]:
    return (name for _, text in _filled_in(auth) for name in _PLACEHOLDER.findall(text))
