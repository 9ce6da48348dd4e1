"""The `login` section of the connector file: what a person gives to connect."""

from typing import Literal

from pydantic import Field, JsonValue

from .values import Closed, FieldName


class OptionsFrom(Closed):
    """Where the options of a select stand upstream: a list that a reading operation answers."""

    operation: str = Field(description="operationId, or `GET /path`; only GET.")
    args: dict[str, JsonValue] = Field(
        default={}, description="Values of its parameters, by the document's names."
    )
    root: str = Field(
        default="", description="Dotted path to the list; empty for the whole answer."
    )
    value: str = Field(description="Dotted name, in an item, of what the connection keeps.")
    label: str = Field(description="Dotted name, in an item, of what a person reads.")
    page_parameter: str | None = Field(
        default=None, description="The query parameter that takes a page's number, to read on."
    )


class LoginEntry(Closed):
    """One field of the login form."""

    name: FieldName = Field(description="Name for templates, `inject` and `helpers`.")
    label: str = Field(description="Its label on the form.")
    type: Literal["text", "email", "password", "select"] = Field(
        default="text", description="Kind of input."
    )
    secret: bool = Field(
        default=False, description="Used in credentials only; a password always is."
    )
    required: bool = Field(default=True, description="Whether it has to be filled in.")
    pattern: str | None = Field(
        default=None, description="Regular expression that the whole value matches."
    )
    options: Literal["servers"] | dict[str, str] | None = Field(
        default=None,
        description="The choices of a select, value: label; `servers` offers the regions.",
    )
    options_from: OptionsFrom | None = Field(
        default=None,
        description="The choices of a select that the upstream tells, once the credentials are good.",
    )
    help: str | None = Field(default=None, description="A sentence beside the field.")

    @property
    def is_secret(self) -> bool:
        """Whether only credentials may hold it."""
        return self.secret or self.type == "password"


class Check(Closed):
    """The call that tells whether credentials are good: a reading operation of the document."""

    operation: str = Field(description="operationId, or `GET /path`; only GET and HEAD.")
    args: dict[str, JsonValue] = Field(
        default={}, description="Values of its parameters, by the document's names."
    )
    denied: list[int] = Field(
        default=[401, 403], description="Statuses that mean wrong credentials."
    )


class Login(Closed):
    """What a person gives to connect."""

    fields: list[LoginEntry] = Field(description="The fields of the login form, in order.")
    help_url: str | None = Field(
        default=None, description="Where a person finds how to get credentials."
    )
    check: Check | None = Field(
        default=None, description="The call that tells whether they are good."
    )
