"""What the third of the systems that this product grew from does for many tenants."""

from typing import Final

from .requirement import Requirement

_TWO: Final = "seed 002"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "S2-01": Requirement(
        _TWO,
        "Directory per service with entry, auth/, api/, endpoints/, oauth/, services/, middleware/, utils/",
        reason="a connector is one file and the module built from it; what each service had "
        "directories for is there once, in the runtime",
    ),
    "S2-02": Requirement(
        _TWO,
        "Port convention 49296+ sequential",
        reason="all connectors and instances share one port, and have paths of their own",
    ),
    "S2-03": Requirement(_TWO, "Entry: CORS; error middleware; graceful shutdown"),
    "S2-13": Requirement(
        _TWO,
        "MCP handler on the official SDK: tools, auth, errors; JSON-RPC 2.0 compliance. Resources: "
        "none, as an upstream's things are read by tools",
    ),
    "S2-14": Requirement(
        _TWO,
        "Tool categories: CRUD, search, management, utility. Batch: none, as agents call side by side",
    ),
    "S2-32": Requirement(
        _TWO, "Lazy + proactive expiry, grace-period refresh before expiry of upstream tokens"
    ),
    "S2-35": Requirement(
        _TWO,
        "MCP handler cached per instance; transport management; session cleanup coordinated with "
        "cache invalidation",
    ),
    "S2-45": Requirement(
        _TWO,
        "Practices: env config for OAuth, backoff, caching, audit logs, validate all inputs, handle "
        "rate limits gracefully",
    ),
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
