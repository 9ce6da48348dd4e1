"""What the provider says about itself (OpenID Connect Discovery 3, RFC 8414 2)."""

from typing import Any

from .provider import FakeProvider


def document(provider: FakeProvider) -> dict[str, Any]:
    """Its document, with what the switches put in place of the truth."""
    said: dict[str, Any] = {
        "issuer": provider.named_issuer("document"),
        "authorization_endpoint": provider.url("authorize"),
        "token_endpoint": provider.url("token"),
        "revocation_endpoint": provider.url("revoke"),
        "userinfo_endpoint": provider.url("userinfo"),
        "jwks_uri": provider.url("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": provider.switches.names_itself,
    }
    return {**said, **provider.switches.document}
