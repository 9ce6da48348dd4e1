"""Attacks and accidents, and what the server does about each."""

from typing import Final

from .requirement import Requirement

_CASE: Final = "adversarial case"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "T-001": Requirement(_CASE, "unknown client_id: local 400 page, no Location, no-store"),
    "T-003": Requirement(
        _CASE,
        "response_type missing, token, code token, repeated: redirect error unsupported_response_type / invalid_request with iss + state",
    ),
    "T-004": Requirement(
        _CASE, "no code_challenge, public client: invalid_request, no pending row"
    ),
    "T-005": Requirement(
        _CASE, "no code_challenge, confidential client: invalid_request (we demand PKCE from all)"
    ),
    "T-007": Requirement(
        _CASE, "challenge 42, 129 chars, = padded, non-base64url: invalid_request"
    ),
    "T-008": Requirement(_CASE, "every parameter repeated twice (12 params): invalid_request"),
    "T-009": Requirement(
        _CASE,
        "token request: verifier missing, wrong, 42 chars, non-ASCII, 10 KB, right but for another code: invalid_grant / invalid_request; code not consumed on malformed, consumed policy documented on mismatch",
    ),
    "T-011": Requirement(
        _CASE,
        "scope unknown, empty, 200 scopes, duplicate, quote/backslash/control characters: invalid_scope; nothing echoed raw",
    ),
    "T-012": Requirement(
        _CASE,
        "state 0, 1 char, 8 KB, with &code=x, CRLF, unicode: returned byte-identical once, percent-encoded; > 2 KB refused",
    ),
    "T-013": Requirement(
        _CASE,
        "POST /authorize with body and query disagreeing: only one source read; repeated -> invalid_request",
    ),
    "T-015": Requirement(_CASE, "http://evil.example/cb: refused (https or loopback)"),
    "T-016": Requirement(_CASE, "fragment, empty fragment: refused"),
    "T-017": Requirement(
        _CASE,
        "userinfo: https://u:p@a/cb, http://localhost:80@attacker.test/cb, several @: refused",
    ),
    "T-019": Requirement(_CASE, "..;/, %2e%2e/, //evil, /\\evil: no match"),
    "T-020": Requirement(_CASE, "wildcard host, port *: refused at registration"),
    "T-021": Requirement(
        _CASE,
        "loopback: other port allowed for http://127.0.0.1, [::1], localhost; other path, scheme, 127.0.0.2, localhost<->127.0.0.1: only the port may differ",
    ),
    "T-023": Requirement(_CASE, "IDN, full-width host, punycode twin: refused unless ASCII"),
    "T-024": Requirement(
        _CASE,
        "custom scheme com.example.app:/cb, cursor://x: only when application_type=native and config allows private-use schemes",
    ),
    "T-025": Requirement(
        _CASE,
        "registered URI already has ?iss=evil&code=x, valueless param, non-UTF-8 bytes: result has exactly one iss, code, state of ours; other bytes preserved",
    ),
    "T-027": Requirement(
        _CASE,
        "client's redirect removed between /authorize and callback/login POST: stop, local error",
    ),
    "T-028": Requirement(
        _CASE,
        "Location header contains CR/LF/< from any stored value: never; 500 test via forged DB row",
    ),
    "T-029": Requirement(
        _CASE,
        "client_id http://.., root path, fragment, userinfo, dot segments, port 0, > 512 chars: not treated as CIMD; invalid_client",
    ),
    "T-031": Requirement(
        _CASE, "::1, fc00::/7, fe80::, fec0::, ::ffff:169.254.169.254, ::169.254.169.254: same"
    ),
    "T-032": Requirement(
        _CASE,
        "64:ff9b::a9fe:a9fe, 64:ff9b:1::/48, 2002:a9fe:a9fe::, 2001::/32 Teredo, ISATAP, 3fff::/20, 5f00::/16: same",
    ),
    "T-033": Requirement(
        _CASE, "two A records, one public one private: refused (any bad -> refuse)"
    ),
    "T-035": Requirement(_CASE, "301/302/307 to http://169.254.169.254: not followed"),
    "T-036": Requirement(
        _CASE, "HTTP(S)_PROXY in environment: ignored unless ssrf.trust_proxy set"
    ),
    "T-037": Requirement(
        _CASE,
        "5 KB+1 body, lying Content-Length, gzip bomb, endless stream, 1 byte/s: cut at 5 KB decoded, 5 s total, encoding identity only",
    ),
    "T-039": Requirement(
        _CASE,
        "methods [private_key_jwt, none] (ChatGPT shape): negotiated to none (or jwt if enabled)",
    ),
    "T-040": Requirement(
        _CASE,
        "10,000 distinct CIMD URLs from one IP: rate limit; cache bounded; no thread pile-up in DNS resolution",
    ),
    "T-041": Requirement(
        _CASE,
        "DCR: 11 redirect URIs, name 257 chars, HTML/RTL override/newline in name, logo_uri javascript:, jwks_uri private IP (never fetched at registration), unknown grant/auth methods, scope outside allowed: 400 with RFC 7591 codes; page escapes name",
    ),
    "T-043": Requirement(
        _CASE,
        "DCR client calls with another auth method than registered, or secret on a none client: invalid_client 401; only a secret that the operator chose may come by basic and by post (S1-09)",
    ),
    "T-044": Requirement(
        _CASE,
        "code with right prefix, wrong secret; other client's code; expired; truncated; another instance's: invalid_grant, same text and timing class, no grant touched",
    ),
    "T-045": Requirement(
        _CASE,
        "code used twice in sequence: second invalid_grant; family revoked, access token dead at once",
    ),
    "T-047": Requirement(
        _CASE,
        "redirect_uri or resource wrong at /token, then right: first refused without consuming, second ok",
    ),
    "T-048": Requirement(
        _CASE,
        "Basic: malformed base64, no colon, empty id, form-encoded %2B, lower-case basic, Basic + post both: 401 + WWW-Authenticate, or 400 for both; never 500",
    ),
    "T-049": Requirement(
        _CASE,
        "revoke: other client's token, unknown, access token with refresh hint, refresh token, code, garbage, public client without secret: 200; only own tokens; refresh kills the family; public client works (SDK model rejects it)",
    ),
    "T-051": Requirement(_CASE, "refresh, response dropped, retry in 5 s: same pair"),
    "T-052": Requirement(
        _CASE, "retry after grace: family compromised, all tokens dead, security event"
    ),
    "T-053": Requirement(
        _CASE,
        "R1->R2->R3, then R1 or R2 within the grace window by clock: R2 replay ok if R3 unused; R1 -> compromise",
    ),
    "T-055": Requirement(
        _CASE,
        "revoke/logout racing a rotation (100 rounds): 0 live tokens after the revoke returns",
    ),
    "T-056": Requirement(
        _CASE, "family > absolute lifetime (90 d) refreshed daily: invalid_grant at the cap"
    ),
    "T-057": Requirement(
        _CASE,
        "stolen R2 used by attacker, then victim uses R2 after the grace: compromise; both out; one event with both IPs (hashed)",
    ),
    "T-059": Requirement(
        _CASE,
        "access token at +3599 s, +3601 s, clock -5 min / +5 min on one worker: expiry judged by the DB clock; no early/late acceptance > 1 s",
    ),
    "T-060": Requirement(
        _CASE,
        "approve in browser A, finish upstream callback in browser B: 403, transaction killed",
    ),
    "T-061": Requirement(
        _CASE,
        "AS-in-the-middle: returning user, CIMD client, cross-site navigation: consent page shown again",
    ),
    "T-063": Requirement(
        _CASE,
        "two tabs / double GET of the same transaction: both forms work (<= 10 live tokens per transaction)",
    ),
    "T-064": Requirement(
        _CASE, "GET /login, HEAD, PUT with credentials in query: 405; credentials never in a URL"
    ),
    "T-065": Requirement(
        _CASE,
        "framing: frame-ancestors, X-Frame-Options, COOP, form-action, no inline script, Referrer-Policy no-referrer: header snapshot",
    ),
    "T-067": Requirement(
        _CASE,
        "password 10 KB, NUL, emoji, leading space: bounded, exact bytes to upstream, never logged",
    ),
    "T-068": Requirement(
        _CASE,
        'upstream validation: 401, 403, 404, 429, 500, HTML body, redirect, hang, connection reset: generic message; retry allowed without burning the transaction; 5xx is not "wrong password"',
    ),
    "T-069": Requirement(
        _CASE,
        "5 wrong logins/15 min/IP; rotating X-Forwarded-For; per-account limit: 429 + Retry-After; XFF only from trusted proxies, right-most",
    ),
    "T-071": Requirement(
        _CASE, "resource at /token differs from the consented one: invalid_target, code kept"
    ),
    "T-072": Requirement(
        _CASE,
        "1,001 pending logins from one IP / from 1,001 IPs: per-IP cap refuses the first; global cap evicts the oldest of the heaviest IP, victims keep theirs",
    ),
    "T-073": Requirement(
        _CASE,
        "upstream returns tokens without refresh, with expires_in 0/negative/string/10^12, token 1 MB, wrong token_type: handled, bounded",
    ),
    "T-075": Requirement(
        _CASE,
        "upstream invalid_grant vs 5xx/timeouts on refresh: first -> connection marked reauth, our refresh gives invalid_grant; second -> 503 temporarily_unavailable + Retry-After, connection kept",
    ),
    "T-076": Requirement(
        _CASE,
        "token missing, Bearer only, two spaces, lower-case scheme, query token, form token, 1 MB token, two Authorization headers: 401 (bare challenge when absent) / 400 for two headers",
    ),
    "T-077": Requirement(
        _CASE,
        "session id of A with token of B (same client, other user; same user, other client; other fingerprint) on POST and DELETE: 404 each, A's session unharmed (GET is 405 for everybody)",
    ),
    "T-079": Requirement(
        _CASE,
        "connection's credentials changed (fingerprint differs) with old token/session: grant invalid -> 401; session closed",
    ),
    "T-080": Requirement(
        _CASE, "token of instance A at /B/mcp; token of issuer with same DB but other BASE_URL: 401"
    ),
    "T-081": Requirement(
        _CASE,
        "MCP-Protocol-Version / Mcp-Method / Mcp-Name mismatch, missing, bad Base64, duplicate: 400 -32020 / -32022",
    ),
    "T-083": Requirement(
        _CASE,
        "requestState: tampered, other user's, expired, other tool, replayed after use: generic reject",
        reason="no tool asks back, so the server issues no requestState",
    ),
    "T-084": Requirement(
        _CASE,
        "Host evil.example, Host absent, two Hosts, absolute-form URI with another host: 421/400",
    ),
    "T-085": Requirement(
        _CASE,
        "Origin evil, null, https://good.evil, https://good:8443, upper case, trailing dot: 403",
    ),
    "T-087": Requirement(
        _CASE, "CORS preflight: credentials never with *; login/consent have no CORS: header check"
    ),
    "T-088": Requirement(_CASE, "metadata built from Host/X-Forwarded-Host: never; BASE_URL only"),
    "T-089": Requirement(
        _CASE,
        'BadHost: Host: a/healthz?x= , Host: a#, a\\@b: 400 before routing; path decision from scope["path"]',
    ),
    "T-091": Requirement(
        _CASE,
        "two different CL; CL +3, -1, 0x3; TE xchunked; TE chunked, identity: 400/501 (already ok)",
    ),
    "T-092": Requirement(
        _CASE, "bare LF, obs-fold, space before colon, NUL, bare CR: 400 (first two accepted today)"
    ),
    "T-093": Requirement(_CASE, "2,000 headers, 64 KB header: 431 (2,000 accepted today)"),
    "T-095": Requirement(
        _CASE,
        "HTTP/2: rapid reset, 10k streams, giant CONTINUATION, :authority != host: limits hold; 421",
    ),
    "T-096": Requirement(_CASE, "CONNECT, TRACE, unknown methods, WebSocket upgrade: 405/400"),
    "T-097": Requirement(
        _CASE,
        "slow header, slow body, idle, half-open; 500 connections: closed by timeouts (read_timeout 5 s works); others still served",
    ),
    "T-099": Requirement(
        _CASE,
        "body: 4 MiB+1 declared, chunked over limit, gzip bomb, empty, truncated: 413/415/400",
    ),
    "T-100": Requirement(
        _CASE,
        "JSON: depth 500, 990, 100,000; NaN, 1e999, 5,000-digit int, duplicate keys, invalid UTF-8, UTF-16, lone surrogate, BOM: 400 JSON-RPC -32700; never 500 (two are 500 in plain Quart)",
    ),
    "T-101": Requirement(
        _CASE,
        "JSON-RPC: batch, id null/float/huge/object, method not string, params array, response object, __proto__, unknown method: -32600/-32601/400 per revision",
    ),
    "T-103": Requirement(
        _CASE,
        "client disconnects in mid tool call: upstream call cancelled; no task leak after 1,000",
    ),
    "T-104": Requirement(_CASE, "GET/DELETE in stateless mode: 405 + Allow"),
    "T-105": Requirement(
        _CASE,
        "SSE: slow reader: bounded buffer, disconnect, other streams fine",
        reason="answers are JSON; the server opens no event stream",
    ),
    "T-107": Requirement(
        _CASE,
        "401 bodies: wrong, expired, revoked, other audience: identical bytes, timing within noise",
    ),
    "T-108": Requirement(
        _CASE,
        "instance id ../x, unicode, 300 chars, .well-known, health: 404, reserved names refused at creation",
    ),
    "T-109": Requirement(
        _CASE,
        "user of instance A calls status/refresh/delete of B: 404",
    ),
    "T-111": Requirement(
        _CASE,
        "delete instance while calls run: tokens dead, upstream tokens revoked, ciphertext gone, running calls end",
    ),
    "T-112": Requirement(
        _CASE,
        "every path parameter of all 20 tools: ../../admin, ..%2f, %2e%2e, a/b, a\\b, a?x=1, a#f, ., .., empty, 300 chars, NUL, CRLF, full-width dots: validation error before any request, observed at the wire",
    ),
    "T-113": Requirement(
        _CASE, "ID regex anchors: trailing newline abc\\n ($ vs \\Z): refused (use fullmatch)"
    ),
    "T-115": Requirement(_CASE, "header-bound parameter with CRLF: refused"),
    "T-116": Requirement(
        _CASE, "body field that is not in the schema (mass assignment): refused (extra=forbid)"
    ),
    "T-117": Requirement(
        _CASE,
        "credential's business_id/region changed by tool argument: not possible; URL host from config only",
    ),
    "T-119": Requirement(
        _CASE, "upstream redirects 302 to another host: not followed, no credentials sent"
    ),
    "T-120": Requirement(
        _CASE,
        "upstream 200 with 200 MB, gzip bomb, invalid JSON, HTML, wrong charset, never-ending: bounded (e.g. 5 MiB), tool error",
    ),
    "T-121": Requirement(
        _CASE,
        "upstream 401/403/404/409/422/429(Retry-After)/500/502/503/504, reset, DNS failure, TLS failure, slowloris: typed tool errors; retries only for idempotent GET with jitter; POST create never retried without idempotency key",
    ),
    "T-123": Requirement(
        _CASE,
        "prompt-injection text in upstream data (client notes): returned as data; never changes tool list; annotations truthful",
    ),
    "T-124": Requirement(
        _CASE, "read scope calls update/create tool: 403 insufficient_scope with one full challenge"
    ),
    "T-125": Requirement(
        _CASE,
        'spec with remote $ref, file: ref, cyclic refs, 1e6 nodes, YAML anchors bomb, !!python/object, tool name a"; import os, Jinja {{7*7}} in descriptions: generator refuses/escapes; output is valid Python, no execution',
    ),
    "T-127": Requirement(
        _CASE,
        "DB dump grep for every secret issued in the suite: zero hits (tokens, codes, verifier, credentials, CSRF, client secrets, state)",
    ),
    "T-128": Requirement(
        _CASE,
        "ciphertext: flip each segment; truncate tag; swap rows; swap columns; swap tables; old version replay: decrypt error; row quarantined; 401/reauth, never 500 or plaintext",
    ),
    "T-129": Requirement(
        _CASE,
        "JWE header alg none/A256KW/PBES2, enc A128CBC, zip DEF, unknown crit, unknown kid, missing kid: refused before key use",
    ),
    "T-131": Requirement(
        _CASE,
        "rotation k1 -> [k2,k1] -> [k2]: old rows readable, rewritten lazily + by keys rotate; 2 workers on different phases; kill -9 in the middle; run twice: no loss, idempotent, progress report; start with missing kid refuses with count of affected rows",
    ),
    "T-132": Requirement(
        _CASE,
        "wrong AUTH_SECRET at start: canary row check fails -> refuse to start (no silent decryption failure)",
    ),
    "T-133": Requirement(
        _CASE, "nonce uniqueness: 10^6 encryptions: no repeat; limit per key counted (2^32)"
    ),
    "T-135": Requirement(
        _CASE,
        "backup restored from yesterday (old refresh tokens active again): families carry restore epoch: admin revoke-all documented and tested",
    ),
    "T-136": Requirement(
        _CASE,
        "read-only DB, disk full, deadlock, serialization failure, lock timeout, pool exhausted: 503 + Retry-After, retry of 40001/40P01, never a half-issued token",
    ),
    "T-137": Requirement(
        _CASE,
        "schema of older release at start: refuses or migrates under an advisory lock; 2 workers at once",
    ),
    "T-139": Requirement(
        _CASE, "kill -9 of a worker between UPDATE and COMMIT: rolled back, retry succeeds (seen)"
    ),
    "T-140": Requirement(_CASE, "kill -9 after COMMIT before reply: grace replay"),
    "T-141": Requirement(
        _CASE,
        "SIGTERM with 50 calls and 10 streams open: drains <= graceful timeout, no new accepts, exit 0, DB closed",
    ),
    "T-143": Requirement(
        _CASE,
        "cleanup removes rotated rows still needed for reuse detection: kept until family end + 7 d",
    ),
    "T-144": Requirement(
        _CASE,
        "Redis down/slow/flushed/read-only: limits fail per policy (login, token: closed to local limiter; mcp: local), tokens unaffected; sessions 404 -> re-init",
    ),
    "T-145": Requirement(
        _CASE,
        "rate limit windows on 2 workers: shared count (Redis/DB) or documented x N; no reset by restart for login",
    ),
    "T-147": Requirement(
        _CASE, "wall clock jumps +-1 h on one worker: DB time decides; monotonic for durations"
    ),
    "T-148": Requirement(
        _CASE,
        "event-loop block: 1 MB CIMD parse, bcrypt/argon2, DNS: in threads with bound; p99 of /healthz stays low",
    ),
    "T-149": Requirement(_CASE, "10,000 expired rows + lookups: uses the indexes (EXPLAIN test)"),
    "T-151": Requirement(
        _CASE,
        "run the whole suite with DEBUG logging, then grep logs, traces, metrics labels, crash output for all secrets and 8-char prefixes: none",
    ),
    "T-152": Requirement(
        _CASE,
        "CRLF/ANSI escapes/JSON breakouts in client_id, UA, path, tool args: one line, escaped",
    ),
    "T-153": Requirement(
        _CASE,
        "exception inside every handler (fault injection): OAuth JSON server_error/JSON-RPC -32603, correlation id, no stack, no-store",
    ),
    "T-155": Requirement(
        _CASE,
        "metadata docs: byte-equal across workers, cacheable, right for / and path forms, HEAD/OPTIONS: snapshot",
    ),
    "T-156": Requirement(
        _CASE, "health endpoints unauthenticated: no version, hosts, secrets, counts beyond need"
    ),
    "T-157": Requirement(
        _CASE,
        "production start: http BASE_URL, debug on, SQLite + >1 worker, dcr open + auto_approve, cookieless + proxy, allowed_hosts *: refuse",
    ),
    "T-014": Requirement(
        _CASE, "a redirect URI that differs in one character from every registered one: no match"
    ),
    "T-018": Requirement(
        _CASE,
        "javascript:, data:, file: and other schemes that nobody owns, in any case or spelling, as a redirect URI: refused",
    ),
    "T-034": Requirement(
        _CASE,
        "a name that answers with another address at the second look-up: the connection goes to the address that was checked",
    ),
}
