"""What a person types to connect: judged field by field, then by the upstream."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from pydantic import SecretStr

from treenail_runtime.contract import LoginField

from .records import ConnectionConfig, Instance

LARGEST_VALUE: Final = 4096
"""Bytes of one login field in UTF-8."""

Fault = Literal["missing", "needed", "long", "unlisted", "mismatch", "control"]
"""Why a value is not taken: absent, absent though no other way to connect was chosen, over
`LARGEST_VALUE`, none of the options, not of the pattern, or with a line break or NUL in it."""

_CONTROLS: Final = frozenset("\r\n\0")


def fault_of(field: LoginField, value: str) -> Fault | None:
    """Why `field` does not take `value`; None when it does. An empty value is an absent one."""
    if not value:
        return "missing" if field.required else None
    # Measured before the pattern sees it, so that no pattern can be made to search for long.
    if len(value) > LARGEST_VALUE or len(value.encode("utf-8", "replace")) > LARGEST_VALUE:
        return "long"
    if (field.options or field.choices is not None) and value not in field.options:
        return "unlisted"
    if field.pattern is not None and not re.fullmatch(field.pattern, value):
        return "mismatch"
    return "control" if not _CONTROLS.isdisjoint(value) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginForm:
    """What a connector asks for.

    Attributes:
        fields: In the order of the page; empty when the upstream needs no credentials.
        help_url: Where people learn how to get credentials.
        provider: Whether a person may, or must, go to the upstream's provider.
        only_typed: Names of the fields that nobody needs who goes there.
        needs_provider: Whether there is no other way.
        lacks_client: Whether nobody can connect, since the provider knows no client of ours.
        upstream_scopes: What we ask for at the provider.
        provider_urls: Where that is, as far as it is known.
    """

    fields: Sequence[LoginField] = ()
    help_url: str | None = None
    provider: bool = False
    only_typed: frozenset[str] = frozenset()
    needs_provider: bool = False
    lacks_client: bool = False
    upstream_scopes: Sequence[str] = ()
    provider_urls: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing but a yes is needed."""
        return not self.fields and not self.needs_provider

    @property
    def typed(self) -> Sequence[LoginField]:
        """What is asked first."""
        return [field for field in self.fields if field.choices is None]

    @property
    def before_provider(self) -> Sequence[LoginField]:
        """What is asked of somebody who then goes to the provider."""
        return [field for field in self.typed if field.name not in self.only_typed]

    @property
    def picked(self) -> Sequence[LoginField]:
        """What is chosen afterwards, among what the upstream offers to this person."""
        return [field for field in self.fields if field.choices is not None]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Typed:
    """What was typed, as far as it is allowed, and why the rest is not.

    Attributes:
        values: Byte for byte as typed, without absent ones.
        faults: By field name.
    """

    values: Mapping[str, SecretStr]
    faults: Mapping[str, Fault]

    def config(self, connector: str, fields: Sequence[LoginField]) -> ConnectionConfig:
        """The connection that these values describe."""
        return make_config(connector, fields, self.values)


def read_typed(fields: Sequence[LoginField], given: Mapping[str, str]) -> Typed:
    """Judge the values of `fields` in `given`, which holds them by field name."""
    faults: dict[str, Fault] = {}
    values: dict[str, SecretStr] = {}
    for field in fields:
        value = given.get(field.name, "")
        fault = fault_of(field, value)
        if fault is not None:
            faults[field.name] = fault
        elif value:
            values[field.name] = SecretStr(value)
    return Typed(values=values, faults=faults)


def make_config(
    connector: str, fields: Sequence[LoginField], values: Mapping[str, SecretStr]
) -> ConnectionConfig:
    """Part `values` into what tools may read and what makes the credentials."""
    there = [field for field in fields if field.name in values]
    return ConnectionConfig(
        connector=connector,
        values={
            field.name: values[field.name].get_secret_value() for field in there if not field.secret
        },
        secrets={field.name: values[field.name] for field in there if field.secret},
    )


def accounts_of(fields: Sequence[LoginField], config: ConnectionConfig) -> Sequence[str]:
    """Whose login this is, for counting attempts; each of one or two keys counts.

    First whoever is named, whatever stands in the other fields: an e-mail address guessed with
    changing business ids is one account. Then everything that is no secret.
    """
    named = _naming_field(fields, config)
    whole = _account(config, sorted(config.values))
    return tuple(dict.fromkeys((_account(config, [named]), whole) if named else (whole,)))


def _naming_field(fields: Sequence[LoginField], config: ConnectionConfig) -> str | None:
    """The first filled-in e-mail field, else the first one that is typed; None without any."""
    typed = [
        field
        for field in fields
        if field.name in config.values and field.kind != "select" and not field.options
    ]
    typed.sort(key=lambda field: field.kind != "email")
    return typed[0].name if typed else None


def _account(config: ConnectionConfig, names: Sequence[str]) -> str:
    # A line break is refused in every value, so that no two accounts are told alike.
    parts = [f"{name}={config.values[name].strip().casefold()}" for name in names]
    return "\n".join((config.connector, *parts))


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upstream takes these credentials."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The upstream refuses these credentials."""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """The upstream refuses the request, but not for the credentials (4xx)."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The upstream did not judge: it failed, was silent, or asks to wait."""

    retry_after_s: int


Judgement: TypeAlias = Accepted | Denied | Unjudged | Unavailable


class ChoicesUnavailableError(Exception):
    """The upstream did not tell what there is to choose from."""

    retry_after_s: Final = 5


class CredentialChecker(Protocol):
    """Asks the upstream of an instance."""

    async def check(
        self,
        instance: Instance,
        config: ConnectionConfig,
        access: SecretStr | None = None,
    ) -> Judgement:
        """Whether `config` works; accepted when the connector has no check.

        Args:
            instance: Where.
            config: What was typed.
            access: Token of the upstream's provider, where there is one.
        """
        ...

    async def choices(
        self, instance: Instance, config: ConnectionConfig, field: LoginField
    ) -> Sequence[tuple[str, str]]:
        """Values and labels of `field`, as the upstream offers them to this person.

        Raises:
            ChoicesUnavailableError: It did not answer, or not usefully.
        """
        ...
