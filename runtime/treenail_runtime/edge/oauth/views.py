"""What templates print: every decision about a page is taken here."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from treenail_runtime.auth.consent import Introduction
from treenail_runtime.auth.login import Fault
from treenail_runtime.contract import LoginField

_FAULTS: Final[Mapping[Fault, str]] = {
    "missing": "{label} is missing.",
    "needed": "{label} is needed to connect like this.",
    "long": "{label} is too long.",
    "unlisted": "{label}: choose one of the options.",
    "mismatch": "{label} does not look right. Check it for typing errors and spaces.",
    "control": "{label} holds a line break. Remove it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """A login field on the page.

    Attributes:
        id: Of the element, and its name in the form.
        value: To begin with; always empty for a secret.
        optional: Whether the page says that it may stay empty.
        nothing: The choice that chooses nothing.
        described_by: Ids of the texts that explain it.
    """

    id: str
    label: str
    kind: str
    autocomplete: str
    required: bool
    optional: bool
    help: str | None
    options: Sequence[tuple[str, str]]
    value: str
    nothing: str
    fault: str | None

    @property
    def described_by(self) -> str:
        """For `aria-describedby`."""
        parts = (("help", self.help), ("fault", self.fault))
        return " ".join(f"{self.id}-{name}" for name, text in parts if text)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why the form is shown again."""

    title: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """The consent page, or the page with the pickers.

    Attributes:
        host: Of this server.
        upstream: The connector's title.
        short: The operator has approved the client, so that less is explained.
        provider: Whether the person may go on to the upstream's own login page.
        needs_provider: Whether there is no other way.
        upstream_scopes: What we ask for there.
        txn: Names the pending login.
        csrf: Proves that the form is ours.
    """

    host: str
    upstream: str
    client: Introduction
    short: bool
    fields: Sequence[FieldView]
    help_url: str | None
    txn: str
    csrf: str
    alarm: Alarm | None = None
    provider: bool = False
    needs_provider: bool = False
    upstream_scopes: Sequence[str] = ()

    @property
    def is_sent_to_login(self) -> bool:
        """Whether the form asks for more than a yes."""
        return bool(self.fields) or self.provider

    @property
    def faulty(self) -> Sequence[FieldView]:
        """Fields to be corrected."""
        return [field for field in self.fields if field.fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupView:
    """The page on which somebody agrees to give an instance an account.

    Attributes:
        host: Of this server.
        upstream: The connector's title.
        instance: The instance's title, as its owner called it.
        slug: Its name in paths.
        owner: Who runs it.
        upstream_scopes: What we ask for at the provider.
        action: Where the form goes.
        txn: Names the invitation.
        csrf: Proves that the form is ours, and of this browser.
        fields: None of them are filled in.
    """

    host: str
    upstream: str
    instance: str
    slug: str
    owner: str
    upstream_scopes: Sequence[str]
    action: str
    txn: str
    csrf: str
    fields: Sequence[FieldView] = ()


def correct(count: int) -> Alarm:
    """Of the form, `count` fields cannot be right."""
    return Alarm("One thing to correct" if count == 1 else f"{count} things to correct")


def nothing_chosen(upstream: str, *, provider: bool) -> Alarm:
    """What was typed is not enough for any of the ways to connect."""
    other = f", or sign in at {upstream}" if provider else ""
    return Alarm("Nothing to sign in with", f"Fill in what one way to connect takes{other}.")


def denied(upstream: str) -> Alarm:
    """The upstream refused the credentials."""
    return Alarm(
        f"{upstream} did not accept these details",
        "Check every field, and type the password again.",
    )


def unjudged(upstream: str) -> Alarm:
    """The upstream refused the request for another reason than the credentials."""
    return Alarm(
        f"{upstream} did not accept the request",
        "Your password was not judged. Check the other values and type it again, or try later.",
    )


def unreachable(upstream: str) -> Alarm:
    """The upstream gave no judgement: nobody may be told that a password is wrong."""
    return Alarm(
        f"{upstream} could not be reached",
        "Your password was not judged. Wait a moment, then type it again.",
    )


def untold(upstream: str) -> Alarm:
    """The upstream took the credentials, but did not tell what there is to choose."""
    return Alarm(
        f"{upstream} did not tell what there is to choose",
        "Your details were accepted. Wait a moment, then send the form again.",
    )


def element_id(field: LoginField) -> str:
    """Name and id of a field in the page; no name of ours begins like that."""
    return f"field-{field.name}"


def given(fields: Sequence[LoginField], form: Mapping[str, str]) -> dict[str, str]:
    """The values of `fields` in a form, by field name."""
    return {field.name: form.get(element_id(field), "") for field in fields}


def view_fields(
    fields: Sequence[LoginField],
    values: Mapping[str, str],
    faults: Mapping[str, Fault],
    a_way: Set[str] = frozenset(),
) -> Sequence[FieldView]:
    """`fields` with what was typed; secrets have to be typed again.

    Those of `a_way` may stay empty only because there is another way to connect.
    """
    return [
        _view(
            field,
            values.get(field.name, ""),
            faults.get(field.name),
            optional=not field.required and field.name not in a_way,
        )
        for field in fields
    ]


def _view(field: LoginField, value: str, fault: Fault | None, *, optional: bool) -> FieldView:
    return FieldView(
        id=element_id(field),
        label=field.label,
        kind="password" if field.secret else _kind(field),
        autocomplete=_autocomplete(field),
        required=field.required,
        optional=optional,
        help=field.help,
        options=tuple(field.options.items()),
        value="" if field.secret else value,
        nothing=_nothing(field),
        fault=None if fault is None else _FAULTS[fault].format(label=field.label),
    )


def _kind(field: LoginField) -> str:
    return "select" if field.choices is not None else field.kind


def _nothing(field: LoginField) -> str:
    if field.required:
        return "Please choose"
    return "No default" if field.choices is not None else "No preference"


def _autocomplete(field: LoginField) -> str:
    """So that password managers know what they keep (WCAG 2.2, 1.3.5)."""
    if field.secret or field.kind == "password":
        return "current-password"
    return "username" if field.kind == "email" else "on"
