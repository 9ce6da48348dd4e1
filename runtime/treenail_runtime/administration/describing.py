"""Instances as JSON, the same for the admin API and the command line: never a secret."""

from collections.abc import Mapping
from datetime import datetime

from treenail_runtime.auth.instances import InstanceRecord, UpstreamTokens
from treenail_runtime.auth.records import InstanceSettings

from .instances import Made


def described(record: InstanceRecord, base_url: str) -> dict[str, object]:
    """What is told of an instance in lists."""
    return {
        "id": record.id,
        "slug": record.slug,
        "service": record.service,
        "title": record.title,
        "owner": record.owner,
        "status": record.status,
        "credentials": record.credentials,
        "url": f"{base_url}/{record.slug}/mcp",
        "version": record.version,
        "created_at": told(record.created_at),
        "changed_at": told(record.changed_at),
        "pending_since": None if record.pending_since is None else told(record.pending_since),
        "last_error": record.last_error,
    }


def described_whole(made: Made, base_url: str) -> dict[str, object]:
    """What is told of one instance."""
    settings = made.settings or InstanceSettings()
    error = {} if made.settings is not None else {"last_error": "unreadable"}
    return {
        **described(made.record, base_url),
        **error,
        "client_id": settings.upstream_client_id,
        "server_url": settings.server_url,
        "region": settings.region,
        "limits": dict(settings.limits),
        "tokens": None if made.tokens is None else described_tokens(made.tokens),
    }


def described_tokens(tokens: UpstreamTokens) -> Mapping[str, object]:
    """What is told of tokens of the upstream."""
    return {
        "expires_in_s": tokens.left_s,
        "can_be_refreshed": tokens.refresh is not None,
        "scopes": None if tokens.scopes is None else sorted(tokens.scopes),
        "refreshed_at": told(tokens.refreshed_at),
        "failed_attempts": tokens.attempts,
        "retry_after_s": tokens.retry_after_s,
        "last_error": tokens.last_error,
    }


def told(moment: datetime) -> str:
    """A moment as RFC 3339 writes it, to the second."""
    return moment.isoformat(timespec="seconds")
