"""Whether a request carries credentials that the mock takes: any but `wrong`, in the right form."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final

from treenail_generator.connector_file.auth import (
    ApiKeyKind,
    AuthSection,
    BasicKind,
    BearerKind,
    SingleAuth,
    singles,
    together,
)
from treenail_generator.document import Document, Operation, SecurityScheme

from .wire import Call, Refusal

WRONG: Final = "wrong"
"""The one secret that is refused."""

_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_HTTP_SCHEMES: Final = {
    "basic": "basic",
    "api_key": "",
    "bearer": "bearer",
    "oauth2_authorization_code": "bearer",
    "oauth2_client_credentials": "bearer",
}
_CHALLENGES: Final = {"basic": 'Basic realm="mock", charset="UTF-8"', "bearer": "Bearer"}


class Credentials:
    """What the document demands of a request, in the form that the connector gives it."""

    def __init__(self, document: Document, auth: AuthSection) -> None:
        self._sets = together(auth)
        self._ways = tuple(singles(auth))
        self._schemes = document.security_schemes
        self._is_declared = bool(document.security) or any(
            operation.security for operation in document.operations
        )

    @property
    def secret_names(self) -> frozenset[str]:
        """Headers and query parameters, in lower case, whose values are never told."""
        keys = {scheme.parameter_name for scheme in self._schemes.values()}
        keys.update(each.name for each in self._api_keys)
        return frozenset(name.lower() for name in keys | {"authorization", "cookie"} if name)

    def query_names(self, operation: Operation) -> Iterator[str]:
        """Query parameters that carry a key, which no operation has to declare."""
        for requirement in operation.security:
            for name in requirement:
                scheme = self._schemes.get(name)
                if scheme is not None and scheme.place == "query":
                    yield scheme.parameter_name
        yield from (each.name for each in self._api_keys if each.place == "query")

    @property
    def _api_keys(self) -> Iterator[ApiKeyKind]:
        return (each for each in self._ways if isinstance(each, ApiKeyKind))

    def check(self, operation: Operation, call: Call) -> None:
        """Do nothing when the credentials are good, or when none are needed.

        Raises:
            Refusal: 401, with a challenge (RFC 9110, section 11.6.1).
        """
        if not self._is_declared:
            self._check_auth(call)
            return
        faults: list[str] = []
        for requirement in operation.security:
            found = [self._fault(self._schemes.get(name), call) for name in requirement]
            missing = [fault for fault in found if fault is not None]
            if not missing:
                return
            faults.append(missing[0])
        if faults:
            scheme = next(iter(next(iter(operation.security))), "")
            raise _refusal(faults[0], self._kind(self._schemes.get(scheme)))

    def _check_auth(self, call: Call) -> None:
        """A document that never speaks of security leaves it to the connector file."""
        missing: list[tuple[str, str]] = []
        for sent in self._sets:
            found = [(self._fault_of(each, call), each.kind) for each in sent]
            faults = [(fault, kind) for fault, kind in found if fault is not None]
            if not faults:
                return
            missing.append(faults[0])
        if missing:
            fault, kind = missing[0]
            raise _refusal(fault, _HTTP_SCHEMES[kind])

    def _fault_of(self, auth: SingleAuth, call: Call) -> str | None:
        match auth:
            case BasicKind():
                return self._basic_fault(call)
            case ApiKeyKind(place=place, name=name):
                return self._key_fault(call, place, name)
            case _:
                return self._bearer_fault(call)

    def _kind(self, scheme: SecurityScheme | None) -> str:
        if scheme is None or scheme.kind == "apiKey":
            return ""
        return scheme.scheme or "bearer"

    def _fault(self, scheme: SecurityScheme | None, call: Call) -> str | None:
        """What is wrong with the credentials of one scheme, None when nothing is."""
        if scheme is None or scheme.kind == "mutualTLS":
            return None
        if scheme.kind == "apiKey":
            return self._key_fault(call, scheme.place or "header", scheme.parameter_name)
        if scheme.kind == "http" and scheme.scheme == "basic":
            return self._basic_fault(call)
        if scheme.kind == "http" and scheme.scheme != "bearer":
            return None if call.header("authorization") else "no credentials were sent"
        return self._bearer_fault(call)

    def _basic_fault(self, call: Call) -> str | None:
        """RFC 7617, section 2."""
        pair = _decoded(_after_scheme(call, "basic"))
        if pair is None:
            return "no credentials for HTTP Basic were sent"
        username, password = pair
        names, secrets = next(
            ((each.username, each.password) for each in self._ways if isinstance(each, BasicKind)),
            ("{}", "{}"),
        )
        if _filled(names, username) is None:
            return f"the user name is not of the form {names}"
        return _secret_fault(secrets, password)

    def _bearer_fault(self, call: Call) -> str | None:
        token = _after_scheme(call, "bearer")
        if not token:
            return "no bearer token was sent"
        templates = [each.value for each in self._ways if isinstance(each, BearerKind)]
        only = templates[0] if len(self._ways) == len(templates) == 1 else "{}"
        return _secret_fault(only, token)

    def _key_fault(self, call: Call, place: str, name: str) -> str | None:
        match place:
            case "query":
                value = dict(call.query).get(name)
            case "cookie":
                value = _cookies(call).get(name)
            case _:
                value = call.header(name.lower())
        if not value:
            return f"no key was sent in {place} {name!r}"
        ours = (each.value for each in self._api_keys if each.name.lower() == name.lower())
        return _secret_fault(next(ours, "{}"), value)


def _refusal(fault: str, kind: str) -> Refusal:
    challenge = _CHALLENGES.get(kind, "ApiKey")
    return Refusal(401, fault, headers={"WWW-Authenticate": challenge})


def _after_scheme(call: Call, scheme: str) -> str | None:
    sent, _, rest = (call.header("authorization") or "").partition(" ")
    return rest.strip() if sent.lower() == scheme else None


def _decoded(text: str | None) -> tuple[str, str] | None:
    try:
        username, colon, password = (
            base64.b64decode(text or "", validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (username, password) if colon else None


def _filled(template: str, value: str) -> tuple[str, ...] | None:
    """What stands in the place of each `{field}`; None when the value is of another form."""
    pattern = "(.+)".join(map(re.escape, _PLACEHOLDER.split(template)))
    found = re.fullmatch(pattern, value, re.DOTALL)
    return None if found is None else found.groups()


def _secret_fault(template: str, value: str) -> str | None:
    filled = _filled(template, value)
    if filled is None:
        return "the secret is empty or of another form"
    return "the credentials are wrong" if WRONG in (*filled, value) else None


def _cookies(call: Call) -> Mapping[str, str]:
    pairs = (pair.strip().partition("=") for pair in (call.header("cookie") or "").split(";"))
    return {name: value for name, _, value in pairs}
