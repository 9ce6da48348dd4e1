"""How a request proves who is calling, as the generated module will say it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

AuthClass: TypeAlias = Literal[
    "NoAuth", "BasicAuth", "ApiKeyAuth", "BearerAuth", "OAuthCodeAuth", "OAuthClientAuth"
]
"""Classes of the contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPlan:
    """The contract's `OAuthProvider`; `arguments` are those that differ from what it assumes."""

    arguments: tuple[tuple[str, str | bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemePlan:
    """One of the contract's auth classes and its arguments.

    Attributes:
        arguments: Those that are texts.
        provider: Of the OAuth classes.
        scopes: What is asked of the provider.
        parameters: Further ones of the request to the provider.
    """

    kind: AuthClass
    arguments: tuple[tuple[str, str], ...] = ()
    provider: ProviderPlan | None = None
    scopes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthPlan:
    """What the connector declares: one scheme, or a chain of several.

    Attributes:
        use: How a chain is used; None for one scheme.
    """

    schemes: tuple[SchemePlan, ...]
    use: Literal["first", "all"] | None = None
