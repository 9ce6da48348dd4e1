"""What the third of the systems that this product grew from does to administer its tenants."""

from typing import Final

from .requirement import Requirement

_TWO: Final = "seed 002"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "S2-04": Requirement(_TWO, "Multi-tenant routing /:instanceId/mcp, /:instanceId/health"),
    "S2-05": Requirement(_TWO, "Global /health"),
    "S2-08": Requirement(
        _TWO,
        "initiateOAuth(instanceId, clientId, clientSecret, service params) -> authorization URL + state, success/error, instance tracking; validates client credentials",
    ),
    "S2-09": Requirement(
        _TWO, "state: cryptographically secure, instance metadata encoded, expires"
    ),
    "S2-10": Requirement(
        _TWO,
        "oauthCallback(code, state, error): validate state, exchange code, store tokens securely, mark instance completed, handle errors and clean up",
    ),
    "S2-11": Requirement(
        _TWO,
        "validateCredentials: test client credentials, token freshness, scopes available, API reachable; returns valid/invalid, details, scope result",
    ),
    "S2-12": Requirement(
        _TWO,
        "oauthHandler: client config, provider endpoints, scopes, auth URL, exchange, refresh, PKCE if the provider requires, state",
    ),
    "S2-15": Requirement(
        _TWO, "Input validation/sanitization, rate limiting and quota, comprehensive logging"
    ),
    "S2-22": Requirement(
        _TWO,
        "Routes GET /:instanceId/health, POST /:instanceId/mcp, GET /:instanceId/status, POST /:instanceId/refresh",
    ),
    "S2-38": Requirement(
        _TWO, "No sensitive data in errors; log without tokens; security event auditing"
    ),
    "S2-39": Requirement(
        _TWO,
        "Isolation: credentials, auth contexts, independent rate limiting, isolated error handling",
    ),
    "S2-42": Requirement(
        _TWO,
        "Registry API POST /api/v1/auth-registry/auth/validate/:serviceName, POST .../auth/initiate-oauth/:serviceName, GET .../auth/callback/:serviceName, GET .../auth/services",
    ),
    "S2-44": Requirement(
        _TWO, "Tests demanded: OAuth flow, MCP protocol, multi-tenant, security, performance"
    ),
    "CHANGE-INSTANCE": Requirement(
        "ours",
        "what an instance has of its own can be changed, by one administrator at a time; what was made "
        "for other settings ends with them, and what is new is tried before it is kept",
    ),
    "INVITED": Requirement(
        "MCP security best practices, Confused Deputy; ours",
        "nobody's account becomes an instance's before they have read, on a page of ours, which"
        " instance it is, whose, and what is asked for; and only in the browser that they agreed in",
    ),
    "HTTP-API": Requirement(
        "ours",
        "over the admin and OAuth surface no request fails the server, and no answer is undocumented",
    ),
}
