"""Fixed header fields, and login fields: what a connection is made of."""

from collections.abc import Mapping

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.plan import ChoicesPlan, LoginFieldPlan

from .faults import Faults
from .headers import why_no_header


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
