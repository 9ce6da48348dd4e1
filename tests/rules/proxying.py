"""The fourth of the systems that this product grew from, and the traps in all of them.

Each trap is behaviour that must not be copied; its test shows that it was not.
"""

from typing import Final

from .requirement import Requirement

_FOUR: Final = "seed 004"
_TRAP: Final = "a trap in the seeds"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "S4-01": Requirement(
        _FOUR, "an authorization server to the client, a client of the provider (Cognito)"
    ),
    "S4-02": Requirement(
        _FOUR,
        "state store: state, own PKCE verifier, time, the client's state, redirect URI and challenge",
    ),
    "S4-03": Requirement(_FOUR, "a state lives 10 minutes and is swept"),
    "S4-04": Requirement(
        _FOUR,
        "token managers redis, file, memory",
        reason="the database is the only place of tokens: SQLite is the file, and Redis never the truth (X-15)",
    ),
    "S4-05": Requirement(
        _FOUR, "CORS: configured origins, Mcp-Session-Id exposed, headers allowed, credentials"
    ),
    "S4-06": Requirement(_FOUR, "JSON and urlencoded bodies"),
    "S4-07": Requirement(_FOUR, "each request has a line in the log, with an id of its own"),
    "S4-08": Requirement(_FOUR, "health, without authorization, and without secrets"),
    "S4-09": Requirement(
        _FOUR, "server metadata at the well-known paths, with and without the name"
    ),
    "S4-10": Requirement(
        _FOUR, "metadata: issuer, endpoints, code, both grants, S256, methods, scopes"
    ),
    "S4-11": Requirement(
        _FOUR, "resource metadata at the root and behind the path of the resource"
    ),
    "S4-12": Requirement(
        _FOUR, "the public URL is configured; a Host header never makes it (Z-05)"
    ),
    "S4-13": Requirement(_FOUR, "dynamic registration (RFC 7591)"),
    "S4-14": Requirement(_FOUR, "authorize leads to the provider with a state and PKCE of our own"),
    "S4-15": Requirement(
        _FOUR,
        "callback: provider's error, missing or unknown or used state, exchange, tokens kept, redirect to"
        " the client with a code and its state",
    ),
    "S4-16": Requirement(
        _FOUR, "refresh_token: rotation, with the upstream's token refreshed by itself"
    ),
    "S4-17": Requirement(_FOUR, "authorization_code, expires_in 3600"),
    "S4-18": Requirement(
        _FOUR, "errors invalid_request, invalid_grant, unsupported_grant_type, server_error"
    ),
    "S4-19": Requirement(
        _FOUR,
        "POST: an existing session by its id, a new one only for initialize; the session id is not the"
        " token",
    ),
    "S4-20": Requirement(
        _FOUR,
        "calls get the upstream's token when they need it, refreshed, at a configurable server",
    ),
    "S4-21": Requirement(
        _FOUR, "GET: no session is found by a bearer alone; 401 says where to log in"
    ),
    "S4-22": Requirement(_FOUR, "DELETE ends a session"),
    "S4-23": Requirement(_FOUR, "logins outlive MCP sessions"),
    "S4-24": Requirement(_FOUR, "allowed hosts and origins"),
    "S4-25": Requirement(_FOUR, "sessions: create, get, touch, end, time out"),
    "S4-28": Requirement(
        _FOUR, "host, port, public URL, origins, hosts, session time and upstream are settings"
    ),
    "S4-29": Requirement(
        _FOUR,
        "tools without authorization for discovery",
        reason="a comment in the seed; its code demands a bearer, and so do the specification and we",
    ),
    "Z-01": Requirement(
        _TRAP,
        "not copied: S4: authorization code, access token, refresh token and session id are one value",
    ),
    "Z-02": Requirement(
        _TRAP, "not copied: S4: challenge never verified, client and redirect URI never checked"
    ),
    "Z-03": Requirement(_TRAP, "not copied: S4: a known Mcp-Session-Id needs no token"),
    "Z-04": Requirement(
        _TRAP, "not copied: S4, S3: state, session id, upstream URL and token prefixes in the log"
    ),
    "Z-05": Requirement(_TRAP, "not copied: S4: base URL from the Host header"),
    "Z-07": Requirement(
        _TRAP, "not copied: S4: two handlers of one signal; bodies without a limit"
    ),
    "Z-09": Requirement(
        _TRAP,
        "not copied: S3: a provider that writes redirect_uri and state into a script, redirects"
        " anywhere, and takes the user from the query",
    ),
    "Z-10": Requirement(
        _TRAP, "not copied: S3: a refresh leaves the old token good, revoking ends one of several"
    ),
    "Z-11": Requirement(
        _TRAP, "not copied: S3: introspection without authentication, and a cache beyond revocation"
    ),
    "Z-12": Requirement(_TRAP, "not copied: S3: encryption without a MAC; client secrets in clear"),
    "Z-13": Requirement(
        _TRAP,
        "not copied: S3: messages to sessions of others; X-Forwarded-For of anybody is believed",
    ),
    "Z-14": Requirement(_TRAP, "not copied: S3: a redirect put together as text"),
}
