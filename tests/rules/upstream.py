"""The role of a client of the upstream's authorization server."""

from typing import Final

from .requirement import Requirement

_PROXY: Final = "MCP security best practices, Confused Deputy and Token Passthrough"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "PX-06": Requirement(
        _PROXY,
        "no token passes through: the upstream never sees a client's, a client never the upstream's",
    ),
    "PX-07": Requirement(
        f"{_PROXY}; RFC 9207 2.4, RFC 9700 4.4, RFC 8414 3.3, OpenID Connect Discovery 4.3",
        "as a client: the provider's metadata are its own, its endpoints https, S256 is known to it,"
        " an authorization response with another `iss` or another provider's is refused",
    ),
    "PX-08": Requirement(
        "MCP SEP-2352",
        "codes and tokens of one issuer are never shown to another: not when the declared one changes",
    ),
    "UP-ID-TOKEN": Requirement(
        "OpenID Connect Core 3.1.3.7, RFC 8725 3.1 and 3.2",
        "an ID token is believed only with issuer, audience, party, time, nonce and a signature with"
        " a public key of the set; keys that change are found, and asked for once a minute at most",
    ),
    "UP-COGNITO": Requirement(
        "Amazon Cognito, Refresh tokens; User pool endpoints",
        "refresh answers without a refresh token keep the old one; document and keys are on the"
        " issuer's path; access tokens without an audience are taken as they are",
    ),
    "UP-GOOGLE": Requirement(
        "Google, Using OAuth 2.0 for Web Server Applications; OpenID Connect",
        "offline access is asked for, and both names of the issuer are taken",
    ),
    "UP-GITHUB": Requirement(
        "GitHub, Authorizing OAuth apps; Delete an app token",
        "errors with status 200, forms, scopes with commas and tokens without lifetime are read, and"
        " tokens are given back in its own way, each login by itself",
    ),
    "UP-ERRORS": Requirement(
        "RFC 6749 4.1.2.1 and 5.2, RFC 9110 10.2.3; ours",
        "a provider's no, its `later`, and what is no answer are told apart; nothing of a request"
        " is repeated in an error",
    ),
    "UP-CLIENT": Requirement(
        "RFC 6749 4.4 and 2.3.1; ours",
        "a client gets a token of its own and another one when that is over or refused; a client that"
        " is refused is told to whoever gave it, the person or the operator",
    ),
    "UP-REVOKE": Requirement("RFC 7009 2", "refresh and access token are given back"),
    "UP-OWED": Requirement(
        "S2-37; ours",
        "what nobody uses any more is given back to the provider whoever dies meanwhile, once, by one"
        " worker, again and again for a day, and is erased then",
    ),
    "DEMO-ALL": Requirement(
        "S4-01",
        "`treenail demo` shows every connector on one machine, a provider of its upstream included",
    ),
    "UP-ACCEPTED": Requirement(
        "ours",
        "only the word of the upstream, or of its provider, makes a connection: in whatever order"
        " the forms of a login are sent, and never without the credentials that its calls need",
    ),
    "UP-CHAIN": Requirement(
        "OpenAPI 3.2, Security Requirement Object; ours",
        "several schemes go together, or the first goes that the connection has everything for",
    ),
}
