"""From a client id to the client: registered here, or described by the document at that URL."""

import structlog
from quart import request

from treenail_runtime.auth.client_documents import (
    DocumentError,
    FetchedDocument,
    KnownDocument,
    etag_of,
    is_admitted,
    is_document_url,
    lifetime_s,
    read_document,
)
from treenail_runtime.auth.client_ids import is_client_id
from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.records import Client, Instance
from treenail_runtime.storage.clients import RegistryFullError

from .answers import unavailable
from .services import OAuth

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_RETRY_S = 30


async def find_client(
    services: OAuth, instance: Instance, client_id: str, *, returning: bool = False
) -> Client | None:
    """The client that may act at `instance` under that id; None when there is none.

    Args:
        services: Where it is looked for.
        instance: Where it acts.
        client_id: As it came.
        returning: It comes back with what was granted to it. Then its document from before counts
            for another day when it cannot be fetched: a site that is down logs nobody out.

    Raises:
        OAuthError: `temporarily_unavailable` when its document cannot be had now, `slow_down` when
            the caller made us fetch too many.
        StoreUnavailableError: The database does not answer.
    """
    if not is_client_id(client_id):
        return None
    if not is_document_url(client_id):
        return await services.clients.find(client_id, instance.id)
    if not services.policy.client_documents:
        return None
    if not is_admitted(client_id, services.policy.client_document_domains):
        log.info("document.refused", client_id=client_id, reason="its host is not admitted")
        return None
    known = await services.clients.find_document(client_id)
    if known is not None and known.client.disabled:
        return None
    if known is not None and known.is_fresh:
        return known.client
    reserve = known.client if returning and known is not None and known.in_reserve else None
    return await _fetched_or(reserve, services, client_id, known)


async def _fetched_or(
    reserve: Client | None, services: OAuth, url: str, known: KnownDocument | None
) -> Client | None:
    """The client of the document as it is now; `reserve`, if there is one, when that fails.

    What a stranger's URL failed by is for the log. To him, a name that does not exist, one that
    leads into our network and one that hangs are the same.
    """
    try:
        return await _fetched(services, url, known)
    except (DocumentError, OAuthError) as error:
        log.info("document.refused", client_id=url, reason=str(error))
        if reserve is not None:
            log.warning("document.reserve_used", client_id=url)
            return reserve
        if isinstance(error, OAuthError):
            raise
        if error.may_pass:
            raise unavailable(_RETRY_S) from None
        return None


async def _fetched(services: OAuth, url: str, known: KnownDocument | None) -> Client:
    verdict = await services.limiter.hit("documents", services.caller(request))
    if not verdict.allowed:
        retry_after_s = verdict.retry_after_s
        raise OAuthError("slow_down", "too many clients at once", retry_after_s=retry_after_s)
    fetched = await services.documents.fetch(url, etag=known.etag if known is not None else None)
    if isinstance(fetched, FetchedDocument):
        return await _kept(services, url, fetched)
    if known is None:
        raise DocumentError("is unchanged since nobody knows when")
    await services.clients.renew_document(url, lifetime_s(fetched.headers))
    return known.client


async def _kept(services: OAuth, url: str, fetched: FetchedDocument) -> Client:
    client = read_document(url, fetched.body)
    seconds = lifetime_s(fetched.headers)
    if seconds > 0:
        try:
            await services.clients.put_document(
                client,
                etag=etag_of(fetched.headers),
                lifetime_s=seconds,
                most=services.policy.most_clients,
            )
        except RegistryFullError:
            log.warning("document.not_kept", client_id=url, reason="every kept one is in use")
    return client
