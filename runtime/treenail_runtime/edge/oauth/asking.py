"""What is asked of the person: consent and login fields, then choices among what there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from quart import Response

from treenail_runtime.auth.consent import introduce
from treenail_runtime.auth.login import Fault, LoginForm
from treenail_runtime.auth.records import AuthorizationRequest, Client, Instance
from treenail_runtime.auth.redirect_uris import redirect_host
from treenail_runtime.contract import LoginField
from treenail_runtime.providers import login_places
from treenail_runtime.upstream.ways import code_grant, fields_instead, is_optional, needs_client

from .page import form_page, retry_after
from .services import OAuth
from .views import Alarm, FormView, view_fields

ACCESS_KEY: Final = LoginField(
    name="access_key",
    label="Access key",
    kind="password",
    secret=True,
    help="Whoever runs this connection has it.",
)
"""Asked for by instances that have credentials of their own."""


def login_form(services: OAuth, instance: Instance) -> LoginForm:
    """What the instance's connector asks for."""
    connector = services.connectors[instance.connector]
    if instance.credentials == "instance":
        return LoginForm(fields=(ACCESS_KEY,))
    grant = code_grant(connector.auth)
    is_known = services.providers.knows(instance)
    offers = grant is not None and is_known
    return LoginForm(
        fields=connector.login,
        help_url=connector.login_help_url,
        provider=offers,
        only_typed=fields_instead(connector.auth),
        needs_provider=not is_optional(connector.auth),
        lacks_client=needs_client(connector.auth) and not is_known,
        upstream_scopes=grant.scopes if grant is not None and offers else (),
        provider_urls=login_places(grant.provider) if grant is not None and offers else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One rendering of a form, as often as it takes.

    Attributes:
        template: `consent.html`, or `choose.html` for what is chosen after the login.
        fields: To be filled in.
        values: What was typed, by field name; secrets are not shown again.
        faults: What is wrong with it, by field name.
        alarm: Why it is asked again.
        retry_after_s: When to try again; None for at once.
    """

    template: str
    fields: Sequence[LoginField]
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: Mapping[str, Fault] = field(default_factory=dict[str, Fault])
    alarm: Alarm | None = None
    status: int = 200
    retry_after_s: int | None = None


def ask(
    services: OAuth,
    instance: Instance,
    client: Client,
    asked: AuthorizationRequest,
    question: Question,
    *,
    txn: str,
    csrf: str,
) -> Response:
    """The page; `txn` and `csrf` go into its form."""
    form = login_form(services, instance)
    view = FormView(
        host=redirect_host(instance.issuer),
        upstream=instance.title,
        client=introduce(client, asked, instance),
        short=_is_approved(services, client),
        fields=view_fields(
            question.fields,
            question.values,
            question.faults,
            form.only_typed if form.provider else frozenset(),
        ),
        help_url=form.help_url,
        provider=form.provider,
        needs_provider=form.needs_provider,
        upstream_scopes=form.upstream_scopes,
        txn=txn,
        csrf=csrf,
        alarm=question.alarm,
    )
    return form_page(
        services,
        view,
        question.template,
        targets=(asked.redirect_uri, *form.provider_urls),
        status=question.status,
        headers=retry_after(question.retry_after_s),
    )


def _is_approved(services: OAuth, client: Client) -> bool:
    return client.kind == "preregistered" and client.client_id in services.policy.auto_approve
