"""The client that the environment describes: `AUTO_SEED_CLIENT_ID` and its siblings."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

import structlog

from treenail_runtime.auth.client_metadata import MOST_REDIRECT_URIS, guessed_type
from treenail_runtime.auth.client_secrets import ChosenSecret, ChosenSecrets, keep_chosen
from treenail_runtime.auth.records import Client
from treenail_runtime.auth.redirect_uris import check_redirect_uri
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.clients import ClientExistsError, ClientStore

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,128}")
"""Ids that operators may choose: never a URL, which would be a client's document."""


_COMPARED: Final = tuple(
    each.name
    for each in fields(Client)
    if each.name not in {"client_id", "disabled", "secret_digest"}
)
"""Not whether it is disabled: the operator's no is not ours to undo."""


async def seed_client(settings: Settings, clients: ClientStore, audit: AuditStore) -> None:
    """Keep the client as the environment describes it now; nothing when it describes none.

    What was changed otherwise, such as a secret by `treenail clients rotate-secret`, is undone; the
    log and the audit tell it, as `client.seeded` and `client.changed`.

    Without a secret it is public, with one it may send it in either way (RFC 6749 2.3.1).

    Raises:
        ConfigurationError: The description is not one of a client.
        StoreUnavailableError: The database does not answer.
    """
    problems = _problems(settings)
    if problems:
        raise ConfigurationError(*problems)
    if settings.auto_seed_client_id is None:
        return
    client = _described(settings, settings.auto_seed_client_id)
    changed = await _changes(settings, client, clients)
    if not changed:
        return
    try:
        await clients.replace(client, chosen=await _chosen(settings))
    except ClientExistsError:
        raise ConfigurationError(
            "AUTO_SEED_CLIENT_ID: a client that registered itself has this id; take another"
        ) from None
    log.info("client.seeded", client_id=client.client_id, changed=changed)
    await audit.record(
        "client.changed",
        "success",
        client_id=client.client_id,
        change=f"seeded: {', '.join(changed)}",
    )


def _problems(settings: Settings) -> list[str]:
    if settings.auto_seed_client_id is None:
        orphaned = [
            settings.auto_seed_client_name,
            settings.auto_seed_client_secret,
            *settings.auto_seed_redirect_uris,
        ]
        return ["AUTO_SEED_CLIENT_ID: is not set, but its siblings are"] if any(orphaned) else []
    problems: list[str] = []
    if not CLIENT_ID.fullmatch(settings.auto_seed_client_id):
        problems.append("AUTO_SEED_CLIENT_ID: must be up to 128 letters, digits, and . _ ~ -")
    uris = settings.auto_seed_redirect_uris
    if not 0 < len(uris) <= MOST_REDIRECT_URIS:
        problems.append(f"AUTO_SEED_REDIRECT_URIS: needs 1 to {MOST_REDIRECT_URIS} URIs")
    schemes = frozenset(settings.redirect_schemes)
    for number, uri in enumerate(uris, 1):
        problem = check_redirect_uri(uri, application_type="native", schemes=schemes)
        if problem is not None:
            problems.append(f"AUTO_SEED_REDIRECT_URIS: entry {number} {problem}")
    return problems


def _described(settings: Settings, client_id: str) -> Client:
    return Client(
        client_id=client_id,
        kind="preregistered",
        name=settings.auto_seed_client_name or client_id,
        redirect_uris=settings.auto_seed_redirect_uris,
        auth_method="client_secret_basic" if settings.auto_seed_client_secret else "none",
        application_type=guessed_type(settings.auto_seed_redirect_uris),
    )


async def _chosen(settings: Settings) -> ChosenSecret | None:
    secret = settings.auto_seed_client_secret
    if not secret:
        return None
    try:
        return await asyncio.to_thread(keep_chosen, secret)
    except ValueError as error:
        raise ConfigurationError(f"AUTO_SEED_CLIENT_SECRET: {error}") from None


async def _changes(settings: Settings, client: Client, clients: ClientStore) -> Sequence[str]:
    """What differs from what is kept; nothing when a start need not write."""
    kept = await clients.known(client.client_id)
    if kept is None:
        return ["new"]
    changed = [name for name in _COMPARED if getattr(kept, name) != getattr(client, name)]
    if not await _is_secret_kept(settings, kept, clients):
        changed.append("secret")
    return changed


async def _is_secret_kept(settings: Settings, kept: Client, clients: ClientStore) -> bool:
    chosen = await clients.chosen_secret(kept.client_id, even_disabled=True)
    if not settings.auto_seed_client_secret:
        return chosen is None and kept.secret_digest is None
    secret = settings.auto_seed_client_secret.get_secret_value()
    return await ChosenSecrets().fits(secret, chosen)
