"""What the MCP authorization specification, and the RFCs behind it, demand."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "AS-01": Requirement(
        "MCP authorization: MUST", "implement OAuth 2.1 for public and confidential clients"
    ),
    "AS-02": Requirement("MCP authorization: MUST", "at least one of RFC 8414 / OIDC discovery"),
    "AS-03": Requirement(
        "MCP authorization: MUST",
        "if OIDC discovery is served, include code_challenge_methods_supported",
    ),
    "AS-04": Requirement(
        "MCP authorization: MUST (8414)",
        "issuer identical to the issuer used to build the URL; path-inserted form for tenant issuers",
    ),
    "AS-05": Requirement(
        "MCP authorization: MUST",
        "PKCE: public clients without code_challenge refused; verifier checked",
    ),
    "AS-06": Requirement(
        "MCP authorization: MUST (when capable)", "S256; plain, missing or unknown method refused"
    ),
    "AS-07": Requirement(
        "MCP authorization: MUST",
        "exact redirect URI match to registered values; only loopback port may vary (RFC 8252)",
    ),
    "AS-08": Requirement(
        "MCP authorization: MUST",
        "not redirect to untrusted URIs; errors for bad client/redirect shown locally",
    ),
    "AS-09": Requirement("MCP authorization: SHOULD", "auto-redirect only if the URI is trusted"),
    "AS-10": Requirement("MCP authorization: MUST", "redirect URIs are localhost or https"),
    "AS-11": Requirement("MCP authorization: MUST", "all AS endpoints over HTTPS"),
    "AS-12": Requirement("MCP authorization: MUST", "rotate refresh tokens for public clients"),
    "AS-13": Requirement("MCP authorization: SHOULD", "short-lived access tokens"),
    "AS-14": Requirement("MCP authorization: MUST", "secure token storage"),
    "AS-15": Requirement("MCP authorization: SHOULD", "support CIMD"),
    "AS-16": Requirement("MCP authorization: MUST", "fetched client_id equals the URL exactly"),
    "AS-17": Requirement(
        "MCP authorization: MUST", "request redirect_uri validated against the document"
    ),
    "AS-18": Requirement(
        "MCP authorization: MUST",
        "document is valid JSON with required fields client_id, client_name, redirect_uris",
    ),
    "AS-19": Requirement(
        "MCP authorization: SHOULD",
        "cache per HTTP cache headers (SEP-991: <= 24 h); never cache errors",
    ),
    "AS-20": Requirement("MCP authorization: SHOULD", "SSRF protection for the fetch"),
    "AS-21": Requirement(
        "MCP authorization: MUST",
        "show redirect URI hostname during authorization; SHOULD warn for localhost-only",
    ),
    "AS-22": Requirement("MCP authorization: MAY", "domain trust policies"),
    "AS-23": Requirement("MCP authorization: MAY, deprecated", "DCR (RFC 7591)"),
    "AS-24": Requirement(
        "MCP authorization: tolerate", "application_type, native/web constraints, defaults"
    ),
    "AS-25": Requirement(
        "MCP authorization: SHOULD",
        "iss in every authorization response incl. errors; then MUST advertise authorization_response_iss_parameter_supported: true",
    ),
    "AS-26": Requirement(
        "MCP authorization: MUST (8707)",
        "resource accepted at /authorize and /token; foreign resource -> invalid_target",
    ),
    "AS-27": Requirement(
        "MCP authorization: SHOULD",
        "accept upper-case scheme/host in resource; prefer no trailing slash",
    ),
    "AS-28": Requirement(
        "MCP authorization: discretion",
        "refresh tokens only for clients with refresh_token grant / offline_access; offline_access only in AS metadata",
    ),
    "AS-29": Requirement(
        "MCP authorization: MUST (6749 5.1)",
        "Cache-Control: no-store on token responses; token_type, expires_in, scope if changed",
    ),
    "AS-30": Requirement("MCP authorization: MUST (6749 3.1/3.2)", "repeated parameters refused"),
    "AS-31": Requirement(
        "MCP authorization: MUST (6749 5.2)",
        "invalid_client 401 with WWW-Authenticate when Basic was used",
    ),
    "AS-32": Requirement(
        "MCP authorization: MUST (7009)",
        "revoke own tokens only, 200 for unknown, refresh revokes family",
    ),
    "AS-33": Requirement(
        "MCP authorization: MUST (7662)",
        "introspection requires authentication; unknown -> active:false only",
    ),
    "AS-34": Requirement(
        "MCP authorization: MUST (OAuth 2.1 4.1.3 / 9700)",
        "code single use; second use revokes tokens issued from it; <= 10 min (recommended 60 s)",
    ),
    "AS-35": Requirement(
        "MCP authorization: MUST (9700 4.8)",
        "code_verifier sent for a code without challenge refused",
    ),
    "AS-36": Requirement(
        "MCP authorization: MUST (9700 2.1.1/4.16)", "clickjacking protection on login/consent"
    ),
    "AS-37": Requirement(
        "MCP authorization: MUST (9700 4.12)", "use 303/302 after POST, never 307"
    ),
    "AS-38": Requirement("MCP authorization: MUST", "account for scope hierarchies when deciding"),
    "AS-39": Requirement(
        "MCP authorization: SHOULD", "downscoping allowed, upscoping at refresh refused"
    ),
    "RS-01": Requirement("MCP authorization: MUST", "RFC 9728 PRM with >= 1 authorization_servers"),
    "RS-02": Requirement(
        "MCP authorization: MUST one of",
        "WWW-Authenticate resource_metadata on 401, or well-known (path form first, then root)",
    ),
    "RS-03": Requirement(
        "MCP authorization: MUST (9728 3.3)", "PRM resource equals the URL it was derived from"
    ),
    "RS-04": Requirement("MCP authorization: SHOULD", "scope in the 401 challenge"),
    "RS-05": Requirement("MCP authorization: MUST", "bearer on every request; never in the query"),
    "RS-06": Requirement(
        "MCP authorization: MUST", "validate before processing; 401 for invalid/expired"
    ),
    "RS-07": Requirement(
        "MCP authorization: MUST", "audience: only tokens issued for this resource"
    ),
    "RS-08": Requirement(
        "MCP authorization: MUST NOT", "accept or transit other tokens (passthrough)"
    ),
    "RS-09": Requirement("MCP authorization: MUST", "401/403/400 mapping"),
    "RS-10": Requirement(
        "MCP authorization: SHOULD",
        "insufficient scope: 403 + error, scope (all needed, one challenge), resource_metadata",
    ),
    "RS-11": Requirement(
        "MCP authorization: SHOULD", "no bare error= when credentials are absent (RFC 6750 3.1)"
    ),
    "RS-12": Requirement("MCP authorization: MUST", "Origin validated; present and invalid -> 403"),
    "RS-13": Requirement("MCP authorization: SHOULD", "local bind to 127.0.0.1"),
    "RS-14": Requirement(
        "MCP authorization: MUST",
        "MCP-Protocol-Version header vs body _meta; mismatch 400 -32020; unknown 400 -32022 with list",
    ),
    "RS-15": Requirement(
        "MCP authorization: MUST",
        "Mcp-Method/Mcp-Name (and Mcp-Param-*) equal the body, Base64 sentinel decoded; else 400 -32020",
    ),
    "RS-16": Requirement(
        "MCP authorization: SHOULD", "GET/DELETE 405; Mcp-Session-Id and Last-Event-ID ignored"
    ),
    "RS-17": Requirement("MCP authorization: MUST", "unknown method 404 -32601"),
    "RS-18": Requirement("MCP authorization: MUST", "response stream close = cancellation"),
    "RS-19": Requirement(
        "MCP authorization: MUST",
        "sessions are not authentication; ids random; SHOULD bind to user",
    ),
    "RS-20": Requirement("MCP authorization: MUST", "terminated session -> 404"),
    "RS-21": Requirement(
        "MCP authorization: MUST",
        "requestState is attacker-controlled: integrity, SHOULD bind principal + TTL + request",
        reason="no tool asks back, so the server issues no requestState",
    ),
    "RS-22": Requirement(
        "MCP authorization: MUST NOT",
        "treat state handles as authentication",
        reason="the server hands out no state handles",
    ),
    "RS-23": Requirement(
        "MCP authorization: SHOULD", "PRM/WWW-Authenticate exclude offline_access"
    ),
    "RS-24": Requirement(
        "MCP authorization: SHOULD",
        "list results deterministic; ttlMs/cacheScope private for authenticated lists",
    ),
    "PX-01": Requirement(
        "MCP security best practices: MUST",
        "per-client consent before forwarding; registry per user",
    ),
    "PX-02": Requirement(
        "MCP security best practices: MUST",
        "consent page: client name, upstream scopes, redirect URI, CSRF, no framing",
    ),
    "PX-03": Requirement(
        "MCP security best practices: MUST",
        "consent cookies __Host-, Secure, HttpOnly, SameSite=Lax, signed, per client_id",
    ),
    "PX-04": Requirement(
        "MCP security best practices: MUST",
        "state random, single use, short, stored only after consent, compared with browser-bound cookie at callback",
    ),
    "PX-05": Requirement(
        "MCP security best practices: MUST", "exact redirect match, re-checked at callback time"
    ),
}
