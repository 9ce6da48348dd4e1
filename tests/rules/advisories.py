"""Published vulnerabilities of other servers, each with what keeps it out of this one."""

from typing import Final

from .requirement import Requirement

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "V-01": Requirement(
        "CVE-2025-6514 mcp-remote",
        "authorization_endpoint passed to a shell; so: our metadata URLs are fixed, http(s), no shell metacharacters; as client to upstreams refuse non-https endpoints from discovery; no subprocess anywhere",
    ),
    "V-02": Requirement(
        "CVE-2026-52869 mcp < 1.27.2", "session routed by id only; so: T-077, T-078"
    ),
    "V-03": Requirement(
        "CVE-2026-52870 mcp < 1.27.2",
        "task handlers IDOR; so: handle/task of another principal -> not found",
        reason="the server has no tasks and gives out no handles",
    ),
    "V-04": Requirement(
        "CVE-2026-59950 mcp < 1.28.1; CVE-2025-66416/66414; CVE-2026-34742 (go)",
        "DNS rebinding, no Host/Origin check; so: T-084..T-088",
    ),
    "V-05": Requirement(
        "CVE-2026-25536 ts-sdk < 1.26.0",
        "shared server/transport: responses to the wrong client by equal JSON-RPC ids; so: 200 concurrent calls, two users, same ids: no cross data",
    ),
    "V-06": Requirement(
        "CVE-2026-48710 Starlette BadHost (CISA KEV)",
        "malformed Host changed request.url.path, auth by path bypassed; so: T-089; never authorise on request.url",
    ),
    "V-07": Requirement(
        "CVE-2026-27124 / GHSA-rww4-4w9c-7733 FastMCP",
        "consent not bound to the browser that completes the callback; so: T-060",
    ),
    "V-08": Requirement(
        "GHSA-6x8h-498w-gv8c FastMCP", "remembered consent + CIMD: AS-in-the-middle; so: T-061"
    ),
    "V-09": Requirement(
        "GHSA-vv7q-7jx5-f767 FastMCP OpenAPI (fixed 3.2.0); mcphub #1083/#1089; adk-js #597; massimo #197; mcp-server-cloudflare #278",
        "path parameters substituted unencoded: ../../admin, a?x=1; so: T-112..T-117 for every generated tool",
    ),
    "V-10": Requirement(
        "fastmcp #3262", "client's Authorization forwarded to the upstream API; so: T-118"
    ),
    "V-11": Requirement(
        "fastmcp #3502", "remote $ref in specs: SSRF/LFI; so: generator refuses non-local refs"
    ),
    "V-12": Requirement(
        "fastmcp #4400/#4426",
        "SSRF via NAT64, 6to4, Teredo, ISATAP, IPv4-compatible; so: T-031..T-036",
    ),
    "V-13": Requirement(
        "fastmcp #3963, keycloak CVE-2026-3872 (..;/), CVE-2026-7504 (several @), wildcard host",
        "redirect validation bypass; so: T-014..T-027",
    ),
    "V-14": Requirement(
        "CVE-2025-4143/4144 workers-oauth-provider (numbers from memory; fixes seen as #27, #52, #97)",
        "redirect not validated, PKCE skipped, scheme filter by case/whitespace; so: T-004, T-010, T-014, T-018",
    ),
    "V-15": Requirement(
        "workers-oauth-provider #188, #225",
        "any client revokes any token; unmatched code by prefix revoked a grant (DoS); so: T-049, T-044",
    ),
    "V-16": Requirement(
        "workers-oauth-provider #240, #247",
        "Content-Type and Basic parsing crashed the worker (500); so: T-048, T-098",
    ),
    "V-17": Requirement(
        "CVE-2026-27962 Authlib < 1.6.9 (jwk header trusted), GHSA-fg6f-75jq-6523 (state cache CSRF, < 1.6.6), 1.6.10/1.7.1 (redirect to unvalidated URI in error paths), 1.6.11 (CSRF), 1.8.0 (userinfo loopback)",
        "JOSE and redirect bugs in the library we are told to use; so: floor authlib >= 1.9; error paths of /authorize never redirect before validation; state bound to browser",
    ),
    "V-18": Requirement(
        "CVE-2026-32597 PyJWT; alg confusion CVE-2024-37568",
        "HS* with public key; so: JWT verifier allowlist per issuer, no HS with JWKS",
        reason="tokens are opaque; no JWT is ever accepted",
    ),
    "V-19": Requirement(
        "JOSE zip/PBES2 bombs (CVE-2024-28176/28102, CVE-2022-36083)",
        "decrypt DoS; so: registry only dir + A256GCM: joserfc rejected PBES2, DEF, A256KW, 5 MB value",
    ),
    "V-20": Requirement(
        "GHSA-r9w3-57w2-gch2 Hydra, GHSA-hgx2-28f8-6g2r Kratos",
        "encrypted pagination cursor trusted -> SQL injection; default secret; so: cursors parsed and bound as parameters even when sealed; distinct HKDF info per purpose; no default secret",
    ),
    "V-21": Requirement(
        "GHSA-p2fr-6hmx-4528 better-auth",
        "aud stamped from token request, not from consent; so: T-071",
    ),
    "V-22": Requirement(
        "CVE-2026-42561/40347/24486 python-multipart",
        "multipart DoS; so: OAuth endpoints refuse multipart outright (Quart has its own parser; refuse before parsing)",
    ),
    "V-23": Requirement(
        "CVE-2025-43859 h11 < 0.16, hypercorn #277/#279/#280/#282", "smuggling; so: T-090..T-096"
    ),
    "V-24": Requirement(
        "ContextForge: weak secrets, CSRF cookie bound to email + session jti, environment-bound tokens, admin endpoints narrowed",
        "; so: startup refuses placeholder secrets; token carries/validates instance + issuer",
    ),
    "V-25": Requirement("DOT #1617", "grace accepted old generations; so: T-053"),
    "V-26": Requirement(
        "openwork #4441, opik, engram, Codex", "concurrent refresh; so: T-050..T-057"
    ),
    "V-27": Requirement(
        "fastmcp #4659/#4789",
        "AnyHttpUrl trailing slash made //token: every ChatGPT login failed; so: metadata URLs are plain strings built once; private_key_jwt aud equals the advertised token_endpoint byte for byte",
    ),
    "V-28": Requirement(
        "fastmcp #4818",
        "second GET of the consent page invalidated the first CSRF token; so: T-063",
    ),
    "V-29": Requirement(
        "ts-sdk CVE-2026-0621 (ReDoS in UriTemplate)",
        "regex DoS; so: no regex with nested quantifiers on client input; fuzz with 100 KB strings",
    ),
    "V-30": Requirement(
        "cloudflare sample #51",
        "no own consent in proxy; so: PX-01",
        reason="the server is no proxy for an upstream that has OAuth",
    ),
}
