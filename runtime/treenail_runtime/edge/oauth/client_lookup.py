"""From a client id to the client: registered here, or described by the document at that URL."""

import structlog
from quart import request

from treenail_runtime.auth.client_documents import (
    LONGEST_URL,
    DocumentError,
    FetchedDocument,
    KnownDocument,
    etag_of,
    is_admitted,
    is_document_url,
    lifetime_s,
    read_document,
)
from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.records import Client, Instance
from treenail_runtime.storage.clients import RegistryFullError

from .answers import unavailable
from .services import OAuth

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_RETRY_S = 30


async def find_client(services: OAuth, instance: Instance, client_id: str) -> Client | None:
    """The client that may act at `instance` under that id; None when there is none.

    Raises:
        OAuthError: `temporarily_unavailable` when its document cannot be had now, `slow_down` when
            the caller made us fetch too many.
        StoreUnavailableError: The database does not answer.
    """
    if not 0 < len(client_id) <= LONGEST_URL or not client_id.isascii():
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
    return await _fetched(services, client_id, known)


async def _fetched(services: OAuth, url: str, known: KnownDocument | None) -> Client | None:
    verdict = await services.limiter.hit("documents", services.caller(request))
    if not verdict.allowed:
        retry_after_s = verdict.retry_after_s
        raise OAuthError("slow_down", "too many clients at once", retry_after_s=retry_after_s)
    etag = known.etag if known is not None else None
    try:
        fetched = await services.documents.fetch(url, etag=etag)
        if isinstance(fetched, FetchedDocument):
            return await _kept(services, url, fetched)
    except DocumentError as error:
        log.info("document.refused", client_id=url, reason=str(error))
        if error.may_pass:
            raise unavailable(_RETRY_S) from None
        return None
    if known is None:
        return None
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
