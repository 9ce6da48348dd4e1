"""The client that the environment describes: `AUTO_SEED_CLIENT_ID` and its siblings."""

import asyncio
import re
from typing import Final

from treenail_runtime.auth.client_metadata import MOST_REDIRECT_URIS, guessed_type
from treenail_runtime.auth.client_secrets import ChosenSecret, keep_chosen
from treenail_runtime.auth.records import Client
from treenail_runtime.auth.redirect_uris import check_redirect_uri
from treenail_runtime.settings import ConfigurationError, Settings
from treenail_runtime.storage.clients import ClientExistsError, ClientStore

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,128}")
"""Ids that operators may choose: never a URL, which would be a client's document."""

_ANYWHERE: Final = ""


async def seed_client(settings: Settings, clients: ClientStore) -> None:
    """Keep the client as the environment describes it now; nothing when it describes none.

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
    if await _is_kept(settings, client, clients):
        return
    try:
        await clients.replace(client, chosen=await _chosen(settings))
    except ClientExistsError:
        raise ConfigurationError(
            "AUTO_SEED_CLIENT_ID: a client that registered itself has this id; take another"
        ) from None


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


async def _is_kept(settings: Settings, client: Client, clients: ClientStore) -> bool:
    """Whether it is kept already, so that a start writes nothing."""
    if await clients.find(client.client_id, _ANYWHERE) != client:
        return False
    secret = settings.auto_seed_client_secret
    if not secret:
        return True
    return await clients.is_chosen_secret(client.client_id, secret.get_secret_value())
