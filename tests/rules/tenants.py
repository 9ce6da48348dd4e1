"""What the third of the systems that this product grew from does for many tenants."""

from typing import Final

from .requirement import Requirement

_TWO: Final = "seed 002"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "S2-17": Requirement(_TWO, "Table mcp_table (service registration, metadata)"),
    "S2-18": Requirement(_TWO, "Table mcp_service_table (instance configurations)"),
    "S2-19": Requirement(_TWO, "Table mcp_credentials (encrypted tokens)"),
    "S2-20": Requirement(
        _TWO,
        "Service registration at startup; instance status tracking; encrypted storage; refresh scheduling; audit log of security events",
    ),
    "S2-24": Requirement(
        _TWO,
        "Cache entry fields bearerToken, refreshToken, expiresAt(ms), user_id, last_used, refresh_attempts, cached_at, last_modified, status",
    ),
    "S2-27": Requirement(
        _TWO,
        "Invalidation triggers: instance deletion, token expiry (lazy), status change, manual admin, post-deletion validation",
    ),
    "S2-30": Requirement(
        _TWO,
        "Failed-attempt counter per instance, throttling, reset on success, breaker after repeated failures",
    ),
    "S2-31": Requirement(
        _TWO,
        "Expiration monitor every minute: mark expired, invalidate cache, clean failed OAuth instances, remove instances pending OAuth > 5 min",
    ),
    "S2-40": Requirement(
        _TWO,
        "Access control: instance ownership validation, scope checks, endpoint authorization, resource access",
    ),
    "Z-06": Requirement(
        "trap of seed 004",
        "hasTokens() used without await in /mcp (a promise is truthy); storeTokens not awaited; delete after copy is a race",
    ),
    "LEASE": Requirement(
        "security design 5.7",
        "one worker refreshes an upstream token: its attempt holds a lease that outlasts it, and"
        " replaces by version; no transaction waits for the network",
    ),
    "OWN-LIMITS": Requirement(
        "ours",
        "instances count limits apart, by rules of their own where they have some; what guards"
        " something that there is only once counts for all of them together",
    ),
    "ONE-DELETION": Requirement(
        "ours",
        "an instance ends in one transaction; logins, exchanges and refreshes that are under way leave nothing that works",
    ),
}
