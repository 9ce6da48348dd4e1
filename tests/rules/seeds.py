"""What the first two of the systems that this product grew from do, row by row."""

from typing import Final

from .requirement import Requirement

_ZERO: Final = "seed 000"
_ONE: Final = "seed 001"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "S0-01": Requirement(
        _ZERO, "Hosted MCP server; 20 Phorest salon API tools; Streamable HTTP transport"
    ),
    "S0-02": Requirement(
        _ZERO,
        'Full OAuth 2.0 authorization-code flow with PKCE S256 "as required by the MCP specification"',
    ),
    "S0-03": Requirement(_ZERO, "Any MCP client can connect; named client: Notion's AI agent"),
    "S0-04": Requirement(
        _ZERO,
        "Original stack: Node.js, TypeScript, Express 5, PostgreSQL, Heroku; deps sdk ^1.26.0 (the release that fixed CVE-2026-25536), express ^5.2.1, pg ^8.20.0, jose ^6, zod ^4.3.6",
        reason="names the parts of that system; ours are in docs/decisions/0002-dependencies.md",
    ),
    "S0-05": Requirement(
        _ZERO,
        "Module: server + OAuth router + MCP session management + 20 tool definitions (index.ts)",
    ),
    "S0-06": Requirement(
        _ZERO,
        "Module: OAuth server provider: authorize, token exchange, refresh, revocation (oauth-provider.ts)",
    ),
    "S0-07": Requirement(
        _ZERO,
        "Module: PostgreSQL state store: clients, connections, tokens, auth codes, pending logins (oauth-store.ts)",
    ),
    "S0-08": Requirement(
        _ZERO,
        "Module: encryption layer, HKDF derivation, JWE encrypt/decrypt, opaque token generation (auth.ts)",
    ),
    "S0-09": Requirement(
        _ZERO, "Module: API HTTP client with centralized ID validation (phorest-client.ts)"
    ),
    "S0-10": Requirement(_ZERO, "Module: HTML login form with CSRF (login-page.ts)"),
    "S0-11": Requirement(_ZERO, "Flow: agent -> POST /mcp"),
    "S0-12": Requirement(_ZERO, "Flow: bearer token read from Authorization header"),
    "S0-13": Requirement(_ZERO, "Flow: token hash looked up in oauth_tokens"),
    "S0-14": Requirement(_ZERO, "Flow: upstream credentials decrypted from oauth_connections"),
    "S0-15": Requirement(
        _ZERO, "Flow: session created/reused, bound to client + config fingerprint"
    ),
    "S0-16": Requirement(
        _ZERO, "Flow: tool executed against the upstream API; JSON response returned"
    ),
    "S0-17": Requirement(_ZERO, "Discovery GET /.well-known/oauth-authorization-server"),
    "S0-18": Requirement(_ZERO, "GET /authorize with code_challenge (S256)"),
    "S0-19": Requirement(
        _ZERO, "Server renders an HTML login form for the upstream API credentials"
    ),
    "S0-20": Requirement(
        _ZERO, "POST /login: credential validation by calling upstream GET /business/{id}/branch"
    ),
    "S0-21": Requirement(_ZERO, "On success: store an encrypted connection, create an auth code"),
    "S0-22": Requirement(
        _ZERO, "POST /token: code + code_verifier -> access token (1 h) + refresh token (30 d)"
    ),
    "S0-23": Requirement(_ZERO, "Bearer on every /mcp request"),
    "S0-24": Requirement(_ZERO, "Refresh with rotation enforced on every refresh"),
    "S0-25": Requirement(
        _ZERO, 'Heading "Key design decisions" - empty in our text', reason="a heading without text"
    ),
    "S0-26": Requirement(_ZERO, "All sensitive data in PostgreSQL encrypted: JWE dir + A256GCM"),
    "S0-27": Requirement(_ZERO, "Key from AUTH_SECRET via HKDF-SHA256"),
    "S0-28": Requirement(
        _ZERO,
        "Tokens never in cleartext; phmcp_atk_<32 random bytes>; SHA-256 hash stored (refresh/code prefixes (i))",
    ),
    "S0-29": Requirement(
        _ZERO,
        "CSRF: stateful double-submit, 32-byte token made on /authorize, embedded in the form, compared on POST /login; no cookies",
    ),
    "S0-30": Requirement(_ZERO, "Rate limit POST /login 5 req/IP/15 min"),
    "S0-31": Requirement(_ZERO, "Rate limit POST /mcp 100 req/IP/15 min"),
    "S0-32": Requirement(_ZERO, "Rate limit /authorize 100 req/IP/15 min"),
    "S0-33": Requirement(
        _ZERO,
        "IDs validated /^[a-zA-Z0-9_-]+$/ before path interpolation, centrally in validateOpaqueId()",
    ),
    "S0-34": Requirement(
        _ZERO,
        "Session binding fingerprint SHA-256(JSON.stringify(config)); every /mcp request verifies token's client id and fingerprint match the session owner",
    ),
    "S0-35": Requirement(
        _ZERO,
        'Auth failures on /mcp: generic "Unauthorized"; real reason logged server-side only; no validity/expiry leak',
    ),
    "S0-36": Requirement(
        _ZERO, "Startup refuses when NODE_ENV=production and BASE_URL is not https://"
    ),
    "S0-37": Requirement(_ZERO, "oauth_pending_logins capped at 1,000 entries"),
    "S0-38": Requirement(
        _ZERO, "Cleanup task every 60 s: pending logins, auth codes, access tokens, refresh tokens"
    ),
    "S0-39": Requirement(_ZERO, "Cleanup timer must not block graceful shutdown (.unref())"),
    "S0-40": Requirement(_ZERO, "Table oauth_clients (registered clients, encrypted metadata)"),
    "S0-41": Requirement(
        _ZERO, "Table oauth_connections (upstream credential sets, encrypted config)"
    ),
    "S0-42": Requirement(_ZERO, "Table oauth_pending_logins (in-progress login flows)"),
    "S0-43": Requirement(_ZERO, "Table oauth_auth_codes"),
    "S0-44": Requirement(_ZERO, "Table oauth_tokens (access & refresh, SHA-256 hashes)"),
    "S0-45": Requirement(
        _ZERO,
        "Tools: branches, staff, services, clients (list/get/create/update), products, appointments and bookings (list/get/create), purchase items, vouchers, rooms",
    ),
    "S0-46": Requirement(
        _ZERO, "Tool get_connection_info: agents auto-detect configured branch and region"
    ),
    "S0-47": Requirement(
        _ZERO, "Env: AUTH_SECRET, NODE_ENV, BASE_URL (stated); DATABASE_URL, PORT (i)"
    ),
    "S0-48": Requirement(
        _ZERO,
        'Headings "Notion-Specific Technical Details", "Security checklist" - empty in our text',
    ),
    "S1-01": Requirement(_ONE, "OAuth authorization code + PKCE S256"),
    "S1-02": Requirement(_ONE, "Refresh token rotation"),
    "S1-03": Requirement(
        _ONE,
        "Supabase/PostgreSQL persistence; schema file (supabase/schema.sql); DATABASE_URL; session-pooler URI for IPv4-only networks (i: works through a transaction/session pooler)",
    ),
    "S1-04": Requirement(_ONE, "MCP Streamable HTTP at /mcp"),
    "S1-05": Requirement(
        _ONE,
        "Sample tools calculator, get_weather, search_web; tool registry module",
    ),
    "S1-06": Requirement(
        _ONE,
        "Layout app/server/config/mcp/middleware/routes/scripts/services/tools/utils; .env.example, IMPLEMENTATION_REPORT.md",
        reason="the layout of that repository; ours is in docs/decisions/0001-layout.md",
    ),
    "S1-07": Requirement(
        _ONE,
        "Seeded OAuth client required; AUTO_SEED_CLIENT_ID, _NAME, _SECRET, AUTO_SEED_REDIRECT_URIS",
    ),
    "S1-08": Requirement(
        _ONE, "Empty AUTO_SEED_CLIENT_SECRET -> public client, may use none at the token endpoint"
    ),
    "S1-09": Requirement(
        _ONE, "Set -> confidential, supports client_secret_basic and client_secret_post"
    ),
    "S1-10": Requirement(
        _ONE,
        "Env BASE_URL, DATABASE_URL, CORS_ORIGINS, MCP_ALLOWED_ORIGINS, MCP_ALLOWED_HOSTS, ENABLE_CLEANUP_JOB, CLEANUP_INTERVAL_MINUTES, AUTO_SEED_*",
    ),
    "S1-11": Requirement(_ONE, "Commands db:check, db:init, dev, cleanup:run"),
    "S1-12": Requirement(_ONE, "GET /healthz"),
    "S1-13": Requirement(
        _ONE,
        "Tunnel (ngrok) recipe: BASE_URL + allowed origin + allowed host + redirect URI must be set",
    ),
    "S1-14": Requirement(_ONE, "GET /authorize"),
    "S1-15": Requirement(_ONE, "POST /authorize/decision"),
    "S1-16": Requirement(_ONE, "Consent screen (demo) with optional auto-approve mode"),
    "S1-17": Requirement(
        _ONE,
        "/authorize validates client_id, redirect_uri, response_type=code, code_challenge, code_challenge_method=S256, scopes",
    ),
    "S1-18": Requirement(_ONE, "POST /token: authorization_code, refresh_token"),
    "S1-19": Requirement(
        _ONE, "Client authentication none, client_secret_basic, client_secret_post"
    ),
    "S1-20": Requirement(_ONE, "GET /.well-known/oauth-authorization-server"),
    "S1-21": Requirement(_ONE, "GET /.well-known/openid-configuration"),
    "S1-22": Requirement(_ONE, "POST /revoke"),
    "S1-23": Requirement(
        _ONE,
        "Refresh: current row locked, old revoked, new access + new refresh issued, rotation lineage stored",
    ),
    "S1-24": Requirement(
        _ONE,
        "Reuse of a revoked/replaced refresh token: backing mcp_session marked compromised, session tokens revoked, request fails invalid_grant",
    ),
    "S1-25": Requirement(_ONE, "/mcp: bearer required; host and origin allowlists enforced"),
    "S1-26": Requirement(
        _ONE, "Stateless: fresh MCP server + transport per HTTP request; no in-memory session map"
    ),
    "S1-27": Requirement(_ONE, "GET /mcp and DELETE /mcp -> 405"),
    "S1-28": Requirement(_ONE, "Cleanup removes expired/stale auth codes"),
    "S1-29": Requirement(_ONE, "Cleanup removes expired/revoked access tokens older than 1 day"),
    "S1-30": Requirement(_ONE, "Cleanup removes expired/revoked refresh tokens older than 7 days"),
    "S1-31": Requirement(
        _ONE,
        "Cleanup job starts on boot when ENABLE_CLEANUP_JOB=true; interval CLEANUP_INTERVAL_MINUTES; also runnable by hand",
    ),
    "S1-32": Requirement(_ONE, "ChatGPT registration: authorization, token, revoke, MCP URLs"),
    "S1-33": Requirement(_ONE, "Scopes mcp.tools.call, offline_access"),
    "S1-34": Requirement(
        _ONE, "Confidential client: record created in oauth_clients, secret hash stored"
    ),
    "S1-35": Requirement(_ONE, "Token values hashed; client secrets hashed"),
    "S1-36": Requirement(_ONE, "Rate limits on /authorize, /token, /revoke"),
    "S1-37": Requirement(_ONE, "OAuth errors use error, error_description"),
    "S1-38": Requirement(_ONE, "Raw secrets and tokens never logged"),
    "S1-39": Requirement(
        _ONE,
        "Stated gaps we must close: consent is demo, opaque token needs DB lookup, no automated tests, limits/allowlists need tightening",
    ),
    "S2-21": Requirement(
        "seed 002",
        "Unique instance ids; isolated credentials; independent sessions; separate statistics",
    ),
    "S2-37": Requirement(
        "seed 002",
        "Token security: encryption at rest, refresh before expiry, revocation on instance deletion, scope validation on every request",
    ),
    "S3-25": Requirement(
        "seed 003",
        "Security headers (o): nosniff, X-Frame-Options SAMEORIGIN, HSTS max-age 31536000 includeSubDomains, CSP default-src 'self'; object-src none; frame-ancestors none; form-action self; base-uri self; upgrade-insecure-requests; block-all-mixed-content; Cache-Control: no-store, max-age=0 on /message and SSE",
    ),
    "S3-26": Requirement(
        "seed 003",
        "Auth page CSP (allows inline style/script, frame-ancestors none, form-action self)",
    ),
    "S3-28": Requirement(
        "seed 003",
        "Rate limits (o): static 25/10 min, MCP 100/15 min/IP, token 100/5 s, register 10/min, introspect 100/5 min, mock IdP 20/min. (h): token 300/5 s, register 60/min, mock IdP 200/min, splash 200/min, static 500/min; MCP limit gone",
    ),
    "X-08": Requirement(
        "where the seeds conflict",
        "Credential form (S0), consent page (S1), upstream redirect (S3, S4), per-instance callback (S2): login.kind: credentials_form | upstream_oauth | upstream_oidc | none_dev; consent is a separate, always-present step for non-preregistered clients; consent.auto_approve allowed only for listed preregistered clients and refused at startup with upstream_oauth + dcr/cimd (confused deputy)",
    ),
    "X-09": Requirement(
        "where the seeds conflict",
        "CSRF without cookies (S0-29) vs browser binding MUST (best practices): server-side token and __Host- cookie by default; login.csrf: cookieless only outside proxy mode, with a startup warning",
    ),
    "X-10": Requirement(
        "where the seeds conflict",
        "DNS-rebinding protection off (S4-24) vs allowlists (S1-25): Host allowlist always derived from BASE_URL + extra hosts; Origin absent -> allowed; present and not listed -> 403",
    ),
    "X-11": Requirement(
        "where the seeds conflict",
        "CORS any origin + credentials (S3-27, S4-05) vs list (S1-10): list; * allowed only without credentials, only for metadata, token, register, /mcp with bearer",
    ),
    "X-12": Requirement(
        "where the seeds conflict",
        "Rate limits differ (S0-30..32, S3-28, S1-36): named buckets per route in YAML; defaults = seed 000 values for login/mcp/authorize and seed 003(o) for token/register/introspect/static",
    ),
    "Z-08": Requirement(
        "a trap in the seeds",
        "not copied: S3: authorization code is created and printed in the page before the user logs in",
    ),
    "Z-15": Requirement(
        "a trap in the seeds",
        'not copied: S0: "weak-ish secret" claim (H11), cookieless CSRF (H12), cap of 1,000 pending logins = a cheap lock-out unless per-IP quotas evict fairly',
    ),
    "Z-16": Requirement(
        "a trap in the seeds",
        "not copied: S1: auto-approve consent; S2: client_secret passed as request parameter to an unauthenticated initiate endpoint",
    ),
}
