"""What is known of products, and differs from one to the next: data, no decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from treenail_runtime.contract.auth import Preset as PresetName
from treenail_runtime.contract.auth import TokenAuth


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The ways of one kind of authorization server.

    Attributes:
        document: Where it describes itself: OpenID Connect Discovery 4, RFC 8414 3 (only asked for
            what the connector leaves open), or nowhere.
        parameters: Of each authorization request, unless the connector says otherwise.
        token_auth: The one way in which it takes clients; None where it can be chosen.
        scope_separator: Between the scopes in its answers.
        issuer_aliases: What it may call itself in ID tokens, besides its issuer.
        error_names: Its own error codes, and the standard's for the same.
        revocation: How tokens are given back: RFC 7009, or as GitHub has it.
        ends_all: Whether giving one back ends all that its person granted to the client.
    """

    issuer: str = ""
    authorize_url: str = ""
    token_url: str = ""
    revoke_url: str = ""
    document: Literal["oidc", "oauth"] | None = "oidc"
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    token_auth: TokenAuth | None = None
    scope_separator: str = " "
    issuer_aliases: frozenset[str] = frozenset()
    error_names: Mapping[str, str] = field(default_factory=dict[str, str])
    revocation: Literal["rfc7009", "github"] = "rfc7009"
    ends_all: bool = False


PRESETS: Final[Mapping[PresetName, Preset]] = {
    "oauth2": Preset(document="oauth"),
    "oidc": Preset(),
    # Its documents and keys are on the issuer's host, its endpoints on the domain of the login page.
    "cognito": Preset(),
    "google": Preset(
        issuer="https://accounts.google.com",
        # Without both, no refresh token comes, or only the first time somebody logs in.
        parameters={"access_type": "offline", "prompt": "consent"},
        issuer_aliases=frozenset({"accounts.google.com"}),
        ends_all=True,
    ),
    "github": Preset(
        authorize_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",  # noqa: S106  # an address
        # Beside it, /grant ends all logins of the person at this client.
        revoke_url="https://api.github.com/applications/{client_id}/token",
        document=None,
        token_auth="post",  # noqa: S106  # the name of a way
        scope_separator=",",
        error_names={
            "bad_refresh_token": "invalid_grant",
            "bad_verification_code": "invalid_grant",
            "incorrect_client_credentials": "invalid_client",
        },
        revocation="github",
    ),
}
