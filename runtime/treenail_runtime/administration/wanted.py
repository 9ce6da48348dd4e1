"""What somebody wants an instance to be, and whether it can be that."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import SecretStr, TypeAdapter, ValidationError

from treenail_runtime.auth.instances import CredentialsOf, Slug, SlugError, SlugFault, read_slug
from treenail_runtime.auth.login import Fault, LoginForm, Typed, read_typed
from treenail_runtime.auth.records import InstanceSettings
from treenail_runtime.contract import Connector
from treenail_runtime.limits import LimitRules, LimitRulesError
from treenail_runtime.settings import UpstreamUrl
from treenail_runtime.upstream.ways import code_grant, fields_instead, is_optional

from .errors import AdministrationError, Kind

_URL: Final[TypeAdapter[str | None]] = TypeAdapter(UpstreamUrl)
_LONGEST_TITLE: Final = 200
_LONGEST_CLIENT: Final = 1024
_LONGEST_SECRET: Final = 4096

_SLUG_KINDS: Final[Mapping[SlugFault, tuple[Kind, str]]] = {
    "malformed": (
        "slug-malformed",
        "the slug must be 1 to 63 of a-z, 0-9 and -, with no - at an end",
    ),
    "reserved": ("slug-reserved", "paths of the server begin with this slug; take another"),
    "taken": ("slug-taken", "the slug is in use; take another"),
}
_FAULTS: Final[Mapping[Fault, str]] = {
    "missing": "is missing",
    "needed": "is needed",
    "long": "is too long",
    "unlisted": "is none of the options",
    "mismatch": "does not match its pattern",
    "control": "holds a line break",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Wanted:
    """An instance as somebody asks for it.

    Attributes:
        title: None for the connector's.
        client_id: Of its own client at the upstream's provider; None for the connector's.
        server_url: In place of the connector's servers.
        region: One of the connector's servers.
        limits: Rate limits of its own, such as `{"mcp_grant": "100/1m"}`.
    """

    slug: str
    service: str
    owner: str
    title: str | None = None
    credentials: CredentialsOf = "person"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    server_url: str | None = None
    region: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, str] = field(default_factory=dict[str, str])


def slug_error(error: SlugError) -> AdministrationError:
    """What to tell of a slug that cannot be had."""
    kind, detail = _SLUG_KINDS[error.fault]
    return AdministrationError(kind, detail, faults={"slug": detail})


def judged_slug(text: str, taken: Collection[str]) -> Slug:
    """The slug.

    Raises:
        AdministrationError: It cannot be one.
    """
    try:
        return read_slug(text, taken)
    except SlugError as error:
        raise slug_error(error) from None


def judged_settings(wanted: Wanted, connector: Connector) -> InstanceSettings:
    """What the instance has of its own.

    Raises:
        AdministrationError: With all faults at once.
    """
    faults = dict(_faults(wanted, connector))
    if faults:
        raise AdministrationError("invalid", "some fields cannot be taken", faults=faults)
    return InstanceSettings(
        upstream_client_id=wanted.client_id,
        upstream_client_secret=wanted.client_secret,
        server_url=wanted.server_url,
        region=wanted.region,
        limits=wanted.limits,
    )


def with_wanted(has: InstanceSettings, wanted: InstanceSettings) -> InstanceSettings:
    """What an instance has, with what is wanted in its place; a secret goes with its client."""
    client = has if wanted.upstream_client_id is None else wanted
    return InstanceSettings(
        upstream_client_id=client.upstream_client_id,
        upstream_client_secret=client.upstream_client_secret,
        server_url=wanted.server_url or has.server_url,
        region=wanted.region or has.region,
        limits=wanted.limits or has.limits,
        values=wanted.values,
        secrets=wanted.secrets,
    )


def login_form(connector: Connector) -> LoginForm:
    """What a connector asks of an account."""
    return LoginForm(
        # Nobody asks the upstream here what there is to choose from: any value is taken.
        fields=[replace(each, choices=None) for each in connector.login],
        help_url=connector.login_help_url,
        provider=code_grant(connector.auth) is not None,
        only_typed=fields_instead(connector.auth),
        needs_provider=not is_optional(connector.auth),
    )


def judged_values(
    connector: Connector, values: Mapping[str, str], *, before_provider: bool = False
) -> Typed:
    """The login values, as far as nobody goes to the provider for them.

    Raises:
        AdministrationError: With all faults at once.
    """
    form = login_form(connector)
    fields = form.before_provider if before_provider else form.fields
    typed = read_typed(fields, values)
    faults = {f"values.{name}": _FAULTS[fault] for name, fault in typed.faults.items()}
    known = {each.name for each in fields}
    faults |= {
        f"values.{name}": "no such login field" for name in sorted(values) if name not in known
    }
    if faults:
        raise AdministrationError("invalid", "some values cannot be taken", faults=faults)
    return typed


def _faults(wanted: Wanted, connector: Connector) -> Mapping[str, str]:
    faults: dict[str, str] = {}
    for name, text, longest in (
        ("title", wanted.title, _LONGEST_TITLE),
        ("owner", wanted.owner, _LONGEST_TITLE),
        ("client_id", wanted.client_id, _LONGEST_CLIENT),
    ):
        if text is not None and not (0 < len(text) <= longest and text.isprintable()):
            faults[name] = f"must be 1 to {longest} printable characters"
    if wanted.client_secret is not None and wanted.client_id is None:
        faults["client_secret"] = "needs a client_id"  # noqa: S105  # words, no secret
    elif wanted.client_secret is not None and not _is_secret(wanted.client_secret):
        faults["client_secret"] = f"must be 1 to {_LONGEST_SECRET} printable characters"
    if wanted.region is not None and wanted.region not in connector.servers:
        faults["region"] = f"must be one of {', '.join(sorted(connector.servers))}"
    if wanted.server_url is not None and not _is_url(wanted.server_url):
        faults["server_url"] = "must begin with https://, or with http:// on loopback"
    try:
        LimitRules().of_instance(wanted.limits)
    except LimitRulesError as error:
        faults["limits"] = "; ".join(error.problems)
    return faults


def _is_secret(secret: SecretStr) -> bool:
    text = secret.get_secret_value()
    return 0 < len(text) <= _LONGEST_SECRET and text.isprintable()


def _is_url(text: str) -> bool:
    try:
        return _URL.validate_python(text) is not None and text.startswith(("https://", "http://"))
    except ValidationError:
        return False
