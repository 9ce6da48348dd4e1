"""The document's security as the `auth` section of a connector file, with its login fields."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from treenail_generator.document import Document, Operation, SecurityScheme
from treenail_generator.planning.headers import is_header_name
from treenail_generator.yaml_source import JSON

from .grants import propose_grant
from .proposal import AuthProposal

_NONE: Final = AuthProposal(section={"kind": "none"})
_TOKEN: Final[dict[str, JSON]] = {"name": "token", "label": "Access token", "type": "password"}
_KEY: Final[dict[str, JSON]] = {"name": "api_key", "label": "API key", "type": "password"}
_BASIC: Final[tuple[dict[str, JSON], ...]] = (
    {"name": "username", "label": "User name"},
    {"name": "password", "label": "Password", "type": "password"},
)


def propose_auth(document: Document, operations: Sequence[Operation]) -> AuthProposal:
    """The way that satisfies most of the operations; the other ways become notes."""
    schemes = document.security_schemes
    counted = _counted(document, operations)
    usable = [names for names in counted if _auth_of_all(names, schemes, operations) is not None]
    if not usable:
        return _without(document, counted)
    # More operations first; then what needs fewer credentials at once; then the file's order.
    best = max(usable, key=lambda names: (counted[names], -len(names)))
    chosen = _auth_of_all(best, schemes, operations)
    assert chosen is not None  # noqa: S101  # only usable ones are looked at
    return AuthProposal(
        section=chosen.section,
        fields=chosen.fields,
        notes=(*chosen.notes, *_other_ways(best, counted, operations)),
    )


def _counted(document: Document, operations: Iterable[Operation]) -> Counter[tuple[str, ...]]:
    """How many operations each alternative satisfies; declared schemes where none is demanded."""
    counted = Counter(
        tuple(alternative)
        for operation in operations
        for alternative in operation.security
        if alternative
    )
    return counted or Counter({(name,): 0 for name in document.security_schemes})


def _without(document: Document, counted: Counter[tuple[str, ...]]) -> AuthProposal:
    if not counted:
        return _NONE
    ways = "; ".join(" and ".join(names) for names in counted)
    kinds = ", ".join(f"{one.name}: {one.kind}" for one in document.security_schemes.values())
    notes = (f"none of the document's ways can be used: {ways} ({kinds or 'not declared'})",)
    return AuthProposal(section={"kind": "none"}, notes=notes)


def _auth_of_all(
    names: tuple[str, ...], schemes: Mapping[str, SecurityScheme], operations: Sequence[Operation]
) -> AuthProposal | None:
    """The auth for schemes that are needed at once: the first that can be carried."""
    found = [schemes[name] for name in names if name in schemes]
    if len(found) < len(names):
        return None
    for scheme in found:
        own = _auth(scheme, _scopes(scheme.name, operations))
        if own is not None:
            others = [each.name for each in found if each is not scheme]
            notes = (f"also needed, but not sent: {', '.join(others)}",) if others else ()
            return AuthProposal(section=own.section, fields=own.fields, notes=(*own.notes, *notes))
    return None


def _auth(scheme: SecurityScheme, scopes: Sequence[str]) -> AuthProposal | None:
    """None for what no connector can send: client certificates, other HTTP schemes."""
    match scheme.kind, scheme.scheme, scheme.place:
        case "http", "basic", _:
            section = {"kind": "basic", "scheme": scheme.name}
            section |= {"username": "{username}", "password": "{password}"}
            return AuthProposal(section={**section}, fields=_BASIC)
        case "http", "bearer", _:
            return AuthProposal(
                section={"kind": "bearer", "scheme": scheme.name, "value": "{token}"},
                fields=(_TOKEN,),
            )
        case "apiKey", _, ("header" | "query" | "cookie") as place if _can_be_sent(scheme):
            return AuthProposal(
                section={
                    "kind": "api_key",
                    "scheme": scheme.name,
                    "in": place,
                    "name": scheme.parameter_name,
                    "value": "{api_key}",
                },
                fields=(_KEY,),
            )
        case "oauth2" | "openIdConnect", _, _:
            return propose_grant(scheme, scopes)
        case _:
            return None


def _scopes(name: str, operations: Iterable[Operation]) -> list[str]:
    """What the operations ask of a scheme, each once."""
    asked = (
        scope
        for operation in operations
        for alternative in operation.security
        for scope in alternative.get(name, ())
    )
    return list(dict.fromkeys(asked))


def _can_be_sent(scheme: SecurityScheme) -> bool:
    """Whether a request can carry a credential under the name of `scheme`."""
    is_query = scheme.place == "query"
    return bool(scheme.parameter_name) and (is_query or is_header_name(scheme.parameter_name))


def _other_ways(
    best: tuple[str, ...], counted: Counter[tuple[str, ...]], operations: Sequence[Operation]
) -> tuple[str, ...]:
    notes = [
        f"another way: {' and '.join(names)} ({count} operations)"
        for names, count in counted.most_common()
        if names != best
    ]
    unmet = sum(
        1
        for operation in operations
        if any(operation.security)
        and all(each and tuple(each) != best for each in operation.security)
    )
    if unmet:
        notes.append(f"{unmet} of {len(operations)} operations do not accept this way")
    return tuple(notes[:8])
